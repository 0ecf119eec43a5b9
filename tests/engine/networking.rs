//! How services reach each other, and instances side by side.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use envctl::engine::{Observed, Removal, Resource, ServiceSpec, ServiceState};
use envctl::model::HostPort;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::declare::{port, service, text};
use crate::fixture::Fixture;

/// Says hello to everyone who asks.
pub(crate) const SERVER: &str =
    "echo hello > $SCRATCH/index.html; exec httpd -f -p $LISTEN -h $SCRATCH";

pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub(crate) fn server(name: &str, host: HostPort) -> ServiceSpec {
    let mut spec = service(name);
    spec.ports = vec![port("talk", 7000, host)];
    spec
}

/// Connects until the server behind the port is there.
pub(crate) async fn read_from(address: SocketAddr) -> String {
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

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((LOOPBACK, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

pub(crate) async fn services_reach_each_other(fixture: &Fixture) {
    let spec = server("server", HostPort::Any);
    let specs = [spec.clone()];
    let assigned = fixture.engine.assign(&specs).await.unwrap();
    let key = ("server".to_owned(), "talk".to_owned());
    // Known before anything is created, since it goes into the environment of others.
    let place = assigned.get(&key).map(ToString::to_string);
    assert_eq!(place.is_none(), fixture.has_containers());
    let place = place.unwrap_or_else(|| "server:7000".to_owned());
    fixture.start(&spec, SERVER).await;
    fixture.idle("client").await;
    let script = format!(
        "for i in 1 2 3 4 5 6 7 8 9; do
        wget -qO- http://{place}/ && exit; sleep 0.2; done; exit 1"
    );
    let outcome = fixture.exec("client", &["sh", "-c", &script]).await;
    assert_eq!((outcome.exit_code, text(&outcome.stdout)), (0, "hello"));
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
        echo $(seen server-2) $(seen 1.server) $(seen 2.server)";
    let command = ["sh", "-c", script];
    let asking = fixture.exec("client", &command);
    let outcome = tokio::time::timeout(std::time::Duration::from_secs(20), asking).await;
    let told = outcome.unwrap().stdout;
    assert_eq!(text(&told), "server-2 server server-2");
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

pub(crate) async fn a_service_has_its_name_as_hostname(fixture: &Fixture) {
    fixture.idle("client").await;
    let outcome = fixture.exec("client", &["hostname"]).await;
    assert_eq!(text(&outcome.stdout), "client");
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
    assert!(seen.0.network.is_none() || seen.0.network != seen.1.network);
    // Taking one away leaves the other.
    other.take_away().await;
    assert_eq!(fixture.state("server").await, Some(ServiceState::Running));
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
