//! The engine of one instance on a Docker daemon: each method of the trait, told in its file.

use std::collections::BTreeMap;
use std::future::ready;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Mutex;

use super::client::{Client, ENGINE};
use super::image::{Images, TurnLock};
use super::{address, attach, container, create, exec, files, logs, observe, resource, start};
use crate::engine::{
    Addresses, Capabilities, Engine, Error, Exec, ExecOutcome, FileSpec, Given, Identity, Inside,
    Launch, LogLine, LogMark, LogOptions, MadeFile, Observed, ObservedService, Outline, Provider,
    Pulse, Removal, Resource, ServiceSpec, Work,
};
use crate::model::InstanceId;

/// A Docker daemon, bound to one instance.
#[derive(Debug)]
pub struct Docker {
    pub(super) client: Client,
    pub(super) identity: Identity,
    pub(super) images: Images,
    /// Service -> the main process of its container, and that one's id, as they were seen.
    pub(super) mains: Mutex<BTreeMap<String, (u32, String)>>,
    /// Volumes are given away one after the other: two services may share one.
    pub(super) giving: TurnLock,
}

impl Docker {
    pub(super) fn new(client: Client, identity: Identity) -> Self {
        Self {
            images: Images::new(client.clone(), &identity.workspace),
            client,
            identity,
            mains: Mutex::default(),
            giving: TurnLock::default(),
        }
    }

    /// Returns the engine with the folders in which a survey looks for programs, as in `PATH`.
    #[must_use]
    pub fn searching(self, search_path: &str) -> Self {
        Self {
            images: self.images.searching(search_path),
            ..self
        }
    }

    /// Returns the engine with the cache folder in which it notes what images were made from, so that
    /// the next build can name what changed.
    #[must_use]
    pub fn noting(self, cache: &Path) -> Self {
        Self {
            images: self.images.noting(cache),
            ..self
        }
    }

    /// Returns the instance that this engine works for.
    pub fn instance(&self) -> &InstanceId {
        &self.identity.id
    }
}

impl Engine for Docker {
    fn name(&self) -> &'static str {
        ENGINE
    }

    fn place(&self) -> String {
        self.client.endpoint().to_owned()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::CONTAINERS
    }

    fn provider(&self) -> &dyn Provider {
        &self.images
    }

    fn inside(&self) -> Result<&dyn Inside, Error> {
        Ok(self)
    }

    fn observe(&self) -> Work<'_, Observed> {
        Box::pin(observe::observe(self))
    }

    fn outline(&self) -> Work<'_, Outline> {
        Box::pin(observe::outline(self))
    }

    fn seen<'a>(&'a self, service: &'a str) -> Work<'a, Option<ObservedService>> {
        Box::pin(observe::seen(self, service))
    }

    fn assign<'a>(&'a self, _specs: &'a [ServiceSpec]) -> Work<'a, Addresses> {
        Box::pin(ready(Ok(Addresses::new())))
    }

    fn ensure<'a>(&'a self, resource: &'a Resource) -> Work<'a, ()> {
        Box::pin(resource::ensure(self, resource))
    }

    fn create<'a>(&'a self, spec: &'a ServiceSpec, launch: &'a Launch) -> Work<'a, ()> {
        Box::pin(create::create(self, spec, launch))
    }

    fn file_path(&self, _service: &str, file: &FileSpec) -> String {
        file.path.clone()
    }

    fn check<'a>(&'a self, spec: &'a ServiceSpec) -> Work<'a, ()> {
        Box::pin(start::check_ports(self, spec))
    }

    fn start<'a>(&'a self, service: &'a str) -> Work<'a, ()> {
        Box::pin(start::start(self, service))
    }

    fn stop<'a>(&'a self, service: &'a str) -> Work<'a, ()> {
        Box::pin(container::stop(self, service))
    }

    fn remove<'a>(&'a self, what: &'a Removal) -> Work<'a, ()> {
        Box::pin(resource::remove(self, what))
    }

    fn pulse<'a>(&'a self, service: &'a str) -> Work<'a, Option<Pulse>> {
        Box::pin(container::pulse(self, service))
    }

    fn address<'a>(&'a self, service: &'a str, port: &'a str) -> Work<'a, SocketAddr> {
        Box::pin(address::address(self, service, port))
    }

    fn given<'a>(&'a self, service: &'a str) -> Work<'a, Given> {
        Box::pin(container::given(self, service))
    }
}

impl Inside for Docker {
    fn reload<'a>(
        &'a self,
        service: &'a str,
        files: &'a [MadeFile],
        signal: &'a str,
    ) -> Work<'a, ()> {
        Box::pin(files::reload(self, service, files, signal))
    }

    fn listeners<'a>(&'a self, service: &'a str) -> Work<'a, Option<Vec<SocketAddr>>> {
        Box::pin(address::listeners(self, service))
    }

    fn log_mark(&self, _service: &str) -> LogMark {
        LogMark {
            at: std::time::SystemTime::now(),
            length: 0,
            file: 0,
        }
    }

    fn logs<'a>(
        &'a self,
        service: &'a str,
        options: LogOptions,
        sink: tokio::sync::mpsc::Sender<LogLine>,
    ) -> Work<'a, LogMark> {
        Box::pin(logs::logs(self, service, options, sink))
    }

    fn exec<'a>(&'a self, service: &'a str, command: &'a Exec) -> Work<'a, ExecOutcome> {
        Box::pin(exec::exec(self, service, command))
    }

    fn attach<'a>(&'a self, service: &'a str, command: &'a Exec, terminal: bool) -> Work<'a, i64> {
        Box::pin(attach::attach(self, service, command, terminal))
    }
}
