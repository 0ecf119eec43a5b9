//! A server that runs without an environment: one that keeps nothing, and the naive one.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::{Bench, children};

/// How long it may take until it listens: the naive one is filled first.
const START_LIMIT: Duration = Duration::from_mins(5);
const PAUSE: Duration = Duration::from_millis(20);

/// A process that is ended when this is dropped.
pub(super) struct Server {
    child: Child,
    pub(super) address: String,
    /// What is deleted with it.
    file: Option<PathBuf>,
}

impl Server {
    /// Starts the service with the storage that keeps nothing.
    pub(super) fn nothing(bench: &Bench) -> anyhow::Result<Self> {
        let mut command = Command::new(bench.program("symbols-api"));
        command.env("STORAGE", "none").env("KEEP_NOTHING", "yes");
        Self::start(command, None)
    }

    /// Starts the naive one on an empty file, or on one with so many events.
    pub(super) fn naive(bench: &Bench, events: usize) -> anyhow::Result<Self> {
        let folder = bench.root.join("target/bench/symbols-naive");
        let file = folder.join("events.sqlite");
        if file.exists() {
            fs_err::remove_file(&file)?;
        }
        let mut command = Command::new(folder.join("release/symbols-naive"));
        command.env("FILE", &file).env("LOAD", events.to_string());
        Self::start(command, Some(file))
    }

    fn start(mut command: Command, file: Option<PathBuf>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        drop(listener);
        command.env("BIND", &address).stderr(Stdio::null());
        let child = command.spawn().context("cannot start the service")?;
        let mut server = Self {
            child,
            address,
            file,
        };
        let deadline = Instant::now() + START_LIMIT;
        while TcpStream::connect(&server.address).is_err() {
            if server.child.try_wait()?.is_some() || Instant::now() > deadline {
                bail!("the service does not listen");
            }
            std::thread::park_timeout(PAUSE);
        }
        Ok(server)
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it; returns the processor time that it took.
    pub(super) fn stop(mut self) -> anyhow::Result<Duration> {
        let before = children()?;
        self.child.kill()?;
        self.child.wait()?;
        Ok(children()?.saturating_sub(before))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(file) = &self.file {
            let _ = fs_err::remove_file(file);
        }
    }
}
