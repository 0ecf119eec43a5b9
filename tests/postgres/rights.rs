//! What a dump may do: everything that psql would do with it inside its database, and nothing to
//! the server's machine.

use std::process::Command;

use envctl::seed::{Error, State};

use super::bench::Bench;
use super::server::{PASSWORD, USER, programs};

/// Runs one of the server's client programs and returns what it printed.
fn client(bench: &Bench, program: &str, arguments: &[&str]) -> String {
    let address = bench.server.address;
    let output = Command::new(programs().unwrap().join(program))
        .args(["-h", &address.ip().to_string()])
        .args(["-p", &address.port().to_string(), "-U", USER])
        .args(arguments)
        .env("PGPASSWORD", PASSWORD)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns a dump of a database without the lines that differ each time.
fn dump(bench: &Bench, database: &str) -> String {
    let text = client(bench, "pg_dump", &["-N", "envctl", database]);
    let lines = text.lines().filter(|line| !line.contains("restrict "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the roles that loads of a database left.
async fn loaders(bench: &Bench) -> String {
    let sql = format!(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'envctl\\_loader\\_{}\\_%'",
        bench.database
    );
    bench.sql_on("postgres", &sql).await
}

/// Loads a script by psql and by us, twice, and compares what is there then.
async fn same(name: &str, script: &str) {
    let Some(bench) = Bench::new(name).await else {
        return;
    };
    let reference = format!("{name}_psql");
    let script = script
        .replace("DECLARED", USER)
        .replace("DATABASE_NAME", name);
    let ours = bench.declare(&script);
    let theirs = bench.write("psql.sql", script.replace(name, &reference));
    for _ in 0..2 {
        bench.load(&ours).await.unwrap();
    }
    assert!(matches!(bench.state(&ours).await, State::Current { .. }));
    client(&bench, "createdb", &["-T", "template0", &reference]);
    let theirs = theirs.to_string_lossy().into_owned();
    client(&bench, "psql", &["-X", "-q", "-f", &theirs, &reference]);
    let (ours, theirs) = (dump(&bench, name), dump(&bench, &reference));
    let theirs = theirs.replace(&reference, name);
    let missing = |from: &str, other: &str| {
        let lines = from
            .lines()
            .filter(|line| other.lines().all(|it| it != *line));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let different = (missing(&ours, &theirs), missing(&theirs, &ours));
    assert!(ours == theirs, "{name}: ours and theirs: {different:#?}");
    assert_eq!(loaders(&bench).await, "");
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'envctl\\_%'";
    assert_eq!(bench.sql(schemas).await, "0");
}

#[tokio::test]
async fn owners_and_grants_come_out_as_psql_makes_them() {
    same(
        "rights_owners",
        "CREATE ROLE rights_app LOGIN; CREATE ROLE rights_reader;\n\
         ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO rights_reader;\n\
         CREATE TABLE a (id serial PRIMARY KEY, note text);\n\
         ALTER TABLE a OWNER TO DECLARED;\n\
         REVOKE ALL ON TABLE a FROM DECLARED;\n\
         GRANT SELECT ON TABLE a TO DECLARED;\n\
         GRANT ALL ON TABLE a TO rights_app WITH GRANT OPTION;\n\
         CREATE TABLE b (id int); ALTER TABLE public.b OWNER TO rights_app;\n\
         INSERT INTO b VALUES (1); ALTER TABLE b ADD PRIMARY KEY (id);\n\
         GRANT INSERT ON b TO rights_reader, DECLARED;\n\
         CREATE SCHEMA shop AUTHORIZATION rights_app; CREATE TABLE shop.c (a int);\n\
         CREATE SCHEMA mine AUTHORIZATION DECLARED;\n\
         CREATE FUNCTION f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql SECURITY DEFINER \
         AS 'SELECT 1'; ALTER FUNCTION f(a int, b text) OWNER TO rights_app;\n\
         CREATE TYPE mood AS ENUM ('x'); ALTER TYPE mood OWNER TO DECLARED;\n\
         BEGIN; CREATE TABLE d (a int); ALTER TABLE d OWNER TO rights_app; COMMIT;\n\
         SELECT lo_create(4712); ALTER LARGE OBJECT 4712 OWNER TO rights_app;\n\
         ALTER DEFAULT PRIVILEGES FOR ROLE DECLARED IN SCHEMA shop GRANT ALL ON TABLES TO rights_app;\n\
         ALTER DEFAULT PRIVILEGES FOR ROLE rights_app REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;\n\
         SET ROLE rights_app; CREATE TABLE shop.e (a int); RESET ROLE;\n\
         SET SESSION AUTHORIZATION 'rights_app'; CREATE VIEW shop.v AS SELECT 1 AS a;\n\
         SET SESSION AUTHORIZATION DEFAULT; CREATE TABLE g (a int);\n\
         GRANT ALL ON SCHEMA public TO rights_app; COMMENT ON SCHEMA public IS 'ours';\n\
         CREATE POLICY p ON b TO rights_reader, CURRENT_USER USING (true);\n",
    )
    .await;
}

#[tokio::test]
async fn what_needs_more_is_done_for_the_dump() {
    same(
        "rights_more",
        "CREATE EXTENSION IF NOT EXISTS plpgsql WITH SCHEMA pg_catalog;\n\
         COMMENT ON EXTENSION plpgsql IS 'PL/pgSQL procedural language';\n\
         CREATE EXTENSION IF NOT EXISTS pageinspect WITH SCHEMA public;\n\
         COMMENT ON EXTENSION pageinspect IS 'pages';\n\
         CREATE EXTENSION postgres_fdw;\n\
         CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h');\n\
         ALTER SERVER s OWNER TO DECLARED;\n\
         CREATE USER MAPPING FOR rights_mapped SERVER s OPTIONS (user 'u', password 'p');\n\
         CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (user 'u', password 'p');\n\
         CREATE FOREIGN TABLE far (a int) SERVER s;\n\
         CREATE FUNCTION yes(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = 1';\n\
         CREATE CAST (int8 AS bool) WITH INOUT AS ASSIGNMENT;\n\
         CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t); CREATE TABLE log (a text);\n\
         CREATE FUNCTION heard() RETURNS event_trigger LANGUAGE plpgsql \
         AS 'BEGIN INSERT INTO public.log VALUES (tg_tag); END';\n\
         CREATE PUBLICATION p FOR ALL TABLES; ALTER PUBLICATION p OWNER TO DECLARED;\n\
         CREATE PUBLICATION one FOR TABLE t;\n\
         SET session_replication_role = replica;\n\
         INSERT INTO t VALUES (1, 99);\n\
         SET session_replication_role = DEFAULT;\n\
         SELECT pg_catalog.set_config('session_replication_role', 'replica', false);\n\
         ALTER TABLE t DISABLE TRIGGER ALL; INSERT INTO t VALUES (2, 98);\n\
         ALTER TABLE public.t ENABLE TRIGGER ALL;\n\
         CREATE EVENT TRIGGER hears ON ddl_command_end EXECUTE FUNCTION heard();\n\
         ALTER EVENT TRIGGER hears OWNER TO DECLARED;\n\
         COMMENT ON EVENT TRIGGER hears IS 'it hears';\n",
    )
    .await;
}

#[tokio::test]
async fn roles_of_a_dump_are_made_as_it_says() {
    same(
        "rights_roles",
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rights_svc') THEN \
         CREATE ROLE rights_svc LOGIN PASSWORD 'x'; END IF; END $$;\n\
         DO $$ BEGIN CREATE ROLE rights_once; EXCEPTION WHEN duplicate_object THEN NULL; END $$;\n\
         DROP ROLE IF EXISTS rights_anon; \n\
         GRANT rights_svc TO rights_once; GRANT rights_svc TO DECLARED;\n\
         ALTER ROLE rights_svc IN DATABASE DATABASE_NAME SET search_path = shop;\n\
         GRANT ALL ON DATABASE DATABASE_NAME TO rights_svc;\n\
         CREATE TABLE t (a int); ALTER TABLE t OWNER TO rights_svc;\n\
         REASSIGN OWNED BY rights_svc TO rights_once;\n\
         CHECKPOINT;\n",
    )
    .await;
}

/// What may not be done in any way; `FILE` is a file that must not come to be.
const ATTACKS: &[&str] = &[
    "DO $$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch FILE'; END $$;",
    "DO $$ BEGIN EXECUTE 'COPY t FROM ' || quote_literal('/etc/passwd'); END $$;",
    "SELECT pg_read_file('/etc/passwd');",
    "SELECT pg_ls_dir('/');",
    "SELECT lo_import('/etc/passwd');",
    "SELECT lo_export(lo_create(0), 'FILE');",
    "CREATE EXTENSION file_fdw;",
    "CREATE EXTENSION adminpack;",
    "CREATE EXTENSION U&\"file!005ffdw\" UESCAPE '!';",
    "CREATE EXTENSION plpython3u;",
    "CREATE FUNCTION c() RETURNS int LANGUAGE c AS 'libc', 'getpid';",
    "CREATE FUNCTION c(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all';",
    "RESET SESSION AUTHORIZATION; DO $$ BEGIN RESET ROLE; COPY t TO PROGRAM 'touch FILE'; END $$;",
    "SET ROLE DECLARED; COPY t FROM stdin;\n1\n\\.\nDO $$ BEGIN COPY t TO PROGRAM 'touch FILE'; END $$;",
    "DO $$ BEGIN EXECUTE 'SET SESSION AUTHORIZATION DECLARED'; END $$;",
    "SELECT set_config('role', 'DECLARED', false);",
    "SELECT set_config('session_authorization', 'DECLARED', false);",
    "DO $$ BEGIN EXECUTE 'ALTER ROLE ' || session_user || ' SUPERUSER'; END $$;",
    "CREATE ROLE rights_evil; GRANT DECLARED TO rights_evil; SET ROLE rights_evil;",
    "CREATE ROLE rights_evil; GRANT pg_execute_server_program TO rights_evil;",
    "CREATE ROLE rights_evil IN ROLE pg_read_server_files;",
    "CREATE ROLE rights_evil; GRANT U&\"pg!005fread!005fserver!005ffiles\" UESCAPE '!' TO rights_evil;",
    "CREATE ROLE rights_evil; ALTER FUNCTION pg_read_file(text) OWNER TO rights_evil;",
    "CREATE FUNCTION e() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN COPY t TO PROGRAM \
     'touch FILE'; RETURN 1; END $$; ALTER FUNCTION e() OWNER TO DECLARED; SELECT e();",
    "CREATE FUNCTION e() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN COPY t TO PROGRAM \
     'touch FILE'; RETURN 1; END $$; ALTER FUNCTION e() OWNER TO CURRENT_USER; SELECT e();",
    "CREATE ROLE rights_evil; SET ROLE rights_evil; CREATE FUNCTION e() RETURNS int LANGUAGE plpgsql \
     SECURITY DEFINER AS $$ BEGIN COPY t TO PROGRAM 'touch FILE'; RETURN 1; END $$; RESET ROLE; \
     REASSIGN OWNED BY rights_evil TO CURRENT_USER; SELECT e();",
    "CREATE VIEW v AS SELECT * FROM pg_authid; ALTER VIEW v OWNER TO CURRENT_ROLE; SELECT * FROM v;",
    "CREATE ROLE rights_evil; GRANT CURRENT_USER TO rights_evil; SET ROLE rights_evil; COPY t TO \
     PROGRAM 'touch FILE';",
    "CREATE ROLE rights_evil; ALTER SCHEMA pg_catalog OWNER TO rights_evil;",
    "SET standard_conforming_strings = off; SELECT set_config('standard_conforming_strings', 'on', \
     false); COMMENT ON EXTENSION plpgsql IS 'x\\'; COPY t TO PROGRAM ''touch FILE'' --';",
    "CREATE CAST (text AS int) WITHOUT FUNCTION;",
    "CREATE FOREIGN DATA WRAPPER w VALIDATOR t;",
    "DO $$ DECLARE s text; BEGIN SELECT nspname INTO s FROM pg_namespace WHERE nspname LIKE \
     'envctl_steward%'; EXECUTE format('SELECT %I.run(%L, %L, false)', s, 'x', 'SELECT 1'); END $$;",
    "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION p;",
    "GRANT EXECUTE ON FUNCTION pg_read_binary_file(text) TO PUBLIC; SELECT pg_read_binary_file('PG_VERSION');",
];

#[tokio::test]
async fn nothing_reaches_the_machine() {
    let Some(bench) = Bench::new("rights_attacks").await else {
        return;
    };
    let file = std::env::temp_dir().join(format!("envctl-attack-{}", std::process::id()));
    for attack in ATTACKS {
        let attack = attack
            .replace("FILE", &file.to_string_lossy())
            .replace("DECLARED", USER);
        let text = format!("CREATE TABLE t (a int);\n{attack}\n");
        let error = bench.load(&bench.declare(&text)).await.expect_err(&attack);
        assert!(!file.exists(), "{attack}");
        let lines = 2..=5;
        match &error {
            Error::NeedsSuperuser { place, seed, .. } => {
                assert_eq!(seed, "dump");
                assert!(lines.contains(&place.line), "{attack}: {error}");
            }
            // What is not there cannot be used, and what is no SQL is none.
            Error::Statement { server, .. } => {
                assert!(
                    ["0A000", "42601", "42704", "58P01"].contains(&server.code.as_str()),
                    "{attack}: {error}"
                );
            }
            error => panic!("{attack}: {error}"),
        }
        assert_eq!(bench.beside().await, "");
        assert_eq!(loaders(&bench).await, "", "{attack}");
        let evil = "SELECT rolname FROM pg_roles WHERE rolname = 'rights_evil'";
        assert_eq!(bench.sql_on("postgres", evil).await, "", "{attack}");
    }
}

#[tokio::test]
async fn what_was_there_before_stays_as_it_is() {
    let Some(bench) = Bench::new("rights_before").await else {
        return;
    };
    let made = "CREATE ROLE rights_there LOGIN PASSWORD 'own'";
    bench.sql_on("postgres", made).await;
    let roles = format!(
        "SELECT string_agg(rolpassword, ' ' ORDER BY rolname) FROM pg_authid \
         WHERE rolname IN ('rights_there', '{USER}')"
    );
    let before = bench.sql_on("postgres", &roles).await;
    let text = "ALTER ROLE rights_there PASSWORD 'known';\n\
                ALTER ROLE CURRENT_ROLE PASSWORD 'known';\n\
                ALTER ROLE ALL SET session_preload_libraries = 'nothing';\n\
                GRANT rights_there TO CURRENT_USER;\n";
    bench.load(&bench.declare(text)).await.unwrap();
    assert_eq!(bench.sql_on("postgres", &roles).await, before);
    let settings = "SELECT count(*) FROM pg_db_role_setting WHERE setrole = 0 AND setdatabase = 0";
    assert_eq!(bench.sql_on("postgres", settings).await, "0");
    let member = format!(
        "SELECT count(*) FROM pg_auth_members WHERE member = '{USER}'::regrole \
                          AND roleid = 'rights_there'::regrole"
    );
    assert_eq!(bench.sql_on("postgres", &member).await, "1");
    bench.sql_on("postgres", "DROP ROLE rights_there").await;
}

#[tokio::test]
async fn what_runs_later_runs_with_no_more_rights() {
    let Some(bench) = Bench::new("rights_later").await else {
        return;
    };
    let file = std::env::temp_dir().join(format!("envctl-later-{}", std::process::id()));
    let evil = format!(
        "BEGIN COPY (SELECT 1) TO PROGRAM 'touch {}'; EXCEPTION WHEN insufficient_privilege THEN \
         NULL; END",
        file.display()
    );
    // Each is run by a statement of ours: statistics, the record, what waits for the end.
    let text = format!(
        "CREATE FUNCTION deed() RETURNS void LANGUAGE plpgsql AS $$ {evil} $$;\n\
         CREATE FUNCTION evil(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM \
         public.deed(); RETURN 1; END $$;\n\
         CREATE TABLE t AS SELECT a FROM generate_series(1, 100) a;\n\
         CREATE INDEX ON t (evil(a));\n\
         CREATE FUNCTION same(name, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN PERFORM public.deed(); RETURN \
         true; END $$;\n\
         CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = same);\n\
         DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', \
         current_database()); END $$;\n\
         CREATE SCHEMA envctl; CREATE FUNCTION each() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM public.deed(); RETURN NEW; END $$;\n\
         CREATE TABLE envctl.seeds (name text); CREATE TABLE envctl.migrations (version int, name \
         text, digest text, applied_at timestamptz, elapsed_ms int);\n\
         CREATE TRIGGER x BEFORE INSERT ON envctl.migrations FOR EACH ROW EXECUTE FUNCTION each();\n\
         CREATE FUNCTION heard() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.deed(); END \
         $$;\n\
         CREATE EVENT TRIGGER hears ON ddl_command_start EXECUTE FUNCTION heard();\n\
         ALTER EVENT TRIGGER hears ENABLE ALWAYS;\n"
    );
    let declared = bench.declare(text);
    for _ in 0..2 {
        bench.load(&declared).await.unwrap();
        assert!(matches!(
            bench.state(&declared).await,
            State::Current { .. }
        ));
        let work = envctl::seed::TaskWork {
            brings: envctl::seed::Brings::Seed,
            name: "samples".to_owned(),
            digest: "d".to_owned(),
            image: None,
        };
        envctl::seed::begin(&bench.server, "rights_later", &work)
            .await
            .unwrap();
        envctl::seed::finish(&bench.server, "rights_later", &work)
            .await
            .unwrap();
    }
    assert!(!file.exists());
    assert_eq!(
        bench.sql("SELECT count(*) FROM pg_event_trigger").await,
        "1"
    );
}

#[tokio::test]
async fn a_seed_may_ask_for_more() {
    let Some(bench) = Bench::new("rights_asked").await else {
        return;
    };
    let mut declared =
        bench.declare("CREATE TABLE t AS SELECT length(pg_read_file('PG_VERSION'));");
    let error = bench.load(&declared).await.unwrap_err();
    assert!(matches!(error, Error::NeedsSuperuser { .. }), "{error}");
    declared.dumps[0].superuser = true;
    bench.load(&declared).await.unwrap();
    let owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'";
    assert_eq!(bench.sql(owner).await, USER);
}

#[tokio::test]
async fn a_superuser_that_somebody_else_makes_meanwhile_is_not_the_dumps() {
    let Some(bench) = Bench::new("rights_meanwhile").await else {
        return;
    };
    let text = "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rights_boss') \
                LOOP PERFORM pg_sleep(0.02); END LOOP; END $$;\n\
                CREATE ROLE rights_worker;\nCREATE TABLE t (a int);\n\
                ALTER TABLE t OWNER TO rights_worker;\n";
    let declared = bench.declare(text);
    let (loaded, ()) = tokio::join!(bench.load(&declared), async {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' \
                     AND datname LIKE 'envctl%rights\\_meanwhile%'";
        bench.eventually(waits, "1").await;
        bench
            .sql_on("postgres", "CREATE ROLE rights_boss SUPERUSER")
            .await;
    });
    loaded.unwrap();
    let owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'";
    assert_eq!(bench.sql(owner).await, "rights_worker");
}

#[tokio::test]
async fn a_failed_load_takes_back_the_roles_that_it_made() {
    let Some(bench) = Bench::new("rights_failed").await else {
        return;
    };
    let text = "CREATE ROLE rights_keepme LOGIN SUPERUSER PASSWORD 'x';\n\
                CREATE TABLE t (a int); ALTER TABLE t OWNER TO rights_named;\nSELECT 1/0;";
    bench.load(&bench.declare(text)).await.unwrap_err();
    let left = "SELECT count(*) FROM pg_roles WHERE rolname IN ('rights_keepme', 'rights_named')";
    assert_eq!(bench.sql_on("postgres", left).await, "0");
}

#[tokio::test]
async fn the_role_of_a_dead_load_is_removed_by_the_next() {
    let Some(bench) = Bench::new("rights_dead").await else {
        return;
    };
    let made = "CREATE ROLE envctl_loader_rights_dead_0badf00d LOGIN";
    bench.sql_on("postgres", made).await;
    let database = "CREATE DATABASE envctl_scratch_rights_dead_0badf00d OWNER \
                    envctl_loader_rights_dead_0badf00d";
    bench.sql_on("postgres", database).await;
    bench.load(&bench.declare("SELECT 1;")).await.unwrap();
    assert_eq!(loaders(&bench).await, "");
    assert_eq!(bench.beside().await, "");
}
