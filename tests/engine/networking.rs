//! The instance's network, and ports on the host.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use envctl::config::model::HostPort;
use envctl::engine::{
    Error, Observed, PortHolder, PortSpec, PublishedPort, Removal, Resource, ServiceSpec,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::fixture::{Fixture, service, text};

/// Says hello to everyone who asks.
const SERVER: &str = "echo hello > /tmp/index.html; exec httpd -f -p 7000 -h /tmp";

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn server(name: &str, host: HostPort) -> ServiceSpec {
    let mut spec = service(name);
    spec.ports = vec![PortSpec {
        name: "talk".to_owned(),
        container: 7000,
        host,
        bind: LOOPBACK,
    }];
    spec
}

/// Connects until the server behind the port is there.
async fn read_from(address: SocketAddr) -> String {
    for _ in 0..200 {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            let mut answer = Vec::new();
            let _ = stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await;
            let _ = stream.read_to_end(&mut answer).await;
            if let Some((_, body)) = text(&answer).split_once("\r\n\r\n") {
                return body.to_owned();
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("nothing answers on {address}");
}

pub(crate) async fn replicas_share_the_name_of_their_service(fixture: &Fixture) {
    for name in ["server", "server-2"] {
        let mut spec = service(name);
        "server".clone_into(&mut spec.service);
        let script = format!("echo {name} > /tmp/index.html; exec httpd -f -p 7000 -h /tmp");
        fixture.start(&spec, &script).await;
    }
    fixture.idle("client").await;
    // The engine answers with any of them, so that all are met in the end.
    let script = "seen() { wget -qO- http://$1:7000/; }
        until [ \"$(seen server)\" = server ]; do sleep 0.05; done
        until [ \"$(seen server)\" = server-2 ]; do sleep 0.05; done
        seen server-2";
    let command = ["sh", "-c", script];
    let asking = fixture.exec("client", &command);
    let outcome = tokio::time::timeout(std::time::Duration::from_secs(20), asking).await;
    assert_eq!(text(&outcome.unwrap().stdout), "server-2");
    let seen = fixture.observe().await.services;
    let names = seen
        .iter()
        .map(|it| (it.name.as_str(), it.service.as_str()));
    let names: Vec<_> = names.collect();
    let expect = [
        ("client", "client"),
        ("server", "server"),
        ("server-2", "server"),
    ];
    assert_eq!(names, expect);
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((LOOPBACK, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

pub(crate) async fn services_find_each_other_by_name(fixture: &Fixture) {
    fixture.start(&service("server"), SERVER).await;
    fixture.idle("client").await;
    let script = "for i in 1 2 3 4 5 6 7 8 9; do
        wget -qO- http://server:7000/ && exit; sleep 0.2; done; exit 1";
    let outcome = fixture.exec("client", &["sh", "-c", script]).await;
    assert_eq!((outcome.exit_code, text(&outcome.stdout)), (0, "hello"));
    let outcome = fixture.exec("client", &["hostname"]).await;
    assert_eq!(text(&outcome.stdout), "client");
}

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

async fn check_taken(fixture: &Fixture, name: &str, taken: u16, expect: PortHolder) {
    fixture
        .create(&server(name, HostPort::Fixed(taken)), SERVER)
        .await;
    let error = fixture.engine.start(name).await;
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
    let expect = (name, taken, "127.0.0.1", expect);
    assert_eq!((service.as_str(), port, bind.as_str(), holder), expect);
}

pub(crate) async fn a_taken_port_names_the_process(fixture: &Fixture) {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let pid = std::process::id();
    let command = fs_err::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    let command = command.trim_end().to_owned();
    check_taken(
        fixture,
        "server",
        port,
        PortHolder::Process { pid, command },
    )
    .await;
    // As soon as it is free, the same container starts.
    drop(listener);
    fixture.engine.start("server").await.unwrap();
    let address = fixture.engine.address("server", "talk").await.unwrap();
    assert_eq!(address.port(), port);
}

pub(crate) async fn a_taken_port_names_the_container(fixture: &Fixture) {
    let port = free_port();
    fixture
        .start(&server("first", HostPort::Fixed(port)), SERVER)
        .await;
    let id = fixture.identity.id.to_string();
    let holder = PortHolder::Container {
        name: format!("envctl-{id}-first"),
        instance: Some(id),
    };
    check_taken(fixture, "second", port, holder).await;
}

pub(crate) async fn two_instances_run_side_by_side(fixture: &Fixture) {
    let port = free_port();
    let spec = server("server", HostPort::Fixed(port));
    fixture.start(&spec, SERVER).await;
    let other = fixture.beside("other").await;
    other.start(&spec, SERVER).await;

    let first = fixture.engine.address("server", "talk").await.unwrap();
    let second = other.engine.address("server", "talk").await.unwrap();
    let answers = (read_from(first).await, read_from(second).await);
    let seen = (fixture.observe().await, other.observe().await);

    assert_eq!(first.port(), port);
    assert_ne!(second.port(), port);
    assert_eq!(answers, ("hello".to_owned(), "hello".to_owned()));
    assert_eq!((seen.0.services.len(), seen.1.services.len()), (1, 1));
    assert_ne!(seen.0.network, seen.1.network);
    // Taking one away leaves the other.
    other.take_away().await;
    let left = fixture.state("server").await;
    assert_eq!(left, Some(envctl::engine::ServiceState::Running));
}

pub(crate) async fn a_service_starts_on_a_network_that_was_made_anew(fixture: &Fixture) {
    fixture.idle("idle").await;
    fixture.engine.stop("idle").await.unwrap();
    // As `docker network prune` does.
    let handle = fixture.observe().await.network.unwrap();
    let removal = Removal::Network { handle };
    fixture.engine.remove(&removal).await.unwrap();
    fixture.network().await;
    fixture.engine.start("idle").await.unwrap();
    let script = "httpd -p 7000; wget -q -O - http://idle:7000/etc/passwd";
    let answer = fixture.exec("idle", &["sh", "-c", script]).await;
    assert!(text(&answer.stdout).starts_with("root:"), "{answer:?}");
}

pub(crate) async fn instances_whose_names_read_alike_are_told_apart(fixture: &Fixture) {
    let one = fixture.renamed("rates", "dev-x").await;
    let other = fixture.renamed("rates-dev", "x").await;
    // `rates-dev-x-…` both, so only the digits tell them apart.
    assert_ne!(one.identity.id.to_string(), other.identity.id.to_string());
    let volume = Resource::Volume("data".to_owned());
    one.engine.ensure(&volume).await.unwrap();
    one.idle("idle").await;
    assert_eq!(other.observe().await, Observed::default());
    assert_eq!(other.state("idle").await, None);
    other.engine.ensure(&volume).await.unwrap();
    let volumes = (one.observe().await.volumes, other.observe().await.volumes);
    assert_ne!(volumes.0, volumes.1);
}
