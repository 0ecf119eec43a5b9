//! A daemon whose answers go wrong on their way, by a proxy before the real one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use envctl::engine::docker::{Daemon, Docker, Endpoint};
use envctl::engine::{Engine as _, Error, LogOptions, Removal, Resource, ServiceState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

use crate::declare::service;
use crate::fixture::Fixture;
use crate::place::endpoint;

/// How the answer to a request goes wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// The connection is closed, and the daemon never heard the request.
    Closed,
    /// 500.
    Refused,
    /// Only half of the answer comes.
    Cut,
    /// The daemon does what it is told, and its answer never comes.
    Lost,
    /// The daemon ends, and its socket goes with it.
    Gone,
    /// A list without an end.
    Endless,
    /// A frame of output that is said to have 4 GB.
    Huge,
}

/// Spoils the first so many answers to requests that begin with a word.
struct Proxy {
    method: &'static str,
    fault: Fault,
    left: AtomicU32,
    ended: CancellationToken,
    /// How many bytes of answers without an end were sent.
    poured: AtomicUsize,
}

impl Proxy {
    /// Stands before the daemon on a socket of its own.
    fn listen(self, path: &Path) -> Arc<Self> {
        let listener = UnixListener::bind(path).unwrap();
        let proxy = Arc::new(self);
        let serving = Arc::clone(&proxy);
        let path = path.to_owned();
        tokio::spawn(async move {
            loop {
                let stream = tokio::select! {
                    () = serving.ended.cancelled() => break,
                    accepted = listener.accept() => accepted.unwrap().0,
                };
                let proxy = Arc::clone(&serving);
                tokio::spawn(async move { proxy.serve(stream).await });
            }
            fs_err::remove_file(path).unwrap();
        });
        proxy
    }

    /// Hands one request on, and its answer back.
    async fn serve(&self, mut stream: UnixStream) {
        let mut head = Vec::new();
        while !head.windows(4).any(|it| it == b"\r\n\r\n") {
            if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let is_meant = head.starts_with(self.method.as_bytes())
            && !head.windows(8).any(|it| it == b"/version");
        let take = |left: u32| left.checked_sub(1);
        let spoils = is_meant && {
            let taken = self
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
            taken.is_ok()
        };
        if spoils && matches!(self.fault, Fault::Closed) {
            return;
        }
        if spoils && matches!(self.fault, Fault::Gone) {
            self.ended.cancel();
            return;
        }
        if spoils && matches!(self.fault, Fault::Refused) {
            let body = "{\"message\":\"it stumbles\"}";
            let answer = format!(
                "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
            return;
        }
        if spoils && matches!(self.fault, Fault::Endless | Fault::Huge) {
            return self.pour(stream).await;
        }
        // One request for each connection.
        let line = head.windows(2).position(|it| it == b"\r\n").unwrap() + 2;
        head.splice(line..line, *b"Connection: close\r\n");
        let Endpoint::Unix(socket) = endpoint();
        while head.len() < whole_length(&head) {
            if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let mut daemon = UnixStream::connect(socket).await.unwrap();
        daemon.write_all(&head).await.unwrap();
        if !spoils {
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut daemon).await;
            return;
        }
        let mut answer = Vec::new();
        daemon.read_to_end(&mut answer).await.unwrap();
        if matches!(self.fault, Fault::Cut) {
            let _ = stream.write_all(&answer[..answer.len() / 2]).await;
        }
    }
}

/// What an answer without an end has until somebody stops it.
const POURED_BYTES_MAX: usize = 512 * 1024 * 1024;

impl Proxy {
    /// Sends an answer that goes on until nobody takes it any more.
    async fn pour(&self, mut stream: UnixStream) {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                    Connection: close\r\n\r\n";
        let begin: &[u8] = match self.fault {
            Fault::Huge => &[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
            _ => b"[",
        };
        let mut more = stream.write_all(&[head.as_bytes(), begin].concat()).await;
        let piece = b"{\"Id\":\"1\"},".repeat(8192);
        while more.is_ok() && self.poured.load(Ordering::SeqCst) < POURED_BYTES_MAX {
            self.poured.fetch_add(piece.len(), Ordering::SeqCst);
            more = stream.write_all(&piece).await;
        }
    }
}

/// Returns how long a request is with its body.
fn whole_length(request: &[u8]) -> usize {
    let end = request.windows(4).position(|it| it == b"\r\n\r\n");
    let end = end.expect("the head is whole") + 4;
    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    end + length.map_or(0, |length| length.trim().parse().unwrap())
}

/// Returns the engine of the same instance behind a proxy.
async fn behind(
    fixture: &Fixture,
    method: &'static str,
    fault: Fault,
    times: u32,
) -> (Docker, Arc<Proxy>) {
    static SOCKETS: AtomicU32 = AtomicU32::new(0);
    let number = SOCKETS.fetch_add(1, Ordering::SeqCst);
    let path = fixture.path(&format!("{number}.sock"));
    let proxy = Proxy {
        method,
        fault,
        left: AtomicU32::new(0),
        ended: CancellationToken::new(),
        poured: AtomicUsize::new(0),
    };
    let proxy = proxy.listen(&path);
    let daemon = Daemon::connect(&Endpoint::Unix(path)).await;
    proxy.left.store(times, Ordering::SeqCst);
    (daemon.unwrap().engine(fixture.identity.clone()), proxy)
}

pub(crate) async fn a_look_whose_answer_breaks_off_is_taken_again(fixture: &Fixture) {
    fixture.idle("idle").await;
    for fault in [Fault::Closed, Fault::Refused, Fault::Cut, Fault::Lost] {
        let (engine, proxy) = behind(fixture, "GET", fault, 3).await;
        let seen = engine.observe().await.unwrap();
        assert_eq!(seen.services.len(), 1, "{fault:?}");
        assert_eq!(proxy.left.load(Ordering::SeqCst), 0, "{fault:?}");
        let state = engine.state("idle").await.unwrap();
        assert_eq!(state, Some(ServiceState::Running), "{fault:?}");
    }
    // Not for ever.
    let (engine, _proxy) = behind(fixture, "GET", Fault::Refused, u32::MAX).await;
    let error = engine.state("idle").await.unwrap_err();
    assert!(error.to_string().contains("cannot look at"), "{error}");
}

pub(crate) async fn a_change_whose_answer_is_lost_is_looked_at(fixture: &Fixture) {
    fixture.idle("idle").await;
    for fault in [Fault::Lost, Fault::Closed] {
        let (engine, _proxy) = behind(fixture, "POST", fault, 1).await;
        engine.stop("idle").await.unwrap();
        let state = fixture.state("idle").await;
        assert!(
            matches!(state, Some(ServiceState::Exited { .. })),
            "{state:?}"
        );
        let (engine, _proxy) = behind(fixture, "POST ", fault, 1).await;
        engine.start("idle").await.unwrap();
        assert_eq!(fixture.state("idle").await, Some(ServiceState::Running));
        let pulse = fixture.engine.pulse("idle").await.unwrap().unwrap();
        assert_eq!(pulse.restarts, 0, "{fault:?}");
    }
    for fault in [Fault::Lost, Fault::Closed] {
        fixture.idle("other").await;
        let seen = fixture.observe().await;
        let other = seen.services.iter().find(|it| it.name == "other").unwrap();
        let handle = other.handle.clone();
        let (engine, _proxy) = behind(fixture, "DELETE", fault, 1).await;
        engine.remove(&Removal::Service { handle }).await.unwrap();
        assert_eq!(fixture.state("other").await, None, "{fault:?}");
    }
}

fn networks(fixture: &Fixture) -> Vec<String> {
    let filter = format!("label=envctl.id={}", fixture.identity.id);
    let mut docker = std::process::Command::new("docker");
    let listed = docker.args(["network", "ls", "-q", "--filter", &filter]);
    let listed = listed.output().unwrap();
    assert!(listed.status.success());
    let text = String::from_utf8(listed.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

pub(crate) async fn a_making_whose_answer_is_lost_makes_nothing_twice(fixture: &Fixture) {
    for fault in [Fault::Lost, Fault::Cut, Fault::Closed] {
        let (engine, proxy) = behind(fixture, "POST", fault, 1).await;
        engine.ensure(&Resource::Network).await.unwrap();
        assert_eq!(proxy.left.load(Ordering::SeqCst), 0, "{fault:?}");
        let networks = networks(fixture);
        assert_eq!(networks.len(), 1, "{fault:?}: {networks:?}");
        let handle = fixture.observe().await.network.unwrap();
        let launch = fixture.launch("sleep 300");
        proxy.left.store(1, Ordering::SeqCst);
        engine.create(&service("made"), &launch).await.unwrap();
        assert_eq!(proxy.left.load(Ordering::SeqCst), 0, "{fault:?}");
        let seen = fixture.observe().await.services;
        let made: Vec<&str> = seen.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(made, ["made"], "{fault:?}");
        engine.start("made").await.unwrap();
        assert_eq!(fixture.state("made").await, Some(ServiceState::Running));
        let service = seen[0].handle.clone();
        let removal = Removal::Service { handle: service };
        fixture.engine.remove(&removal).await.unwrap();
        let removal = Removal::Network { handle };
        fixture.engine.remove(&removal).await.unwrap();
    }
}

pub(crate) async fn a_daemon_that_goes_during_a_removal_is_told_soon(fixture: &Fixture) {
    fixture.idle("idle").await;
    let seen = fixture.observe().await;
    let removals = [
        Removal::Service {
            handle: seen.services[0].handle.clone(),
        },
        Removal::Network {
            handle: seen.network.unwrap(),
        },
        Removal::Volume {
            handle: "none-of-this-name".to_owned(),
        },
    ];
    for removal in &removals {
        let (engine, _proxy) = behind(fixture, "DELETE", Fault::Gone, u32::MAX).await;
        let begun = Instant::now();
        let error = engine.remove(removal).await.unwrap_err();
        assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(3), "{removal:?}");
    }
    // One that is there and never answers is asked again for a while.
    let (engine, _proxy) = behind(fixture, "DELETE", Fault::Closed, u32::MAX).await;
    let begun = Instant::now();
    let error = engine.remove(&removals[0]).await.unwrap_err();
    assert!(error.to_string().contains("cannot remove"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(9));
    assert_eq!(fixture.state("idle").await, Some(ServiceState::Running));
}

pub(crate) async fn an_answer_without_an_end_is_refused(fixture: &Fixture) {
    fixture.idle("idle").await;
    let (engine, proxy) = behind(fixture, "GET", Fault::Endless, u32::MAX).await;
    let error = engine.observe().await.unwrap_err();
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        why,
        "the daemon's answer has no end: it has more than 32 MiB"
    );
    let poured = proxy.poured.load(Ordering::SeqCst);
    // Asked for once; what of others is on its way at that moment comes, too.
    assert!(poured < 256 * 1024 * 1024, "{poured}");
    let (engine, proxy) = behind(fixture, "GET", Fault::Huge, u32::MAX).await;
    let (sender, mut lines) = tokio::sync::mpsc::channel(8);
    let error = engine
        .inside()
        .unwrap()
        .logs("idle", LogOptions::default(), sender)
        .await;
    let error = error.unwrap_err();
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        why,
        "the daemon's answer has no end: it has more than 4 MiB"
    );
    assert!(lines.recv().await.is_none());
    let poured = proxy.poured.load(Ordering::SeqCst);
    assert!(poured < 8 * 1024 * 1024, "{poured}");
}

pub(crate) async fn output_without_an_end_is_no_answer_without_one(fixture: &Fixture) {
    fixture.idle("idle").await;
    // More than a piece may have, in many of them.
    let count = 16 * 1024 * 1024;
    let script = format!("yes 0123456789 | head -c {count}; echo end >&2");
    let outcome = fixture.exec("idle", &["sh", "-c", &script]).await;
    assert_eq!(outcome.exit_code, 0);
    assert!(outcome.stderr.starts_with(b"end"));
    let script = format!("yes 0123456789 | head -c {count}; echo; echo the end");
    fixture.start(&service("talks"), &script).await;
    fixture.ended_with("talks", 0).await;
    let (sender, mut lines) = tokio::sync::mpsc::channel(8);
    let reading = fixture
        .engine
        .inside()
        .unwrap()
        .logs("talks", LogOptions::default(), sender);
    let last = async {
        let mut last = None;
        while let Some(line) = lines.recv().await {
            last = Some(line.line);
        }
        last
    };
    let (read, last) = futures_util::future::join(reading, last).await;
    read.unwrap();
    assert_eq!(last.as_deref(), Some("the end"));
}
