//! Readiness, roles and queries on a real server.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use envctl::model::Secret;
use envctl::postgres::{Error, Rows, password_sql, probe, query};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::bench::Bench;

async fn run(bench: &Bench, sql: &str) -> Result<Rows, Error> {
    query(&bench.server.target("postgres"), sql, &bench.cancel).await
}

#[tokio::test]
async fn failures_to_connect_are_told_apart() {
    let Some(bench) = Bench::new("query_probe").await else {
        return;
    };
    let mut server = bench.server.clone();
    let error = probe(&server.target("query_nowhere")).await.unwrap_err();
    assert!(matches!(&error, Error::NoDatabase { database } if database == "query_nowhere"));
    assert!(!error.is_transient());
    server.password = Secret::new("wrong");
    let error = probe(&server.target("postgres")).await.unwrap_err();
    assert!(matches!(error, Error::WrongPassword { .. }), "{error}");
    // The listener is gone again, so its port refuses.
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    server.address = gone;
    let error = probe(&server.target("postgres")).await.unwrap_err();
    assert!(
        matches!(error, Error::Refused { .. }) && error.is_transient(),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let Some(bench) = Bench::new("query_mute").await else {
        return;
    };
    let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut server = bench.server.clone();
    server.address = SocketAddr::from((Ipv4Addr::LOCALHOST, mute.local_addr().unwrap().port()));
    let error = probe(&server.target("postgres")).await.unwrap_err();
    assert!(
        matches!(error, Error::TimedOut { .. }) && error.is_transient(),
        "{error}"
    );
}

#[tokio::test]
async fn a_role_gets_its_declared_password() {
    let Some(bench) = Bench::new("query_role").await else {
        return;
    };
    let mut server = bench.server.clone();
    server.user = "query \"role\"".to_owned();
    for password in ["it's \\one", "two"] {
        server.password = Secret::new(password);
        let error = probe(&server.target("postgres")).await.unwrap_err();
        assert!(matches!(error, Error::WrongPassword { .. }), "{error}");
        let sql = password_sql(&server.user, &server.password);
        run(&bench, sql.expose()).await.unwrap();
        probe(&server.target("postgres")).await.unwrap();
    }
}

#[tokio::test]
async fn rows_come_with_their_types() {
    let Some(bench) = Bench::new("query_rows").await else {
        return;
    };
    let rows = run(
        &bench,
        "SELECT 1 AS one, 2.50::numeric AS two, true, NULL::int, '{\"a\":1}'::jsonb, 'x'::text, \
         '{1,2}'::int[]",
    )
    .await
    .unwrap();
    assert_eq!(
        (
            rows.columns[0].name.as_str(),
            rows.columns[0].type_name.as_str()
        ),
        ("one", "int4")
    );
    assert_eq!(
        rows.json(),
        [[
            json!(1),
            json!(2.5),
            json!(true),
            json!(null),
            json!({"a": 1}),
            json!("x"),
            json!("{1,2}")
        ]]
    );
    let rows = run(
        &bench,
        "CREATE TEMP TABLE x (a int); INSERT INTO x VALUES (1), (2)",
    )
    .await;
    assert_eq!(rows.unwrap().affected, Some(2));
    let rows = run(
        &bench,
        "CREATE TEMP TABLE x AS SELECT 7 AS a; SELECT a FROM x",
    )
    .await
    .unwrap();
    assert_eq!(rows.json(), [[json!(7)]]);
    run(&bench, "CREATE TABLE query_rows (a int)")
        .await
        .unwrap();
    let sql = "WITH new AS (INSERT INTO query_rows VALUES (8) RETURNING a) SELECT a FROM new";
    assert_eq!(run(&bench, sql).await.unwrap().json(), [[json!(8)]]);
    let rows = run(&bench, "SELECT count(*) FROM query_rows")
        .await
        .unwrap();
    assert_eq!(rows.json(), [[json!(1)]]);
    let rows = run(&bench, "SHOW server_encoding").await.unwrap();
    assert_eq!(rows.rows, [[Some("UTF8".to_owned())]]);
    assert_eq!(
        run(&bench, "SELECT 1 AS a WHERE false")
            .await
            .unwrap()
            .columns
            .len(),
        1
    );
}

#[tokio::test]
async fn a_mistake_has_its_place_and_too_many_rows_a_limit() {
    let Some(bench) = Bench::new("query_bad").await else {
        return;
    };
    let error = run(&bench, "SELECT 1,\n nope").await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Statement {
                at: Some((2, 2)),
                ..
            }
        ),
        "{error:?}"
    );
    for sql in [
        "SELECT generate_series(1, 100001)",
        // As a whole, this would not fit into memory.
        "WITH a AS (SELECT generate_series(1, 2000000000)) SELECT * FROM a",
    ] {
        let error = run(&bench, sql).await.unwrap_err();
        assert!(
            matches!(error, Error::TooManyRows { limit: 100_000 }),
            "{error}"
        );
    }
    let rows = run(&bench, "SELECT generate_series(1, 100000)")
        .await
        .unwrap();
    assert_eq!(rows.rows.len(), 100_000);
}

#[tokio::test]
async fn a_cancelled_query_ends_on_the_server_too() {
    let Some(bench) = Bench::new("query_cancel").await else {
        return;
    };
    let cancel = CancellationToken::new();
    let target = bench.server.target("postgres");
    let start = Instant::now();
    let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO $$%' \
                   AND state = 'active'";
    let (result, ()) = tokio::join!(
        query(&target, "DO $$ BEGIN PERFORM pg_sleep(60); END $$", &cancel),
        async {
            bench.eventually(running, "1").await;
            cancel.cancel();
        }
    );
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert!(start.elapsed() < Duration::from_secs(30));
    bench.eventually(running, "0").await;
}
