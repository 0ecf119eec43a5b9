//! A daemon whose answers go wrong on their way, by a proxy before the real one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use envctl::engine::docker::{Docker, Endpoint, connect};
use envctl::engine::{Engine as _, Removal, ServiceState};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

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
}

/// Spoils the first so many answers to requests that begin with a word.
struct Proxy {
    method: &'static str,
    fault: Fault,
    left: AtomicU32,
}

impl Proxy {
    /// Stands before the daemon on a socket of its own.
    fn listen(self, path: &Path) -> Arc<Self> {
        let listener = UnixListener::bind(path).unwrap();
        let proxy = Arc::new(self);
        let serving = Arc::clone(&proxy);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let proxy = Arc::clone(&serving);
                tokio::spawn(async move { proxy.serve(stream).await });
            }
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
        // One request for each connection.
        let line = head.windows(2).position(|it| it == b"\r\n").unwrap() + 2;
        head.splice(line..line, *b"Connection: close\r\n");
        let Endpoint::Unix(socket) = endpoint();
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

/// Returns the engine of the same instance behind a proxy.
async fn behind(
    fixture: &Fixture,
    method: &'static str,
    fault: Fault,
    times: u32,
) -> (Docker, Arc<Proxy>) {
    let path = fixture.path(&format!("{method}-{fault:?}-{times}.sock"));
    let proxy = Proxy {
        method,
        fault,
        left: AtomicU32::new(0),
    };
    let proxy = proxy.listen(&path);
    let engine = connect(&Endpoint::Unix(path), fixture.identity.clone()).await;
    proxy.left.store(times, Ordering::SeqCst);
    (engine.unwrap(), proxy)
}

pub(crate) async fn a_look_whose_answer_breaks_off_is_taken_again(fixture: &Fixture) {
    fixture.idle("idle").await;
    for fault in [Fault::Closed, Fault::Refused, Fault::Cut, Fault::Lost] {
        let (engine, proxy) = behind(fixture, "GET", fault, 3).await;
        let seen = engine.observe(&[]).await.unwrap();
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
