//! Creating, starting, replacing and removing services.

use envctl::engine::{Error, Exec, LogOptions, Observed, Removal, Role, ServiceState};

use crate::daemon;
use crate::declare::{secrets, service};
use crate::fixture::{Fixture, exited};
use crate::inside;

pub(crate) async fn a_created_service_is_observed_with_all_it_was_created_with(fixture: &Fixture) {
    let mut task = service("second");
    task.role = Role::Task;
    task.order = 2;
    fixture.create(&task, "true").await;
    fixture.create(&service("first"), "true").await;

    let seen = fixture.observe().await;
    let names: Vec<&str> = seen.services.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["first", "second"]);
    let second = &seen.services[1];
    assert_eq!(second.role, Role::Task);
    assert_eq!(second.order, 2);
    assert_eq!(second.hash, "0123");
    assert_eq!(second.image, fixture.busybox);
    assert_eq!(second.state, ServiceState::Created);
    assert_eq!(second.made.profiles, fixture.identity.profiles);
    assert_eq!(second.made.sets, fixture.identity.sets);
    assert!(second.made.created.is_some());
    assert_eq!(seen.network.is_some(), fixture.has_containers());
}

pub(crate) async fn what_envctl_made_is_labelled(fixture: &Fixture) {
    fixture.create(&service("first"), "true").await;
    let seen = fixture.observe().await;
    let path = format!("/containers/{}/json", seen.services[0].handle);
    let container = daemon::get(&path).await;
    let labels = &container["Config"]["Labels"];
    let id = &fixture.identity.id;
    assert_eq!(labels["envctl"], "1");
    assert_eq!(labels["envctl.id"], id.to_string());
    assert_eq!(labels["envctl.environment"], id.environment);
    assert_eq!(labels["envctl.instance"], id.instance);
    let workspace = fixture.identity.workspace.to_str().unwrap();
    assert_eq!(labels["envctl.workspace"], workspace);
    assert_eq!(labels["envctl.schema"], "1");
    assert_eq!(container["Name"], format!("/envctl-{id}-first"));
}

pub(crate) async fn a_started_service_runs(fixture: &Fixture) {
    assert_eq!(fixture.state("idle").await, None);
    fixture.idle("idle").await;
    assert_eq!(fixture.state("idle").await, Some(ServiceState::Running));
    assert_eq!(fixture.observe().await.services[0].defect, None);
    // Starting again is no mistake, and changes nothing.
    let main = inside::main_process(fixture, "idle").await;
    fixture.engine.start("idle").await.unwrap();
    assert_eq!(inside::main_process(fixture, "idle").await, main);
}

pub(crate) async fn an_exit_code_is_observed(fixture: &Fixture) {
    fixture.start(&service("ends"), "exit 7").await;
    fixture.ended_with("ends", 7).await;
    assert_eq!(fixture.observe().await.services[0].state, exited(7));
}

pub(crate) async fn a_killed_service_ends_with_137(fixture: &Fixture) {
    fixture.idle("idle").await;
    inside::kill_main_process(fixture, "idle").await;
    fixture.ended_with("idle", 137).await;
    // It starts again when it is told to.
    fixture.engine.start("idle").await.unwrap();
    assert_eq!(fixture.state("idle").await, Some(ServiceState::Running));
}

pub(crate) async fn creating_again_replaces(fixture: &Fixture) {
    fixture.idle("idle").await;
    let before = fixture.observe().await.services;
    let main = inside::main_process(fixture, "idle").await;
    let mut launch = fixture.launch("true");
    "4567".clone_into(&mut launch.hash);
    fixture
        .engine
        .create(&service("idle"), &launch)
        .await
        .unwrap();
    let after = fixture.observe().await.services;
    assert_eq!(after.len(), 1);
    assert_ne!(after[0].made.created, before[0].made.created);
    assert_eq!(after[0].hash, "4567");
    assert_eq!(after[0].state, ServiceState::Created);
    assert!(!inside::lives(main));
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
    // Without a container it is known as soon as the service is created.
    let made = fixture.engine.create(&service("broken"), &launch).await;
    let error = match made {
        Ok(()) => fixture.engine.start("broken").await,
        made => made,
    };
    let Err(Error::Start { service, reason }) = error else {
        panic!("{error:?}");
    };
    assert_eq!(service, "broken");
    assert!(reason.contains("/no/such/program"), "{reason}");
    fixture.take_away().await;
    if !fixture.has_containers() {
        let folder = crate::place::home().instance(&fixture.identity.id);
        assert!(!folder.exists());
    }
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
        engine.inside().unwrap().exec("x", &exec).await,
        Err(Error::NoService { .. })
    ));
    assert!(matches!(
        engine.address("x", "http").await,
        Err(Error::NoService { .. })
    ));
    let logs = engine
        .inside()
        .unwrap()
        .logs("x", LogOptions::default(), sink)
        .await;
    assert!(matches!(logs, Err(Error::NoService { .. })));

    fixture.create(&service("x"), "true").await;
    assert!(matches!(
        engine.inside().unwrap().exec("x", &exec).await,
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
    let mut processes = inside::processes(fixture, "a").await;
    processes.extend(inside::processes(fixture, "b").await);

    fixture.take_away().await;
    assert_eq!(fixture.observe().await, Observed::default());
    let left: Vec<u32> = processes
        .into_iter()
        .filter(|it| inside::lives(*it))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    if !fixture.has_containers() {
        let folder = crate::place::home().instance(&fixture.identity.id);
        assert!(!folder.exists());
    }
    // Removing what is gone is no mistake.
    let handle = seen.services[0].handle.clone();
    let mut removals = vec![Removal::Service { handle }];
    removals.extend(seen.network.map(|handle| Removal::Network { handle }));
    let handle = seen.volumes["data"].clone();
    removals.push(Removal::Volume { handle });
    for removal in removals {
        fixture.engine.remove(&removal).await.unwrap();
    }
}
