//! Migrations on a real server.

use envctl::postgres::{
    Applied, Error, Migration, MigrationState, migrate, migration_status, read_migrations,
};

use super::bench::Bench;

fn read(bench: &Bench, files: &[(&str, &str)]) -> Vec<Migration> {
    let folder = bench.folder.path().join("migrations");
    let _ = fs_err::remove_dir_all(&folder);
    fs_err::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        fs_err::write(folder.join(name), text).unwrap();
    }
    read_migrations(&folder).unwrap()
}

async fn run(bench: &Bench, files: &[(&str, &str)]) -> Result<Vec<Applied>, Error> {
    let target = bench.server.target(&bench.database);
    migrate(&target, &read(bench, files), &bench.step, &bench.cancel).await
}

const ONE: (&str, &str) = ("V1__init.sql", "CREATE TABLE t (a int);");
const TEN: (&str, &str) = (
    "V10__index.sql",
    "CREATE INDEX ON t (a);\nSET ROLE pg_monitor;",
);

#[tokio::test]
async fn pending_ones_run_by_number_and_once() {
    let Some(bench) = Bench::new("migrate_ok").await else {
        return;
    };
    bench.create().await;
    let applied = run(&bench, &[TEN, ONE, ("README.md", "x")]).await.unwrap();
    let versions: Vec<_> = applied.iter().map(|one| one.version).collect();
    assert_eq!(versions, [1, 10]);
    assert!(run(&bench, &[ONE, TEN]).await.unwrap().is_empty());
    // Line ends are no change.
    let windows = TEN.1.replace('\n', "\r\n");
    assert!(
        run(&bench, &[ONE, (TEN.0, &windows)])
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_mistake_is_rolled_back_and_named() {
    let Some(bench) = Bench::new("migrate_bad").await else {
        return;
    };
    bench.create().await;
    let bad = (
        "V2__bad.sql",
        "CREATE TABLE u (a int);\n\n-- ä\nCREATE TABLE v (\n  a intt\n);",
    );
    let error = run(&bench, &[ONE, bad]).await.unwrap_err();
    let Error::Migration {
        place,
        server,
        statement,
        partly_applied,
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (place.line, place.column, place.text.as_str()),
        (5, 5, "  a intt")
    );
    assert_eq!((server.code.as_str(), *partly_applied), ("42704", false));
    assert_eq!(statement, "CREATE TABLE v (");
    assert_eq!(bench.sql("SELECT to_regclass('u')").await, "");
    let target = bench.server.target(&bench.database);
    let found = migration_status(&target, &read(&bench, &[ONE, bad]), &bench.cancel)
        .await
        .unwrap();
    assert!(matches!(found[0].state, MigrationState::Applied { .. }));
    assert_eq!(found[1].state, MigrationState::Pending);
}

#[tokio::test]
async fn a_folder_that_contradicts_the_database_is_refused() {
    let Some(bench) = Bench::new("migrate_order").await else {
        return;
    };
    bench.create().await;
    run(&bench, &[ONE, TEN]).await.unwrap();
    let error = run(&bench, &[ONE, ("V2__late.sql", "SELECT 1"), TEN])
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::OutOfOrder {
                applied_version: 10,
                ..
            }
        ),
        "{error}"
    );
    let error = run(&bench, &[(ONE.0, "SELECT 1"), TEN]).await.unwrap_err();
    assert!(matches!(error, Error::MigrationChanged { .. }), "{error}");
    let error = run(&bench, &[TEN]).await.unwrap_err();
    assert!(
        matches!(error, Error::MigrationMissing { version: 1, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_file_can_do_without_a_transaction() {
    let Some(bench) = Bench::new("migrate_plain").await else {
        return;
    };
    bench.create().await;
    let plain = "-- envctl: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);\nVACUUM t;\n";
    run(&bench, &[ONE, ("V2__plain.sql", plain)]).await.unwrap();
    assert_eq!(bench.sql("SELECT to_regclass('i')").await, "i");
    let bad = ("V3__bad.sql", "-- envctl: no-transaction\nSELECT 1;\nnope;");
    let error = run(&bench, &[ONE, ("V2__plain.sql", plain), bad])
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Migration {
                partly_applied: true,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn two_runs_at_once_take_turns() {
    let Some(bench) = Bench::new("migrate_two").await else {
        return;
    };
    bench.create().await;
    let slow = [
        ONE,
        (
            "V2__slow.sql",
            "SELECT pg_sleep(0.5); CREATE TABLE u (a int)",
        ),
    ];
    let (one, other) = tokio::join!(run(&bench, &slow), run(&bench, &slow));
    assert_eq!(one.unwrap().len() + other.unwrap().len(), 2);
}

#[tokio::test]
async fn a_load_brings_its_migrations() {
    let Some(bench) = Bench::new("migrate_load").await else {
        return;
    };
    let mut declared = bench.declare("CREATE TABLE t AS SELECT 1 AS a;");
    declared.migrations = read(&bench, &[("V1__more.sql", "INSERT INTO t VALUES (2)")]);
    let loaded = bench.load(&declared).await.unwrap();
    assert_eq!(loaded.migrations_applied.len(), 1);
    assert_eq!(bench.sql("SELECT sum(a) FROM t").await, "3");
    declared.migrations = read(&bench, &[("V1__more.sql", "INSERT INTO nope VALUES (2)")]);
    let error = bench.load(&declared).await.unwrap_err();
    assert!(
        error.to_string().ends_with(
            "V1__more.sql:1:13: relation \"nope\" does not exist \
         (SQLSTATE 42P01)"
        ),
        "{error}"
    );
    assert_eq!(bench.sql("SELECT sum(a) FROM t").await, "3");
    assert_eq!(bench.beside().await, "");
}
