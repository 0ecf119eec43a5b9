//! Creating, starting, stopping, replacing and removing services.

use std::time::{Duration, Instant};

use envctl::config::model::Restart;
use envctl::engine::{Error, Exec, LogOptions, Removal, Role, ServiceState};

use crate::daemon;
use crate::fixture::{Fixture, secrets, service};

pub(crate) async fn a_created_service_is_observed_with_all_its_labels(fixture: &Fixture) {
    let mut task = service("second");
    task.role = Role::Task;
    task.order = 2;
    fixture.create(&task, "true").await;
    fixture.create(&service("first"), "true").await;

    let seen = fixture.observe().await;
    assert!(seen.network.is_some());
    let names: Vec<&str> = seen.services.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["first", "second"]);
    let second = &seen.services[1];
    assert_eq!(second.role, Role::Task);
    assert_eq!(second.order, 2);
    assert_eq!(second.hash, "0123");
    assert_eq!(second.image, fixture.busybox);
    assert_eq!(second.state, ServiceState::Created);
    assert_eq!(second.profiles, fixture.identity.profiles);
    assert_eq!(second.sets, fixture.identity.sets);

    let container = daemon::get(&format!("/containers/{}/json", second.handle)).await;
    let labels = &container["Config"]["Labels"];
    let id = &fixture.identity.id;
    assert_eq!(labels["envctl"], "1");
    assert_eq!(labels["envctl.id"], id.to_string());
    assert_eq!(labels["envctl.environment"], id.environment);
    assert_eq!(labels["envctl.instance"], id.instance);
    let workspace = fixture.identity.workspace.to_str().unwrap();
    assert_eq!(labels["envctl.workspace"], workspace);
    assert_eq!(labels["envctl.schema"], "1");
    assert_eq!(container["Name"], format!("/envctl-{id}-second"));
}

pub(crate) async fn a_started_service_runs(fixture: &Fixture) {
    assert_eq!(fixture.state("idle").await, None);
    fixture.idle("idle").await;
    assert_eq!(fixture.state("idle").await, Some(ServiceState::Running));
    // Starting again is no mistake.
    fixture.engine.start("idle").await.unwrap();
}

pub(crate) async fn an_exit_code_is_observed(fixture: &Fixture) {
    fixture.start(&service("ends"), "exit 7").await;
    let ended = ServiceState::Exited {
        code: 7,
        out_of_memory: false,
    };
    fixture.eventually("ends", ended).await;
    assert_eq!(fixture.observe().await.services[0].state, ended);
}

pub(crate) async fn a_stop_uses_the_services_signal(fixture: &Fixture) {
    let mut spec = service("polite");
    spec.stop_signal = Some("SIGINT".to_owned());
    spec.stop_grace_period = Duration::from_secs(15);
    let script = "trap 'exit 42' INT; echo ready; while true; do sleep 0.05; done";
    fixture.start(&spec, script).await;
    crate::logging::until_line(fixture, "polite", "ready").await;
    fixture.engine.stop("polite").await.unwrap();
    let expect = ServiceState::Exited {
        code: 42,
        out_of_memory: false,
    };
    assert_eq!(fixture.state("polite").await, Some(expect));
    // Stopping again is no mistake.
    fixture.engine.stop("polite").await.unwrap();
}

pub(crate) async fn a_stop_kills_after_the_grace_period(fixture: &Fixture) {
    let script = "trap '' TERM; echo ready; while true; do sleep 0.05; done";
    fixture.start(&service("deaf"), script).await;
    crate::logging::until_line(fixture, "deaf", "ready").await;
    let start = Instant::now();
    fixture.engine.stop("deaf").await.unwrap();
    let waited = start.elapsed();
    assert!(waited > Duration::from_millis(900), "{waited:?}");
    assert!(waited < Duration::from_secs(8), "{waited:?}");
    let expect = ServiceState::Exited {
        code: 137,
        out_of_memory: false,
    };
    assert_eq!(fixture.state("deaf").await, Some(expect));
}

pub(crate) async fn creating_again_replaces(fixture: &Fixture) {
    fixture.idle("idle").await;
    let before = fixture.observe().await.services;
    let mut launch = fixture.launch("true");
    "4567".clone_into(&mut launch.hash);
    fixture
        .engine
        .create(&service("idle"), &launch)
        .await
        .unwrap();
    let after = fixture.observe().await.services;
    assert_eq!(after.len(), 1);
    assert_ne!(after[0].handle, before[0].handle);
    assert_eq!(after[0].hash, "4567");
    assert_eq!(after[0].state, ServiceState::Created);
}

pub(crate) async fn a_container_of_someone_else_is_not_replaced(fixture: &Fixture) {
    fixture.network().await;
    let name = format!("envctl-{}-mine", fixture.identity.id);
    let body = format!(r#"{{"Image":"{}","Cmd":["true"]}}"#, fixture.busybox.id);
    let path = format!("/containers/create?name={name}");
    let (status, _) = daemon::request("POST", &path, &body).await;
    assert_eq!(status, 201);

    let spec = service("mine");
    let refused = fixture.engine.create(&spec, &fixture.launch("true")).await;
    let state = fixture.state("mine").await;
    daemon::request("DELETE", &format!("/containers/{name}"), "").await;
    let Err(Error::NameTaken {
        service,
        name: taken,
        instance,
        ..
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!((service.as_str(), taken, instance), ("mine", name, None));
    assert_eq!(state, None);
}

pub(crate) async fn a_program_that_is_missing_is_a_start_failure(fixture: &Fixture) {
    fixture.network().await;
    let mut launch = fixture.launch("");
    launch.command = Some(secrets(&["/no/such/program"]));
    fixture
        .engine
        .create(&service("broken"), &launch)
        .await
        .unwrap();
    let error = fixture.engine.start("broken").await;
    let Err(Error::Start { service, reason }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(service, "broken");
    assert!(reason.contains("/no/such/program"), "{reason}");
}

pub(crate) async fn a_missing_service_is_told_from_a_stopped_one(fixture: &Fixture) {
    let engine = &fixture.engine;
    let exec = Exec {
        command: vec!["true".to_owned()],
        ..Exec::default()
    };
    let (sink, _lines) = tokio::sync::mpsc::channel(1);
    engine.stop("x").await.unwrap();
    assert!(matches!(
        engine.start("x").await,
        Err(Error::NoService { .. })
    ));
    assert!(matches!(
        engine.exec("x", &exec).await,
        Err(Error::NoService { .. })
    ));
    assert!(matches!(
        engine.address("x", "http").await,
        Err(Error::NoService { .. })
    ));
    let logs = engine.logs("x", LogOptions::default(), sink).await;
    assert!(matches!(logs, Err(Error::NoService { .. })));

    fixture.create(&service("x"), "true").await;
    assert!(matches!(
        engine.exec("x", &exec).await,
        Err(Error::NotRunning { .. })
    ));
    assert!(matches!(
        engine.address("x", "http").await,
        Err(Error::NotRunning { .. })
    ));
}

pub(crate) async fn removing_leaves_nothing(fixture: &Fixture) {
    let volume = envctl::engine::Resource::Volume("data".to_owned());
    fixture.engine.ensure(&volume).await.unwrap();
    fixture.engine.ensure(&volume).await.unwrap();
    fixture.network().await;
    fixture.network().await;
    fixture.idle("a").await;
    fixture.idle("b").await;
    let seen = fixture.observe().await;
    assert_eq!((seen.services.len(), seen.volumes.len()), (2, 1));

    fixture.take_away().await;
    assert_eq!(fixture.observe().await, envctl::engine::Observed::default());
    // Removing what is gone is no mistake.
    let handle = seen.services[0].handle.clone();
    let removal = Removal::Service { handle };
    fixture.engine.remove(&removal).await.unwrap();
    let handle = seen.network.unwrap();
    let removal = Removal::Network { handle };
    fixture.engine.remove(&removal).await.unwrap();
    let handle = seen.volumes["data"].clone();
    fixture
        .engine
        .remove(&Removal::Volume { handle })
        .await
        .unwrap();
}

pub(crate) async fn a_restarting_service_stays_stopped(fixture: &Fixture) {
    let mut spec = service("crashing");
    spec.restart = Restart::Always;
    fixture.start(&spec, "exit 3").await;
    fixture
        .eventually("crashing", ServiceState::Restarting)
        .await;
    fixture.engine.stop("crashing").await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let state = fixture.state("crashing").await;
    assert!(
        matches!(state, Some(ServiceState::Exited { .. })),
        "{state:?}"
    );
}
