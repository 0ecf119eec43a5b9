//! The engine of one instance on this machine: each method of the trait, told in its file.

use std::future::ready;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::environment::DEFAULT_PATH;
use super::folder::Folder;
use super::{create, exec, files, launch, logs, observe, ports, program, resource, stop};
use crate::engine::{
    Addresses, Capabilities, Engine, Error, Exec, ExecOutcome, FileSpec, Given, Handles, Identity,
    ImageOutcome, Inside, Launch, LogLine, LogMark, LogOptions, MadeFile, Observed,
    ObservedService, Prospect, Provider, Provision, Pulse, Removal, Resource, ServiceSpec, Work,
};
use crate::host::{Home, Once};
use crate::model::{Secret, Variables};
use crate::tell::{Events, StepEvents};

/// This machine, bound to one instance.
#[derive(Clone, Debug)]
pub struct ProcessEngine {
    pub(super) identity: Identity,
    pub(super) home: Home,
    /// What a service inherits, and where programs are looked for.
    pub(super) variables: Variables,
    /// The envctl that is started as the supervisor of each service.
    pub(super) supervisor: PathBuf,
    /// The addresses that this command was given: they are not forgotten with the last of what was
    /// there before.
    assigned: Arc<Mutex<Addresses>>,
    /// What was built in this run.
    pub(super) builds: Arc<Once>,
    /// Whether nothing that the workspace names is run.
    pub(super) looking: bool,
    /// The command that it works for, as it was typed: `up rates`.
    pub(super) command: String,
    /// Where it says whom it waits for.
    pub(super) events: Option<Events>,
}

impl ProcessEngine {
    pub fn new(identity: Identity, home: Home, variables: Variables, supervisor: PathBuf) -> Self {
        Self {
            identity,
            home,
            variables,
            supervisor,
            assigned: Arc::default(),
            builds: Arc::default(),
            looking: false,
            command: String::new(),
            events: None,
        }
    }

    /// Returns the engine for a command, as others that wait for it read it, and tells whom it
    /// waits for itself.
    #[must_use]
    pub fn working_for(self, command: String, events: Events) -> Self {
        Self {
            command,
            events: Some(events),
            ..self
        }
    }

    /// Returns the engine for a command that only looks: it runs nothing that the workspace names.
    #[must_use]
    pub fn only_looking(self) -> Self {
        Self {
            looking: true,
            ..self
        }
    }

    /// Returns the addresses that this command was given.
    pub(super) fn assigned(&self) -> MutexGuard<'_, Addresses> {
        self.assigned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the folders in which programs are looked for, as in `PATH`.
    pub(super) fn search_path(&self) -> &str {
        self.variables
            .get("PATH")
            .map_or(DEFAULT_PATH, String::as_str)
    }

    /// Returns the folder of a service of this instance.
    pub(super) fn folder(&self, service: &str) -> Folder {
        Folder::at(self.home.service(&self.identity.id, service))
    }
}

fn no_images(image: &str) -> Error {
    Error::Image {
        image: image.to_owned(),
        attempts: vec![("run it".to_owned(), "this engine runs no images".to_owned())],
        output: Vec::new(),
    }
}

/// Returns the failure of something that the operating system refused.
pub(super) fn refused(doing: impl Into<String>, error: std::io::Error) -> Error {
    Error::Call {
        doing: doing.into(),
        source: Box::new(error),
    }
}

impl Provider for ProcessEngine {
    fn current<'a>(&'a self, provisions: &'a [Provision]) -> Work<'a, Handles> {
        Box::pin(observe::current(self, provisions))
    }

    fn survey<'a>(&'a self, provisions: &'a [Provision]) -> Work<'a, Vec<Prospect>> {
        Box::pin(observe::survey(self, provisions))
    }

    fn provide<'a>(
        &'a self,
        provision: &'a Provision,
        _bases: &'a Handles,
        step: &'a StepEvents,
    ) -> Work<'a, ImageOutcome> {
        match provision {
            Provision::Program(program) => Box::pin(program::provide(self, program, step)),
            Provision::Image(image) => Box::pin(ready(Err(no_images(&image.name)))),
        }
    }
}

impl Engine for ProcessEngine {
    fn name(&self) -> &'static str {
        "process"
    }

    fn place(&self) -> String {
        format!("processes below {}", self.home.state.display())
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::PROCESSES
    }

    fn provider(&self) -> &dyn Provider {
        self
    }

    fn inside(&self) -> Result<&dyn Inside, Error> {
        Ok(self)
    }

    fn observe(&self) -> Work<'_, Observed> {
        Box::pin(ready(observe::observe(self)))
    }

    fn seen<'a>(&'a self, service: &'a str) -> Work<'a, Option<ObservedService>> {
        Box::pin(ready(observe::seen(self, service)))
    }

    fn assign<'a>(&'a self, specs: &'a [ServiceSpec]) -> Work<'a, Addresses> {
        // Whoever makes something finishes what a killed removal left. What cannot be removed is in
        // nobody's way; `down` says why.
        let _ = resource::finish_removals(self);
        Box::pin(ports::assign(self, specs))
    }

    fn ensure<'a>(&'a self, resource: &'a Resource) -> Work<'a, ()> {
        Box::pin(ready(resource::ensure(self, resource)))
    }

    fn create<'a>(&'a self, spec: &'a ServiceSpec, launch: &'a Launch) -> Work<'a, ()> {
        Box::pin(create::create(self, spec, launch))
    }

    fn file_path(&self, service: &str, file: &FileSpec) -> String {
        let path = files::path(&self.folder(service), &file.name);
        path.display().to_string()
    }

    fn check<'a>(&'a self, spec: &'a ServiceSpec) -> Work<'a, ()> {
        Box::pin(async move { ports::check(self, spec) })
    }

    fn start<'a>(&'a self, service: &'a str) -> Work<'a, ()> {
        Box::pin(launch::start(self, service))
    }

    fn stop<'a>(&'a self, service: &'a str) -> Work<'a, ()> {
        Box::pin(async move { stop::stop(&self.folder(service)).await.map(drop) })
    }

    fn remove<'a>(&'a self, what: &'a Removal) -> Work<'a, ()> {
        Box::pin(resource::remove(self, what))
    }

    fn pulse<'a>(&'a self, service: &'a str) -> Work<'a, Option<Pulse>> {
        Box::pin(async move { Ok(observe::pulse(&self.folder(service))) })
    }

    fn address<'a>(&'a self, service: &'a str, port: &'a str) -> Work<'a, SocketAddr> {
        Box::pin(async move { ports::address(&self.folder(service), port) })
    }

    fn given<'a>(&'a self, service: &'a str) -> Work<'a, Given> {
        Box::pin(async move {
            let record = self.folder(service).record().ok().flatten();
            let given = record
                .into_iter()
                .flat_map(|record| record.told.into_iter().chain(record.environment));
            let variables = given.map(|(name, value)| (name, Secret::new(value)));
            Ok(Given::by(variables.collect()))
        })
    }
}

impl Inside for ProcessEngine {
    fn reload<'a>(
        &'a self,
        service: &'a str,
        files: &'a [MadeFile],
        signal: &'a str,
    ) -> Work<'a, ()> {
        Box::pin(async move { files::reload(&self.folder(service), files, signal) })
    }

    fn listeners<'a>(&'a self, service: &'a str) -> Work<'a, Option<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(Some(observe::listeners(&self.folder(service)).await)) })
    }

    fn log_mark(&self, service: &str) -> LogMark {
        logs::mark(&self.folder(service))
    }

    fn logs<'a>(
        &'a self,
        service: &'a str,
        options: LogOptions,
        sink: tokio::sync::mpsc::Sender<LogLine>,
    ) -> Work<'a, LogMark> {
        Box::pin(async move { logs::logs(&self.folder(service), options, sink).await })
    }

    fn exec<'a>(&'a self, service: &'a str, command: &'a Exec) -> Work<'a, ExecOutcome> {
        Box::pin(exec::exec(self, service, command))
    }

    fn attach<'a>(&'a self, service: &'a str, command: &'a Exec, _terminal: bool) -> Work<'a, i64> {
        Box::pin(exec::attach(self, service, command))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::ProcessEngine;
    use crate::engine::Identity;
    use crate::host::Home;
    use crate::model::{InstanceId, Variables};

    /// Returns the default instance of the workspace `w` in a folder, with its state beside.
    pub(crate) fn process(folder: &Path) -> ProcessEngine {
        let workspace = folder.join("w");
        let home = Home {
            state: folder.join("state"),
            cache: folder.join("cache"),
        };
        let identity = Identity {
            id: InstanceId::new("rates", "default", &workspace),
            workspace,
            profiles: Vec::new(),
            sets: Vec::new(),
        };
        let variables = [("PATH".to_owned(), "/usr/bin:/bin".to_owned())];
        ProcessEngine::new(identity, home, Variables::from(variables), "".into())
    }
}
