//! Where instances run. The trait speaks of services, images and volumes, in no engine's own
//! words; an engine object is bound to one instance and knows nothing of `Environment`.

mod command;
pub mod docker;
mod error;
mod instance;
mod log;
mod model;
mod observed;
mod port;
pub mod process;
mod redis_text;
mod server;
mod state;
mod unused;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;

pub use command::{Exec, ExecOutcome};
pub use error::{Error, HeldBy, PortHolder};
pub use instance::Instance;
pub use log::{LogLine, LogMark, LogOptions};
pub use model::*;
pub use observed::{Defect, MadeWith, Observed, ObservedService, Outline, PublishedPort};
pub use process::other_version;
pub use redis_text::redis_text;
pub use server::{Given, PostgresSpec, ServerSpec, ServiceKind};
pub use state::{Pulse, ServiceState};
pub use unused::{KeptImages, Pruned, UnusedImage};

use crate::tell::StepEvents;

/// What every method of an engine returns.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// The images and programs that are there, by the names of their provisions.
pub type Handles = BTreeMap<String, ImageHandle>;

/// Where the images and programs of an instance come from.
pub trait Provider: Send + Sync {
    /// Reads which of `provisions` are there and current, by their names.
    fn current<'a>(&'a self, provisions: &'a [Provision]) -> Work<'a, Handles>;

    /// Finds out how each of `provisions` would be had, and makes nothing.
    fn survey<'a>(&'a self, provisions: &'a [Provision]) -> Work<'a, Vec<Prospect>>;

    /// Makes an image or a program available: a current local copy, else the declared sources in
    /// order. `bases` holds the images that its `${images.…}` name, made before.
    fn provide<'a>(
        &'a self,
        provision: &'a Provision,
        bases: &'a Handles,
        step: &'a StepEvents,
    ) -> Work<'a, ImageOutcome>;
}

/// A place where one instance runs.
pub trait Engine: Send + Sync {
    /// Returns the engine's name as in configuration: `docker`.
    fn name(&self) -> &'static str;

    /// Returns where instances run, for people: `unix:///var/run/docker.sock`.
    fn place(&self) -> String;

    /// Returns what the engine can do.
    fn capabilities(&self) -> Capabilities;

    /// Returns where its images and programs come from.
    fn provider(&self) -> &dyn Provider;

    /// Returns the way into what runs; an engine that has none says so.
    fn inside(&self) -> Result<&dyn Inside, Error>;

    /// Reads all that exists of this instance.
    fn observe(&self) -> Work<'_, Observed>;

    /// Reads whether there is anything of this instance, and what it was made with.
    fn outline(&self) -> Work<'_, Outline> {
        Box::pin(async move { Ok(self.observe().await?.outline()) })
    }

    /// Reads of one service what `observe` shows of it; `None` where there is no such container.
    fn seen<'a>(&'a self, service: &'a str) -> Work<'a, Option<ObservedService>>;

    /// Gives every port of `specs` an address that other processes reach it at, the one that it
    /// had where that is still free, and records it. Empty where there is a network.
    fn assign<'a>(&'a self, specs: &'a [ServiceSpec]) -> Work<'a, Addresses>;

    /// Makes a network or a volume that is not there yet; one that is there is left alone.
    fn ensure<'a>(&'a self, resource: &'a Resource) -> Work<'a, ()>;

    /// Creates a service's or task's container, replacing one of that name; it is not started.
    /// Its ports have the addresses that `assign` gave them.
    fn create<'a>(&'a self, spec: &'a ServiceSpec, launch: &'a Launch) -> Work<'a, ()>;

    /// Returns where a service finds a file of its own: a path in its container, or of this machine.
    fn file_path(&self, service: &str, file: &FileSpec) -> String;

    /// Finds out before any work is done what would keep a service from starting: a taken host
    /// port.
    fn check<'a>(&'a self, spec: &'a ServiceSpec) -> Work<'a, ()>;

    /// Starts what `create` made. A taken host port is `Error::PortTaken`, with its holder.
    fn start<'a>(&'a self, service: &'a str) -> Work<'a, ()>;

    /// Stops a service with its own signal and grace period; stopped or missing is fine.
    fn stop<'a>(&'a self, service: &'a str) -> Work<'a, ()>;

    /// Removes something that `observe` saw; missing is fine.
    fn remove<'a>(&'a self, what: &'a Removal) -> Work<'a, ()>;

    /// Returns what a service is doing now; `None` when there is no such container.
    fn pulse<'a>(&'a self, service: &'a str) -> Work<'a, Option<Pulse>>;

    /// Returns only whether it runs, or how it ended.
    fn state<'a>(&'a self, service: &'a str) -> Work<'a, Option<ServiceState>> {
        Box::pin(async move { Ok(self.pulse(service).await?.map(|pulse| pulse.state)) })
    }

    /// Returns the address of a running service's named port, reachable from this process.
    fn address<'a>(&'a self, service: &'a str, port: &'a str) -> Work<'a, SocketAddr>;

    /// Returns what a service was made with; nothing where it is not there.
    fn given<'a>(&'a self, service: &'a str) -> Work<'a, Given>;
}

/// What goes on in services that run.
pub trait Inside: Send + Sync {
    /// Replaces the files of a service, and has it read them by a signal: `SIGHUP`. One that does
    /// not run reads them when it starts.
    fn reload<'a>(
        &'a self,
        service: &'a str,
        files: &'a [MadeFile],
        signal: &'a str,
    ) -> Work<'a, ()>;

    /// Returns the addresses on which a running service's processes listen, as they see them
    /// themselves; `None` where that cannot be seen from here.
    fn listeners<'a>(&'a self, service: &'a str) -> Work<'a, Option<Vec<SocketAddr>>>;

    /// Returns the end that a service's log has now.
    fn log_mark(&self, service: &str) -> LogMark;

    /// Sends log lines of a service to `sink`, and returns where they ended; with `follow`, that is
    /// when this run of the service ends or the sink closes.
    fn logs<'a>(
        &'a self,
        service: &'a str,
        options: LogOptions,
        sink: tokio::sync::mpsc::Sender<LogLine>,
    ) -> Work<'a, LogMark>;

    /// Runs a command beside a running service and returns its exit code and output.
    fn exec<'a>(&'a self, service: &'a str, command: &'a Exec) -> Work<'a, ExecOutcome>;

    /// Runs a command beside a running service on this program's own standard streams, with a
    /// terminal where `terminal` says that there is one, and returns its exit code.
    fn attach<'a>(&'a self, service: &'a str, command: &'a Exec, terminal: bool) -> Work<'a, i64>;
}
