//! What goes in: whole dumps, broken dumps, dumps that are stopped.

use std::fmt::Write as _;
use std::io::Write as _;

use envctl::postgres::read_migrations;
use envctl::seed::{Dump, Error, State};
use envctl::tell::{Event, Unit};

use super::bench::Bench;

const DUMP: &str = "\
--
-- PostgreSQL database dump
--

\\restrict x8Zb

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

CREATE TABLE public.ports (code text NOT NULL, name text);

COPY public.ports (code, name) FROM stdin;
CNGGZ\tGuǎngzhōu
EETLL\tTallinn; '
XXXXX\t\\N
\\.

ALTER TABLE ONLY public.ports ADD CONSTRAINT ports_pkey PRIMARY KEY (code);
CREATE FUNCTION public.two() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;
INSERT INTO public.ports VALUES ('A;', 'a'), ('B', $$;$$);

\\unrestrict x8Zb

--
-- PostgreSQL database dump complete
--
";

#[tokio::test]
async fn a_dump_goes_in_and_is_known_afterwards() {
    let Some(bench) = Bench::new("load_whole").await else {
        return;
    };
    let declared = bench.declare(DUMP);
    assert_eq!(bench.state(&declared).await, State::NoDatabase);
    bench.create().await;
    assert_eq!(bench.state(&declared).await, State::Never);
    let loaded = bench.load(&declared).await.unwrap();
    assert_eq!((loaded.rows, loaded.statements), (5, 8));
    assert_eq!(loaded.bytes, DUMP.len() as u64);
    assert_eq!(bench.sql("SELECT count(*) FROM ports").await, "5");
    assert_eq!(
        bench
            .sql("SELECT name FROM ports WHERE code = 'EETLL'")
            .await,
        "Tallinn; '"
    );
    assert_eq!(bench.sql("SELECT two()").await, "2");
    let State::Current { seeds } = bench.state(&declared).await else {
        panic!("it is in");
    };
    assert_eq!((seeds[0].name.as_str(), seeds[0].rows), ("dump", 5));
    assert_eq!(bench.beside().await, "");
    let progress = bench.events.try_iter().filter_map(|event| match event {
        Event::StepProgress { progress, .. } => Some(progress),
        _ => None,
    });
    let last = progress.last().unwrap();
    assert_eq!(
        (last.done, last.total),
        (DUMP.len() as u64, Some(last.done))
    );
    assert_eq!(last.unit, Unit::Bytes);

    let changed = bench.declare(DUMP.replace("Tallinn", "Reval"));
    let stale = vec!["dump".to_owned()];
    assert_eq!(bench.state(&changed).await, State::Stale { changed: stale });
    bench.load(&changed).await.unwrap();
    assert_eq!(
        bench
            .sql("SELECT name FROM ports WHERE code = 'EETLL'")
            .await,
        "Reval; '"
    );
}

#[tokio::test]
async fn a_dump_of_gzip_with_windows_lines_goes_in() {
    let Some(bench) = Bench::new("load_gzip").await else {
        return;
    };
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(DUMP.replace('\n', "\r\n").as_bytes())
        .unwrap();
    let packed = encoder.finish().unwrap();
    bench.load(&bench.declare(&packed)).await.unwrap();
    assert_eq!(
        bench.sql("SELECT count(*), max(name) FROM ports").await,
        "5"
    );

    let cut = bench.declare(&packed[..packed.len() / 2]);
    let error = bench.load(&cut).await.unwrap_err();
    assert!(matches!(error, Error::Cut { .. }), "{error}");
    assert_eq!(bench.sql("SELECT count(*) FROM ports").await, "5");
}

#[tokio::test]
async fn other_content_is_foreign() {
    let Some(bench) = Bench::new("load_foreign").await else {
        return;
    };
    bench.create().await;
    bench.sql("CREATE TABLE mine (a int)").await;
    let declared = bench.declare(DUMP);
    let tables = vec!["public.mine".to_owned()];
    assert_eq!(bench.state(&declared).await, State::Foreign { tables });
}

/// Loads a good dump, then a broken one, and returns the error after checking that the old data
/// serves and nothing is left.
async fn broken(bench: &Bench, text: &str) -> Error {
    bench
        .load(&bench.declare("CREATE TABLE t AS SELECT 42 AS a;"))
        .await
        .unwrap();
    let error = bench.load(&bench.declare(text)).await.unwrap_err();
    assert_eq!(bench.sql("SELECT a FROM t").await, "42");
    assert_eq!(bench.beside().await, "");
    error
}

#[tokio::test]
async fn a_failing_statement_is_named_by_line_and_column() {
    let Some(bench) = Bench::new("load_failing").await else {
        return;
    };
    let error = broken(&bench, "SELECT 1;\n\nSELECT 1,\n  nope;\n").await;
    let Error::Statement {
        place,
        server,
        statement,
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (place.line, place.column, place.text.as_str()),
        (4, 3, "  nope")
    );
    assert_eq!(
        (server.code.as_str(), statement.as_str()),
        ("42703", "SELECT 1,")
    );
}

#[tokio::test]
async fn a_bad_row_is_named_by_its_line() {
    let Some(bench) = Bench::new("load_bad_row").await else {
        return;
    };
    let error = broken(
        &bench,
        "CREATE TABLE n (a int);\nCOPY n FROM stdin;\n1\n2\nx\n\\.\n",
    )
    .await;
    let Error::Statement { place, server, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((place.line, server.code.as_str()), (5, "22P02"));
}

#[tokio::test]
async fn a_dump_that_was_cut_off_or_left_open_is_refused() {
    let Some(bench) = Bench::new("load_cut").await else {
        return;
    };
    let error = broken(&bench, DUMP.split("ALTER").next().unwrap()).await;
    assert!(matches!(error, Error::Cut { line: 2, .. }), "{error}");
    let error = broken(&bench, "CREATE TABLE n (a int);\nCOPY n FROM stdin;\n1\n").await;
    assert!(matches!(error, Error::Cut { line: 2, .. }), "{error}");
    let error = broken(&bench, "").await;
    assert!(matches!(error, Error::Cut { line: 1, .. }), "{error}");
    let error = broken(&bench, "BEGIN; CREATE TABLE n (a int);").await;
    assert!(matches!(error, Error::OpenTransaction { .. }), "{error}");
}

#[tokio::test]
async fn programs_and_other_databases_are_refused() {
    let Some(bench) = Bench::new("load_refused").await else {
        return;
    };
    for text in [
        "SELECT 1;\n\\! touch /tmp/x\n",
        "SELECT 1;\nDROP DATABASE postgres;",
        "SELECT 1;\nCOPY (WITH stdin AS (SELECT 1) SELECT * FROM stdin) TO PROGRAM 'true';",
    ] {
        let error = broken(&bench, text).await;
        assert!(
            matches!(&error, Error::Refused { place, .. } if place.line == 2),
            "{error}"
        );
    }
}

#[tokio::test]
async fn roles_that_are_missing_are_made_and_reported() {
    let Some(bench) = Bench::new("load_roles").await else {
        return;
    };
    let text = "CREATE ROLE load_roles_made;\nBEGIN;\nCREATE TABLE t (a int);\n\
                ALTER TABLE t OWNER TO \"load roles owner\";\n\
                GRANT SELECT ON t TO load_roles_reader, load_roles_made;\nCOMMIT;\n";
    let loaded = bench.load(&bench.declare(text)).await.unwrap();
    assert_eq!(
        loaded.roles_created,
        ["load roles owner", "load_roles_reader"]
    );
    let again = bench.load(&bench.declare(text)).await.unwrap();
    assert!(again.roles_created.is_empty());
    let logins = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'load%' AND rolcanlogin";
    assert_eq!(bench.sql(logins).await, "0");
}

#[tokio::test]
async fn a_dump_changes_nothing_about_the_role_that_loads_it() {
    let Some(mut bench) = Bench::new("load_own_role").await else {
        return;
    };
    bench.log_in_as("own_role_user", "SUPERUSER").await;
    // What `pg_dumpall --globals-only` writes.
    let text = "CREATE ROLE own_role_user;\n\
                ALTER ROLE own_role_user WITH NOSUPERUSER LOGIN PASSWORD 'theirs';\n\
                CREATE ROLE own_role_other;\n\
                ALTER ROLE own_role_other WITH LOGIN;\nCREATE TABLE t AS SELECT 1 AS a;";
    bench.load(&bench.declare(text)).await.unwrap();
    assert_eq!(bench.sql("SELECT a FROM t").await, "1");
    let logins = "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'own_role_other'";
    assert_eq!(bench.sql(logins).await, "t");
}

#[tokio::test]
async fn the_limits_of_an_application_do_not_end_a_load() {
    let Some(mut bench) = Bench::new("load_limits").await else {
        return;
    };
    bench.log_in_as("limits_user", "SUPERUSER").await;
    let limit = "ALTER ROLE limits_user SET statement_timeout = '300ms'";
    bench.sql_on("postgres", limit).await;
    let folder = bench.folder.path().join("migrations");
    fs_err::create_dir(&folder).unwrap();
    fs_err::write(folder.join("V1__slow.sql"), "SELECT pg_sleep(0.6);").unwrap();
    let mut declared = bench.declare("SELECT pg_sleep(0.6); CREATE TABLE t (a int);");
    declared.migrations = read_migrations(&folder).unwrap();
    let loaded = bench.load(&declared).await.unwrap();
    assert_eq!(loaded.migrations_applied.len(), 1);
}

#[tokio::test]
async fn data_stays_when_its_statistics_cannot_be_collected() {
    let Some(bench) = Bench::new("load_statistics").await else {
        return;
    };
    // The index needs a setting that only the dump's own session has.
    let text = "SET app.key = '1';\n\
                CREATE FUNCTION f(int) RETURNS int IMMUTABLE LANGUAGE sql \
                AS $$ SELECT $1 + current_setting('app.key')::int $$;\n\
                CREATE TABLE t AS SELECT 1 AS a;\nCREATE INDEX ON t (f(a));";
    bench.load(&bench.declare(text)).await.unwrap();
    assert_eq!(bench.sql("SELECT a FROM t").await, "1");
    let warned =
        |event: &Event| matches!(event, Event::Notice { text, .. } if text.contains("statistics"));
    assert_eq!(bench.events.try_iter().filter(warned).count(), 1);
}

#[tokio::test]
async fn another_order_of_dumps_is_stale() {
    let Some(bench) = Bench::new("load_order").await else {
        return;
    };
    let mut declared = bench.declare("CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS a;");
    let file = bench.write(
        "other.sql",
        "CREATE TABLE IF NOT EXISTS t AS SELECT 2 AS a;",
    );
    declared.dumps.push(Dump {
        name: "other".to_owned(),
        file,
        superuser: false,
    });
    bench.load(&declared).await.unwrap();
    assert!(matches!(
        bench.state(&declared).await,
        State::Current { .. }
    ));
    declared.dumps.reverse();
    let changed = vec!["other".to_owned(), "dump".to_owned()];
    assert_eq!(bench.state(&declared).await, State::Stale { changed });
}

#[tokio::test]
async fn connecting_to_its_own_name_starts_a_new_session() {
    let Some(bench) = Bench::new("load_connect").await else {
        return;
    };
    let text = "SET search_path = pg_catalog;\n\\connect load_connect\n\
                CREATE TABLE t AS SELECT current_database()::text AS name;";
    bench.load(&bench.declare(text)).await.unwrap();
    assert!(
        bench
            .sql("SELECT name FROM public.t")
            .await
            .starts_with("envctl_scratch_")
    );
}

#[tokio::test]
async fn a_cancelled_load_leaves_nothing() {
    let Some(bench) = Bench::new("load_cancel").await else {
        return;
    };
    bench
        .load(&bench.declare("CREATE TABLE t AS SELECT 42 AS a;"))
        .await
        .unwrap();
    let declared = bench.declare("SELECT pg_sleep(60);");
    // What the role that loads runs is shown to nobody.
    let running = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                   AND datname LIKE 'envctl_scratch_load_cancel_%'";
    let (result, ()) = tokio::join!(bench.load(&declared), async {
        bench.eventually(running, "1").await;
        bench.cancel.cancel();
    });
    assert!(result.unwrap_err().is_cancelled());
    assert_eq!(bench.sql("SELECT a FROM t").await, "42");
    assert_eq!(bench.beside().await, "");
    bench.eventually(running, "0").await;
}

#[tokio::test]
async fn a_load_that_nobody_waits_for_ends_too() {
    let Some(bench) = Bench::new("load_dropped").await else {
        return;
    };
    let declared = bench.declare("SELECT pg_sleep(61);");
    let running = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                   AND datname LIKE 'envctl_scratch_load_dropped_%'";
    tokio::select! {
        result = bench.load(&declared) => panic!("{result:?}"),
        () = bench.eventually(running, "1") => {}
    }
    bench.eventually(running, "0").await;
    let left = "SELECT count(*) FROM pg_database WHERE datname LIKE 'envctl%load\\_dropped%'";
    bench.eventually(left, "0").await;
}

#[tokio::test]
async fn inserts_travel_together_and_fail_alone() {
    let Some(bench) = Bench::new("load_inserts").await else {
        return;
    };
    let mut text = String::from("CREATE TABLE n (a int PRIMARY KEY);\n");
    for row in 0..1_200 {
        writeln!(text, "INSERT INTO n VALUES ({row}); -- {row}").unwrap();
    }
    let loaded = bench.load(&bench.declare(&text)).await.unwrap();
    assert_eq!((loaded.rows, loaded.statements), (1_200, 1_201));
    for before in ["", "BEGIN;"] {
        let text = format!("{before}{text}INSERT INTO n VALUES (-1);\nINSERT INTO n VALUES (700)");
        let error = bench.load(&bench.declare(text)).await.unwrap_err();
        let Error::Statement { place, server, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((place.line, server.code.as_str()), (1_203, "23505"));
    }
    assert_eq!(bench.sql("SELECT count(*) FROM n").await, "1200");
}

#[tokio::test]
async fn a_million_rows_pass_in_little_memory() {
    const ROWS: usize = 1_000_000;
    let Some(bench) = Bench::new("load_million").await else {
        return;
    };
    let mut text = String::from("CREATE TABLE n (a int, b text);\nCOPY n FROM stdin;\n");
    for row in 0..ROWS {
        writeln!(text, "{row}\tsome text {row}").unwrap();
    }
    text.push_str("\\.\n");
    let declared = bench.declare(text);
    let before = peak_kb();
    let loaded = bench.load(&declared).await.unwrap();
    assert_eq!(loaded.rows, ROWS as u64);
    assert_eq!(bench.sql("SELECT count(*) FROM n").await, ROWS.to_string());
    // The text itself, more than 20 MB, was in memory before.
    if let (Some(before), Some(after)) = (before, peak_kb()) {
        assert!(after - before < 8_000, "{before} kB, then {after} kB");
    }
}

/// Returns the most memory that this process ever had, where the system tells.
fn peak_kb() -> Option<usize> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
