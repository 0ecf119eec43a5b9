//! The instant in which the new database takes the old one's place, and what a crash leaves.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use envctl::postgres::{self, Error};
use envctl::seed::{self, State};
use tokio_util::sync::CancellationToken;

use super::bench::Bench;
use super::server::{programs, start, start_with};

#[tokio::test]
async fn sessions_of_the_old_database_are_ended() {
    let Some(bench) = Bench::new("swap_sessions").await else {
        return;
    };
    bench
        .load(&bench.declare("CREATE TABLE t AS SELECT 1 AS a;"))
        .await
        .unwrap();
    let target = bench.server.target(&bench.database);
    let forever = CancellationToken::new();
    let sleeper = "SELECT pg_sleep(60) FROM t";
    let declared = bench.declare("CREATE TABLE t AS SELECT 2 AS a;");
    let (slept, loaded) = tokio::join!(postgres::query(&target, sleeper, &forever), async {
        let running = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'swap_sessions' \
                       AND query LIKE 'FETCH%'";
        bench.eventually(running, "1").await;
        bench.load(&declared).await
    });
    loaded.unwrap();
    assert!(matches!(slept, Err(Error::Closed { .. })), "{slept:?}");
    assert_eq!(bench.sql("SELECT a FROM t").await, "2");
    assert_eq!(bench.beside().await, "");
}

#[tokio::test]
async fn who_connects_during_a_swap_waits_for_the_new_database() {
    let Some(bench) = Bench::new("swap_traffic").await else {
        return;
    };
    let text = |number| format!("CREATE TABLE t AS SELECT {number} AS a;");
    bench.load(&bench.declare(text(0))).await.unwrap();
    let readers = [(), ()].map(|()| Reader::start(&bench, "SELECT a FROM t"));
    for number in 1..=5 {
        bench.load(&bench.declare(text(number))).await.unwrap();
    }
    for reader in readers {
        let (seen, failures) = reader.stop();
        // A session of the old database may end while it is asked.
        let ended = |line: &&str| line.contains("terminating connection");
        let fatal: Vec<&str> = failures.lines().filter(|it| it.contains("FATAL")).collect();
        assert!(fatal.iter().all(ended), "{failures}");
        // Once at each swap at most.
        assert!(fatal.len() <= 5, "{failures}");
        assert!(seen.lines().is_sorted(), "{seen}");
        assert_eq!(seen.lines().last(), Some("5"));
    }
    assert_eq!(bench.beside().await, "");
}

#[tokio::test]
async fn a_transaction_that_looked_at_the_databases_holds_up_no_swap() {
    let Some(bench) = Bench::new("swap_looked").await else {
        return;
    };
    let declared = bench.declare("CREATE TABLE t AS SELECT 1 AS a;");
    bench.load(&declared).await.unwrap();
    let target = bench.server.target("postgres");
    let stop = CancellationToken::new();
    let looks = "SELECT count(*), pg_sleep(60) FROM pg_database WHERE datname = 'swap_looked'";
    let (_, loaded) = tokio::join!(postgres::query(&target, looks, &stop), async {
        let looking = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                       AND datname = 'postgres' AND query LIKE 'FETCH%'";
        bench.eventually(looking, "1").await;
        let loaded = bench.load(&declared).await;
        stop.cancel();
        loaded
    });
    loaded.unwrap();
    assert_eq!(bench.beside().await, "");
}

/// A program that connects and asks, again and again.
struct Reader {
    folder: tempfile::TempDir,
    shell: Child,
}

impl Reader {
    fn start(bench: &Bench, question: &str) -> Self {
        const SCRIPT: &str = r#"
            ask() { "$2" -X -A -t -c "$3" >>"$1/seen" 2>>"$1/failures"; }
            while ask "$@"; [ -e "$1/go" ]; do :; done
            ask "$@"
        "#;
        let folder = tempfile::tempdir().expect("a folder");
        // It goes with the folder, also where the test fails.
        fs_err::write(folder.path().join("go"), "").expect("the file");
        let server = &bench.server;
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "reader"])
            .arg(folder.path())
            .arg(programs().expect("the server runs").join("psql"))
            .arg(question)
            .env("PGHOST", server.address.ip().to_string())
            .env("PGPORT", server.address.port().to_string())
            .env("PGUSER", &server.user)
            .env("PGPASSWORD", server.password.expose())
            .env("PGDATABASE", &bench.database)
            .spawn()
            .expect("sh");
        Self { folder, shell }
    }

    /// Ends it; returns what it saw and what it was told instead.
    fn stop(mut self) -> (String, String) {
        let file = |name| self.folder.path().join(name);
        fs_err::remove_file(file("go")).expect("it was there");
        assert!(self.shell.wait().expect("an end").success());
        let read = |name| fs_err::read_to_string(file(name)).expect("the file");
        (read("seen"), read("failures"))
    }
}

#[tokio::test]
async fn settings_grants_and_comment_are_carried_over() {
    let Some(bench) = Bench::new("swap_shape").await else {
        return;
    };
    bench.create().await;
    bench
        .sql(
            "CREATE ROLE swap_shape_reader; \
             ALTER DATABASE swap_shape SET search_path = \"My Schema\", public; \
             ALTER DATABASE swap_shape SET work_mem = '7MB'; \
             ALTER DATABASE swap_shape SET app.greeting = 'it''s \\ fine'; \
             ALTER ROLE swap_shape_reader IN DATABASE swap_shape SET statement_timeout = '3s'; \
             GRANT CREATE ON DATABASE swap_shape TO swap_shape_reader WITH GRANT OPTION; \
             REVOKE CONNECT ON DATABASE swap_shape FROM PUBLIC; \
             ALTER DATABASE swap_shape CONNECTION LIMIT 33; \
             COMMENT ON DATABASE swap_shape IS 'the shape'",
        )
        .await;
    let shape = "SELECT d.datacl::text || d.datconnlimit || shobj_description(d.oid, 'pg_database') \
                 || (SELECT string_agg(setrole::regrole::text || setconfig::text, ' ' ORDER BY setrole) \
                     FROM pg_db_role_setting WHERE setdatabase = d.oid) \
                 || d.datcollate || pg_encoding_to_char(d.encoding) \
                 FROM pg_database d WHERE datname = 'swap_shape'";
    let before = bench.sql(shape).await;
    assert!(before.contains("33the shape"), "{before}");
    bench
        .load(&bench.declare("CREATE TABLE t (a int);"))
        .await
        .unwrap();
    assert_eq!(bench.sql(shape).await, before);
    assert_eq!(bench.sql("SHOW search_path").await, "\"My Schema\", public");
    assert_eq!(bench.sql("SHOW app.greeting").await, "it's \\ fine");
}

#[tokio::test]
async fn a_role_without_power_loads_its_own_database() {
    let Some(mut bench) = Bench::new("swap_plain").await else {
        return;
    };
    let powerful = bench.server.clone();
    bench.log_in_as("swap_plain_user", "CREATEDB").await;
    let declared = bench.declare("CREATE TABLE t AS SELECT 1 AS a;");
    bench.load(&declared).await.unwrap();
    let sleep = "SELECT pg_sleep(60) FROM t";
    let running = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'swap_plain' \
                   AND application_name = 'envctl' AND usename = current_user";
    let forever = CancellationToken::new();
    let target = bench.server.target("swap_plain");
    let (slept, loaded) = tokio::join!(postgres::query(&target, sleep, &forever), async {
        bench.eventually(running, "1").await;
        bench.load(&declared).await
    });
    loaded.unwrap();
    assert!(matches!(slept, Err(Error::Closed { .. })), "{slept:?}");
    assert_eq!(bench.beside().await, "");

    // What it may not end keeps the old data, and is named.
    let target = powerful.target("swap_plain");
    let stop = CancellationToken::new();
    let (_, loaded) = tokio::join!(postgres::query(&target, sleep, &stop), async {
        bench
            .eventually(&running.replace("current_user", "'tester'"), "1")
            .await;
        let loaded = bench.load(&declared).await;
        stop.cancel();
        loaded
    });
    let error = loaded.unwrap_err();
    let seed::Error::Busy { holders, .. } = &error else {
        panic!("{error}")
    };
    assert!(holders[0].contains("tester"), "{holders:?}");
    assert_eq!(bench.sql("SELECT a FROM t").await, "1");
    assert_eq!(bench.beside().await, "");
}

#[tokio::test]
async fn a_template_stays_one() {
    let Some(bench) = Bench::new("swap_template").await else {
        return;
    };
    bench.create().await;
    bench
        .sql("ALTER DATABASE swap_template IS_TEMPLATE true")
        .await;
    let declared = bench.declare("CREATE TABLE t AS SELECT 1 AS a;");
    bench.load(&declared).await.unwrap();
    let template = "SELECT datistemplate FROM pg_database WHERE datname = 'swap_template'";
    assert_eq!(bench.sql(template).await, "t");
    assert_eq!(bench.beside().await, "");
}

#[tokio::test]
async fn the_locale_provider_is_carried_over() {
    let icu = ["--locale-provider=icu", "--icu-locale=de"];
    let Some(server) = start_with(&icu) else {
        return;
    };
    let bench = Bench::on(server, "swap_locale").await;
    let provider = "SELECT datlocprovider FROM pg_database WHERE datname = 'swap_locale'";
    for (locale, expected) in [("LOCALE_PROVIDER libc", "c"), ("LOCALE_PROVIDER icu", "i")] {
        let make = format!("CREATE DATABASE swap_locale TEMPLATE template0 {locale}");
        bench.sql_on("postgres", &make).await;
        bench.load(&bench.declare("SELECT 1;")).await.unwrap();
        assert_eq!(bench.sql(provider).await, expected);
        bench.sql_on("postgres", "DROP DATABASE swap_locale").await;
    }
}

#[tokio::test]
async fn what_a_crash_leaves_is_put_right() {
    let Some(bench) = Bench::new("swap_crash").await else {
        return;
    };
    let declared = bench.declare("CREATE TABLE t AS SELECT 1 AS a;");
    bench.load(&declared).await.unwrap();
    // A scratch of a dead run, and the target renamed away.
    bench
        .sql_on(
            "postgres",
            "CREATE DATABASE envctl_scratch_swap_crash_0badf00d",
        )
        .await;
    bench
        .sql_on(
            "postgres",
            "ALTER DATABASE swap_crash RENAME TO envctl_old_swap_crash_deadbeef",
        )
        .await;
    assert!(matches!(
        bench.state(&declared).await,
        State::Current { .. }
    ));
    assert_eq!(bench.sql("SELECT a FROM t").await, "1");
    assert!(!seed::heal(&bench.server, "swap_crash").await.unwrap());
    bench.load(&declared).await.unwrap();
    assert_eq!(bench.beside().await, "");
}

#[tokio::test]
async fn a_database_with_a_subscription_is_replaced() {
    let Some(bench) = Bench::new("swap_subscribed").await else {
        return;
    };
    let subscription = "CREATE SUBSCRIPTION swap_sub CONNECTION 'host=127.0.0.1 port=1 dbname=x' \
                        PUBLICATION p WITH (connect = false);";
    for _ in 0..2 {
        bench.load(&bench.declare(subscription)).await.unwrap();
        assert_eq!(bench.beside().await, "");
    }
    let failing = format!("{subscription}\nSELECT 1/0;");
    bench.load(&bench.declare(failing)).await.unwrap_err();
    assert_eq!(bench.beside().await, "");
}

#[tokio::test]
async fn a_slot_that_a_dump_names_stays_with_its_publisher() {
    let Some(bench) = Bench::new("swap_slot").await else {
        return;
    };
    let role = "CREATE ROLE swap_slot LOGIN REPLICATION PASSWORD 'word'";
    bench.sql_on("postgres", role).await;
    let made = "SELECT pg_create_physical_replication_slot('swap_slot')";
    bench.sql_on("postgres", made).await;
    let address = bench.server.address;
    let subscription = format!(
        "CREATE SUBSCRIPTION swap_slot CONNECTION 'host={} port={} user=swap_slot password=word \
         dbname=postgres' PUBLICATION p WITH (connect = false, slot_name = 'swap_slot');",
        address.ip(),
        address.port(),
    );
    for _ in 0..2 {
        bench.load(&bench.declare(&subscription)).await.unwrap();
    }
    assert_eq!(bench.beside().await, "");
    let slots = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'swap_slot'";
    assert_eq!(bench.sql_on("postgres", slots).await, "1");
    let dropped = "SELECT pg_drop_replication_slot('swap_slot')";
    bench.sql_on("postgres", dropped).await;
    bench.sql_on("postgres", "DROP ROLE swap_slot").await;
}

/// One whose process does not run, as on a machine that swaps.
#[tokio::test]
async fn a_session_that_does_not_end_keeps_nobody_out_of_other_databases() {
    let Some(bench) = Bench::new("swap_stuck").await else {
        return;
    };
    let text = |number| format!("CREATE TABLE t AS SELECT {number} AS a;");
    bench.load(&bench.declare(text(1))).await.unwrap();
    let target = bench.server.target(&bench.database);
    let forever = CancellationToken::new();
    let sleeper = postgres::query(&target, "SELECT pg_sleep(60)", &forever);
    let declared = bench.declare(text(2));
    let stuck = "SELECT pid FROM pg_stat_activity WHERE datname = 'swap_stuck'";
    let (_, longest) = tokio::join!(sleeper, async {
        let count = format!("SELECT count(*) FROM ({stuck}) s");
        bench.eventually(&count, "1").await;
        let pid = bench.sql_on("postgres", stuck).await;
        signal("-STOP", &pid);
        let (loaded, longest) = tokio::join!(bench.load(&declared), async {
            let (begun, mut longest) = (Instant::now(), Duration::ZERO);
            while begun.elapsed() < Duration::from_secs(4) {
                let asked = Instant::now();
                bench.sql_on("postgres", "SELECT 1").await;
                longest = longest.max(asked.elapsed());
            }
            signal("-CONT", &pid);
            longest
        });
        loaded.unwrap();
        longest
    });
    // A rename would wait five seconds for it.
    assert!(longest < Duration::from_secs(3), "{longest:?}");
    assert_eq!(bench.sql("SELECT a FROM t").await, "2");
    assert_eq!(bench.beside().await, "");
}

fn signal(signal: &str, pid: &str) {
    let sent = Command::new("kill").args([signal, pid]).status();
    assert!(sent.unwrap().success());
}

#[tokio::test]
async fn two_loads_of_one_database_take_turns() {
    let Some(bench) = Bench::new("swap_turns").await else {
        return;
    };
    let declared = bench.declare("CREATE TABLE t AS SELECT 1 AS a; SELECT pg_sleep(0.5);");
    let (one, other) = tokio::join!(bench.load(&declared), bench.load(&declared));
    one.unwrap();
    other.unwrap();
    assert_eq!(bench.sql("SELECT a FROM t").await, "1");
    assert_eq!(bench.beside().await, "");
}

#[tokio::test]
async fn a_prepared_transaction_holds_the_old_database() {
    let Some(bench) = Bench::new("swap_prepared").await else {
        return;
    };
    bench
        .load(&bench.declare("CREATE TABLE t AS SELECT 1 AS a;"))
        .await
        .unwrap();
    bench
        .sql("BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'kept'")
        .await;
    let error = bench.load(&bench.declare("SELECT 1;")).await.unwrap_err();
    let seed::Error::Busy { holders, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(holders, &["prepared transaction kept"]);
    bench.sql("ROLLBACK PREPARED 'kept'").await;
    assert_eq!(bench.sql("SELECT a FROM t").await, "1");
    assert_eq!(bench.beside().await, "");
}

#[tokio::test]
async fn odd_names_are_quoted() {
    let Some(bench) = Bench::new("swap_odd").await else {
        return;
    };
    let mut declared = bench.declare("CREATE TABLE t AS SELECT 1 AS a;");
    declared.database = "swap \"odd\" name; ".repeat(3);
    for _ in 0..2 {
        bench.load(&declared).await.unwrap();
    }
    assert_eq!(
        bench.sql_on(&declared.database, "SELECT a FROM t").await,
        "1"
    );
}

#[tokio::test]
async fn the_database_postgres_can_be_the_target() {
    // The other tests are connected to theirs.
    let Some(server) = start() else { return };
    let bench = Bench::on(server, "postgres").await;
    let declared = bench.declare("CREATE TABLE t AS SELECT 1 AS a;");
    assert_eq!(bench.state(&declared).await, State::Never);
    bench.load(&declared).await.unwrap();
    assert_eq!(bench.sql("SELECT a FROM t").await, "1");
    assert_eq!(bench.beside().await, "");
}
