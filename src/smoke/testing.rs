//! What the tests of this room stand on: checks as they are declared, a server that behaves as a
//! script says, and an engine on which nothing runs.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;

use indexmap::IndexMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

use super::{CheckResult, Places, Selection, SmokeOptions, SmokeRun, Snapshots, run, select};
use crate::config::{Request, invocation, load};
use crate::engine::process::process_in;
use crate::model::{Check, Reach, Secret, ServicePort, Variables};
use crate::tell::{Event, Events};

/// The services that checks of tests may name.
const SERVICES: &str = "[services.api]\nimage = 'api:1'\nports = { http = 80 }\n\
    [services.db]\nkind = 'postgres'\n[services.cache]\nkind = 'redis'\n\
    [secrets.word]\ncommand = ['printf', 's3cret']\n";

/// Reads checks as a file declares them; other files may stand beside it.
pub(super) fn checks(toml: &str) -> IndexMap<String, Check> {
    let folder = tempfile::tempdir().unwrap();
    in_folder(folder.path(), toml)
}

/// Reads checks whose files are below `envs/test` of a folder.
pub(super) fn in_folder(folder: &Path, toml: &str) -> IndexMap<String, Check> {
    let place = folder.join("envs/test");
    fs_err::create_dir_all(&place).unwrap();
    fs_err::write(place.join("env.toml"), format!("{SERVICES}{toml}")).unwrap();
    let path = std::env::vars_os().find(|(name, _)| name == "PATH");
    let path = path.map(|(_, path)| path.to_string_lossy().into_owned());
    let request = Request {
        directory: folder.to_owned(),
        reach: Reach::Act,
        variables: Variables::from([("PATH".to_owned(), path.unwrap_or_default())]),
        ..Request::default()
    };
    let invocation = invocation(&request).unwrap();
    match load(&invocation) {
        Ok(loaded) => loaded.environment.checks,
        Err(mistakes) => panic!("{mistakes}"),
    }
}

/// What the server does with one request.
#[derive(Clone)]
pub(super) enum Act {
    Answer(u16, &'static str),
    /// The same with headers, each with its end.
    Headed(u16, &'static str, &'static str),
    /// Promises more than it sends, then waits.
    Stall,
    Hang,
    Close,
    /// Answers once all are there.
    Meet(Arc<Barrier>),
    /// Answers with the request as it came.
    Echo,
}

/// A server and what was asked of it.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) count: Arc<AtomicUsize>,
}

impl Server {
    /// Acts on each connection as the script says; its last act repeats.
    pub(super) async fn of(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let turn = counter.fetch_add(1, Ordering::SeqCst);
                let act = script[turn.min(script.len() - 1)].clone();
                tokio::spawn(perform(stream, act));
            }
        });
        Self { address, count }
    }

    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

async fn perform(mut stream: TcpStream, act: Act) {
    let mut request = vec![0; 8192];
    let length = stream.read(&mut request).await.unwrap_or_default();
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    let (status, headers, body) = match act {
        Act::Answer(status, body) => (status, "", body.to_owned()),
        Act::Headed(status, headers, body) => (status, headers, body.to_owned()),
        Act::Echo => (200, "", request),
        Act::Meet(barrier) => {
            barrier.wait().await;
            (200, "", "{}".to_owned())
        }
        Act::Stall => {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{")
                .await;
            return std::future::pending().await;
        }
        Act::Hang => return std::future::pending().await,
        Act::Close => return,
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} Text\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

/// How a run went.
pub(super) struct Ran {
    pub(super) results: Vec<CheckResult>,
    pub(super) events: Receiver<Event>,
}

impl Ran {
    /// Every check in a line: how it ended, and why.
    pub(super) fn told(&self) -> Vec<String> {
        self.results
            .iter()
            .map(|result| {
                let failures: Vec<String> =
                    result.failures.iter().map(ToString::to_string).collect();
                format!(
                    "{} {:?} {}",
                    result.name,
                    result.verdict,
                    failures.join("; ")
                )
            })
            .map(|line| line.trim_end().to_owned())
            .collect()
    }
}

/// Makes checks against one address.
pub(super) async fn run_all(
    address: SocketAddr,
    checks: &IndexMap<String, Check>,
    (selection, options): (&Selection, SmokeOptions),
    cancel: &CancellationToken,
) -> Ran {
    let state = tempfile::tempdir().unwrap();
    let engine = process_in(state.path());
    let (handle, events) = Events::channel();
    let lookup = |_: &ServicePort| Ok(address);
    let secrets = [Secret::new("hunter2")];
    let places = Places {
        reference: &|reference| Err(reference.to_string()),
        address: &lookup,
        database: &|service| Err(format!("`{service}` is not running")),
        redis: &|service| Err(format!("`{service}` is not running")),
        by_hand: &|_| Vec::new(),
        engine: &engine,
    };
    let selected = select(checks, selection).unwrap();
    let snapshots = Snapshots::new(false, std::path::Path::new("/"));
    let future = run(SmokeRun {
        checks,
        selected: &selected,
        options,
        snapshots: &snapshots,
        places,
        secrets: &secrets,
        events: &handle,
        cancel,
    });
    // A command may run on any thread.
    let future: std::pin::Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(future);
    let (results, _) = future.await;
    Ran { results, events }
}

/// Makes the checks of a file against one address.
pub(super) async fn run_toml(address: SocketAddr, toml: &str) -> Ran {
    let how = (&Selection::default(), SmokeOptions::default());
    run_all(address, &checks(toml), how, &CancellationToken::new()).await
}
