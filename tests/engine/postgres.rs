//! PostgreSQL servers.

use std::time::{Duration, Instant};

use envctl::engine::{
    Error, PostgresSpec, Program, ProgramSpec, Provision, Resource, ServerChoice, ServerSpec,
};
use envctl::model::Secret;
use envctl::postgres::{self, Target, probe, query};
use tokio_util::sync::CancellationToken;

use crate::declare::{data_on, service};
use crate::fixture::{Fixture, exited, until};
use crate::inside;
use crate::logging::{all_lines, until_line_with};
use crate::place::home;
use crate::server::Server;

const USER: &str = "app";
/// It has what quoting can get wrong.
const PASSWORD: &str = "it's a \\ \"secret\"";

/// Where the volume is mounted, which is not where the official image has one.
const MOUNT: &str = "/var/lib/envctl";

fn program(fixture: &Fixture) -> Program {
    Program::Postgres(ServerChoice {
        version: Some(fixture.place.postgres.to_owned()),
        strict_version: true,
        bin_dir: None,
        volume: Some("data".to_owned()),
    })
}

async fn declared(fixture: &Fixture) -> Server<'_> {
    let place = (5432, MOUNT);
    let postgres = ServerSpec::Postgres(PostgresSpec {
        user: USER.to_owned(),
        password: Secret::new(PASSWORD),
        database: USER.to_owned(),
        folder: Some(format!("{MOUNT}/pgdata")),
    });
    let mut server = Server::new(fixture, postgres, place, program(fixture)).await;
    server.set("POSTGRES_INITDB_ARGS", "--data-checksums --no-sync");
    server
}

async fn target(server: &Server<'_>, password: &str) -> Target {
    let server = postgres::Server {
        address: server.address().await,
        user: USER.to_owned(),
        password: Secret::new(password),
    };
    server.target("postgres")
}

async fn until_ready(server: &Server<'_>) {
    until("the server answers", async || {
        let state = server.fixture.state("db").await;
        if state != Some(envctl::engine::ServiceState::Running) {
            let log = all_lines(server.fixture, "db").await.join("\n");
            panic!("{state:?}\n{log}");
        }
        let target = target(server, PASSWORD).await;
        probe(&target).await.is_ok()
    })
    .await;
}

/// Returns the first value that a statement gives.
async fn value(server: &Server<'_>, sql: &str) -> String {
    let target = target(server, PASSWORD).await;
    let rows = query(&target, sql, &CancellationToken::new()).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let first = rows.rows.into_iter().flatten().next();
    first.flatten().unwrap_or_default()
}

pub(crate) async fn a_server_answers_its_user_and_refuses_a_wrong_password(fixture: &Fixture) {
    let server = declared(fixture).await;
    server.start().await;
    until_ready(&server).await;
    let version = value(&server, "SHOW server_version").await;
    assert!(version.starts_with(fixture.place.postgres), "{version}");
    let user = "SELECT current_user || ' ' || rolsuper FROM pg_roles WHERE rolname = current_user";
    assert_eq!(value(&server, user).await, "app true");
    assert_eq!(value(&server, "SHOW data_checksums").await, "on");
    assert_eq!(value(&server, "SHOW server_encoding").await, "UTF8");
    let wrong = target(&server, "wrong").await;
    let error = probe(&wrong).await.unwrap_err();
    assert!(
        error.to_string().contains("the password of `app`"),
        "{error}"
    );
}

pub(crate) async fn data_is_made_once_and_kept(fixture: &Fixture) {
    let server = declared(fixture).await;
    server.start().await;
    until_ready(&server).await;
    let identifier = "SELECT system_identifier FROM pg_control_system()";
    let made = value(&server, identifier).await;
    value(&server, "CREATE TABLE t AS SELECT 'kept' AS x").await;
    server.stop().await;
    server.start_again().await;
    until_ready(&server).await;
    assert_eq!(value(&server, "SELECT x FROM t").await, "kept");
    // Created again, it is another container or process on the same data.
    server.start().await;
    until_ready(&server).await;
    assert_eq!(value(&server, "SELECT x FROM t").await, "kept");
    assert_eq!(value(&server, identifier).await, made);
}

pub(crate) async fn a_killed_server_has_all_that_was_committed(fixture: &Fixture) {
    let server = declared(fixture).await;
    server.start().await;
    until_ready(&server).await;
    value(&server, "CREATE TABLE t (x int)").await;
    value(&server, "INSERT INTO t SELECT generate_series(1, 5000)").await;
    if fixture.has_containers() {
        inside::kill_main_process(fixture, "db").await;
    } else {
        for pid in everything(&server).await {
            if inside::lives(pid) {
                inside::kill(pid).await;
            }
        }
        // It may lie in a temporary folder, which a reboot empties.
        let sockets = inside::record(fixture, "db")["socket_dir"].clone();
        fs_err::remove_dir_all(sockets.as_str().unwrap()).unwrap();
    }
    server.start_again().await;
    until_ready(&server).await;
    assert_eq!(value(&server, "SELECT count(*) FROM t").await, "5000");
}

/// Returns the numbers of all the server's processes, the supervisor first, so that none sees
/// another end.
async fn everything(server: &Server<'_>) -> Vec<u32> {
    let main = inside::main_process(server.fixture, "db").await;
    let mut all = vec![inside::supervisor(server.fixture, "db"), main];
    all.extend(inside::children(main));
    assert!(all.len() > 4, "{all:?}");
    all
}

pub(crate) async fn a_server_with_clients_stops_at_once(fixture: &Fixture) {
    let server = declared(fixture).await;
    server.start().await;
    until_ready(&server).await;
    let target = target(&server, PASSWORD).await;
    let client = tokio::spawn(async move {
        query(&target, "SELECT pg_sleep(60)", &CancellationToken::new()).await
    });
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    until("the client is there", async || {
        value(&server, sleeping).await == "1"
    })
    .await;
    let begun = Instant::now();
    server.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert_eq!(fixture.state("db").await, Some(exited(0)));
    assert!(client.await.unwrap().is_err());
    // It had the time to write all down.
    server.start_again().await;
    until_ready(&server).await;
    let log = all_lines(fixture, "db").await.join("\n");
    assert!(log.contains("database system is shut down"), "{log}");
    assert!(!log.contains("not properly shut down"), "{log}");
}

pub(crate) async fn half_made_data_is_made_anew(fixture: &Fixture) {
    let server = declared(fixture).await;
    if fixture.has_containers() {
        server.start().await;
        // The first words of `initdb`, which takes a while.
        until_line_with(fixture, "db", |line| line.contains("The files")).await;
        inside::kill_main_process(fixture, "db").await;
        server.start_again().await;
        until_ready(&server).await;
        let log = all_lines(fixture, "db").await.join("\n");
        assert!(log.contains("beginning anew"), "{log}");
        return;
    }
    let volume = home().volume(&fixture.identity.id, "data");
    let left = volume.join("pgdata.new-1/data");
    fs_err::create_dir_all(&left).unwrap();
    fs_err::write(left.join("PG_VERSION"), "15\n").unwrap();
    server.start().await;
    until_ready(&server).await;
    assert!(!left.exists());
    let data = volume.join("pgdata");
    assert!(data.join("PG_VERSION").exists());
}

/// On Docker the server itself refuses the data; as a process, another server would be taken, and
/// there is none.
pub(crate) async fn data_of_another_major_version_is_refused(fixture: &Fixture) {
    if fixture.has_containers() {
        let volume = Resource::Volume("data".to_owned());
        fixture.engine.ensure(&volume).await.unwrap();
        let mut writer = service("writer");
        writer.mounts = vec![data_on(MOUNT)];
        let folder = format!("{MOUNT}/pgdata");
        let script = format!(
            "mkdir {folder}; echo 9.6 > {folder}/PG_VERSION; true > {folder}/postgresql.conf"
        );
        fixture.start(&writer, &script).await;
        fixture.ended_with("writer", 0).await;
        let server = declared(fixture).await;
        server.start().await;
        fixture.ended_with("db", 1).await;
        let log = all_lines(fixture, "db").await.join("\n");
        assert!(
            log.contains("initialized by PostgreSQL version 9.6"),
            "{log}"
        );
        return;
    }
    // Of this machine's own servers none is asked before the data is.
    declared(fixture).await;
    let volume = home().volume(&fixture.identity.id, "data");
    fs_err::create_dir_all(volume.join("pgdata")).unwrap();
    fs_err::write(volume.join("pgdata/PG_VERSION"), "9.6\n").unwrap();
    let choice = ServerChoice {
        volume: Some("data".to_owned()),
        ..ServerChoice::default()
    };
    let spec = Provision::Program(Box::new(ProgramSpec {
        service: "db".to_owned(),
        program: Program::Postgres(choice),
    }));
    let outcome = fixture
        .ensure(&spec, &std::collections::BTreeMap::new())
        .await
        .0;
    let Err(Error::Program { reason, hint, .. }) = outcome else {
        panic!("{outcome:?}");
    };
    let expect = "the volume `data` holds data of PostgreSQL 9, which no other version reads";
    assert!(reason.contains(expect), "{reason}");
    assert!(hint.unwrap().contains("envctl down --volumes"));
}
