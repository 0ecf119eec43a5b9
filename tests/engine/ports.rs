//! Ports on the host.

use std::net::{Ipv4Addr, TcpListener};

use envctl::engine::{Error, HeldBy, PortHolder, PublishedPort};
use envctl::model::HostPort;

use crate::fixture::{Fixture, until};
use crate::inside;
use crate::networking::{LOOPBACK, SERVER, free_port, read_from, server};

pub(crate) async fn a_port_is_published_on_loopback(fixture: &Fixture) {
    fixture
        .start(&server("server", HostPort::Any), SERVER)
        .await;
    let address = fixture.engine.address("server", "talk").await.unwrap();
    assert_eq!(address.ip(), LOOPBACK);
    assert_eq!(read_from(address).await, "hello");
    let published = PublishedPort {
        container: 7000,
        bind: LOOPBACK,
        host: address.port(),
    };
    let seen = fixture.observe().await;
    assert_eq!(seen.services[0].ports["talk"], published);
    let missing = fixture.engine.address("server", "other").await;
    assert!(matches!(missing, Err(Error::NoPort { .. })));
}

pub(crate) async fn what_a_service_listens_on_is_seen(fixture: &Fixture) {
    fixture.idle("idle").await;
    let listeners = async |name| {
        fixture
            .engine
            .inside()
            .unwrap()
            .listeners(name)
            .await
            .unwrap()
            .unwrap()
    };
    assert_eq!(listeners("idle").await, []);
    fixture
        .start(&server("server", HostPort::Any), SERVER)
        .await;
    let port = if fixture.engine.capabilities().proxied_ports {
        7000
    } else {
        let address = fixture.engine.address("server", "talk").await;
        address.unwrap().port()
    };
    until("it is seen", async || {
        let seen = listeners("server").await;
        seen.len() == 1 && seen[0].port() == port
    })
    .await;
}

async fn port_after_a_restart(fixture: &Fixture, host: HostPort) -> (u16, u16) {
    let port = async || {
        let address = fixture.engine.address("server", "talk").await.unwrap();
        assert_eq!(read_from(address).await, "hello");
        address.port()
    };
    fixture.start(&server("server", host), SERVER).await;
    let before = port().await;
    fixture.engine.stop("server").await.unwrap();
    fixture.engine.start("server").await.unwrap();
    (before, port().await)
}

pub(crate) async fn a_declared_port_is_kept_over_a_stop_and_a_start(fixture: &Fixture) {
    let declared = free_port();
    let ports = port_after_a_restart(fixture, HostPort::Fixed(declared)).await;
    assert_eq!(ports, (declared, declared));
}

pub(crate) async fn a_chosen_port_is_kept_over_a_stop_and_a_start(fixture: &Fixture) {
    let (before, after) = port_after_a_restart(fixture, HostPort::Any).await;
    assert_eq!(before, after);
    // As it is when the service is created again.
    fixture
        .start(&server("server", HostPort::Any), SERVER)
        .await;
    let address = fixture.engine.address("server", "talk").await.unwrap();
    assert_eq!(address.port(), before);
}

fn check_taken(error: Result<(), Error>, (name, taken, expect): (&str, u16, &PortHolder)) {
    let Err(Error::PortTaken {
        service,
        port,
        bind,
        holder,
        ..
    }) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((service.as_str(), port, &holder), (name, taken, expect));
    assert_eq!(bind, "127.0.0.1");
}

pub(crate) async fn a_taken_port_names_the_process(fixture: &Fixture) {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let holder = process(std::process::id());
    let spec = server("server", HostPort::Fixed(port));
    // Before any work is done, and again when it comes to the start.
    let early = fixture.engine.check(&spec).await;
    check_taken(early, ("server", port, &holder));
    fixture.create(&spec, SERVER).await;
    let late = fixture.engine.start("server").await;
    check_taken(late, ("server", port, &holder));
    // As soon as it is free, the same service starts.
    drop(listener);
    fixture.engine.check(&spec).await.unwrap();
    fixture.engine.start("server").await.unwrap();
    let address = fixture.engine.address("server", "talk").await.unwrap();
    assert_eq!(address.port(), port);
}

fn process(pid: u32) -> PortHolder {
    let command = fs_err::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    let command = command.trim_end().to_owned();
    let of = None;
    PortHolder::Process { pid, command, of }
}

pub(crate) async fn a_taken_port_names_the_other_service(fixture: &Fixture) {
    let port = free_port();
    fixture
        .start(&server("first", HostPort::Fixed(port)), SERVER)
        .await;
    let address = fixture.engine.address("first", "talk").await.unwrap();
    read_from(address).await;
    let id = fixture.identity.id.to_string();
    let name = format!("envctl-{id}-first");
    let of = Some(HeldBy {
        id,
        service: "first".to_owned(),
        workspace: Some(fixture.identity.workspace.clone()),
    });
    let holder = if fixture.has_containers() {
        PortHolder::Container { name, of }
    } else {
        match process(inside::main_process(fixture, "first").await) {
            PortHolder::Process { pid, command, .. } => PortHolder::Process { pid, command, of },
            other => other,
        }
    };
    fixture
        .create(&server("second", HostPort::Fixed(port)), SERVER)
        .await;
    let error = fixture.engine.start("second").await;
    check_taken(error, ("second", port, &holder));
}

pub(crate) async fn ports_of_one_service_are_not_given_to_another(fixture: &Fixture) {
    let specs = ["a", "b", "c", "d"].map(|name| server(name, HostPort::Any));
    let assigned = fixture.engine.assign(&specs).await.unwrap();
    let other = fixture.beside("other").await;
    let others = other.engine.assign(&specs).await.unwrap();
    let mut ports: Vec<u16> = assigned.values().map(std::net::SocketAddr::port).collect();
    ports.extend(others.values().map(std::net::SocketAddr::port));
    assert_eq!(ports.len(), 8);
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 8);
    // Asked again, it says the same.
    assert_eq!(fixture.engine.assign(&specs).await.unwrap(), assigned);
}
