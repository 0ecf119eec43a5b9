//! An instance for one test, on one engine, taken away again at the end of the test however it
//! ends.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use envctl::engine::{
    Engine, Exec, ExecOutcome, Identity, ImageHandle, ImageOutcome, Launch, Observed, Provision,
    Removal, Resource, ServiceSpec, ServiceState,
};
use envctl::model::{InstanceId, Secret};
use envctl::tell::{Event, Events, StepId};

use tokio::task::{LocalSet, spawn_local};

use crate::declare::{IDLE, secrets, service};
use crate::place::{self, Place};

/// How long anything may take to become as expected.
const PATIENCE: Duration = Duration::from_secs(30);

/// One test's instance.
pub(crate) struct Fixture {
    pub(crate) place: Place,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) identity: Identity,
    pub(crate) busybox: ImageHandle,
    workspace: Arc<tempfile::TempDir>,
    others: Mutex<Vec<Arc<Self>>>,
}

type Property = for<'a> fn(&'a Fixture) -> Pin<Box<dyn Future<Output = ()> + 'a>>;

/// What a test needs and this machine has not.
#[derive(Debug)]
pub(crate) struct Missing {
    /// As in `ENVCTL_REQUIRE`.
    what: &'static str,
    why: String,
}

impl Missing {
    pub(crate) fn new(what: &'static str, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { what, why }
    }

    /// Ends the property, which is then counted as skipped.
    pub(crate) fn end(self) -> ! {
        std::panic::resume_unwind(Box::new(self))
    }
}

/// Runs a property on an instance of its own and takes that away again.
pub(crate) fn run(place: Place, name: &str, property: Property) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let ended = LocalSet::new().block_on(&runtime, async {
        let fixture = match Fixture::new(place, name, InstanceId::DEFAULT_INSTANCE).await {
            Ok(fixture) => Arc::new(fixture),
            Err(missing) => return Err(Box::new(missing) as Box<dyn Any + Send>),
        };
        let running = Arc::clone(&fixture);
        let result = spawn_local(async move { property(&running).await }).await;
        fixture.take_away().await;
        let others = std::mem::take(&mut *fixture.others.lock().unwrap());
        for other in others {
            other.take_away().await;
        }
        result.map_err(tokio::task::JoinError::into_panic)
    });
    // What still reads this program's standard input would wait for a key.
    runtime.shutdown_background();
    if let Err(failed) = ended {
        match failed.downcast::<Missing>() {
            Ok(missing) => skip(place, name, &missing),
            Err(failed) => std::panic::resume_unwind(failed),
        }
    }
}

fn skip(place: Place, name: &str, missing: &Missing) {
    let Missing { what, why } = missing;
    let required = place::variable("ENVCTL_REQUIRE");
    let mut required = required.split(',').map(str::trim);
    assert!(!required.any(|it| it == *what), "{what} is required: {why}");
    // Not by a macro, whose output the test harness keeps to itself.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "skipped: {}::{name}: {what}: {why}", place.engine).unwrap();
}

impl Fixture {
    /// Connects as an instance of a workspace of its own.
    async fn new(place: Place, test: &str, instance: &str) -> Result<Self, Missing> {
        let test = &test[..test.len().min(40)];
        let workspace = tempfile::Builder::new().prefix(test).tempdir().unwrap();
        // A service may run as somebody else.
        place::open(workspace.path());
        fs_err::create_dir(workspace.path().join("scratch")).unwrap();
        Self::in_workspace(place, Arc::new(workspace), ("conformance", instance)).await
    }

    async fn in_workspace(
        place: Place,
        workspace: Arc<tempfile::TempDir>,
        (environment, instance): (&str, &str),
    ) -> Result<Self, Missing> {
        let identity = Identity {
            id: InstanceId::new(environment, instance, workspace.path()),
            workspace: workspace.path().to_owned(),
            profiles: vec!["ci".to_owned(), "small".to_owned()],
            sets: vec!["vars.x=a,b".to_owned()],
        };
        let engine = place.connect(&identity).await?;
        let busybox = place.busybox(&*engine).await;
        Ok(Self {
            place,
            engine,
            identity,
            busybox,
            workspace,
            others: Mutex::default(),
        })
    }

    /// Makes a second instance, which is taken away with this one.
    pub(crate) async fn beside(&self, instance: &str) -> Arc<Self> {
        self.keep(Self::new(self.place, "beside", instance).await)
    }

    /// Makes an instance of the same workspace with these names, which is taken away too.
    pub(crate) async fn renamed(&self, environment: &str, instance: &str) -> Arc<Self> {
        let workspace = Arc::clone(&self.workspace);
        let names = (environment, instance);
        self.keep(Self::in_workspace(self.place, workspace, names).await)
    }

    fn keep(&self, other: Result<Self, Missing>) -> Arc<Self> {
        let other = Arc::new(other.unwrap());
        self.others.lock().unwrap().push(Arc::clone(&other));
        other
    }

    /// Removes the whole instance.
    pub(crate) async fn take_away(&self) {
        let seen = self.observe().await;
        for service in seen.services {
            let handle = service.handle;
            let removal = Removal::Service { handle };
            self.engine.remove(&removal).await.unwrap();
        }
        if let Some(handle) = seen.network {
            let removal = Removal::Network { handle };
            self.engine.remove(&removal).await.unwrap();
        }
        for handle in seen.volumes.into_values() {
            let removal = Removal::Volume { handle };
            self.engine.remove(&removal).await.unwrap();
        }
    }

    pub(crate) fn has_containers(&self) -> bool {
        self.place.has_containers()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.workspace.path().join(name)
    }

    /// Writes a file of the workspace.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, content).unwrap();
    }

    pub(crate) async fn observe(&self) -> Observed {
        self.engine.observe().await.unwrap()
    }

    pub(crate) async fn network(&self) {
        self.engine.ensure(&Resource::Network).await.unwrap();
    }

    /// Creates a service that runs a shell script. It listens on `$LISTEN` if it has a port.
    pub(crate) async fn create(&self, spec: &ServiceSpec, script: &str) {
        self.network().await;
        let mut launch = self.launch(script);
        if let Some(port) = spec.ports.first() {
            let assigned = self
                .engine
                .assign(std::slice::from_ref(spec))
                .await
                .unwrap();
            let address = assigned.get(&(spec.name.clone(), port.name.clone()));
            let listen = address.map_or(port.container.to_string(), ToString::to_string);
            let listen = ("LISTEN".to_owned(), Secret::new(listen));
            launch.environment.push(listen);
        }
        self.engine.create(spec, &launch).await.unwrap();
    }

    /// Creates and starts one.
    pub(crate) async fn start(&self, spec: &ServiceSpec, script: &str) {
        self.create(spec, script).await;
        self.engine.start(&spec.name).await.unwrap();
    }

    /// Creates and starts one that only has to be there.
    pub(crate) async fn idle(&self, name: &str) {
        self.start(&service(name), IDLE).await;
    }

    /// Returns how a script is run: with a greeting, and a folder to write to.
    pub(crate) fn launch(&self, script: &str) -> Launch {
        let scratch = if self.has_containers() {
            PathBuf::from("/tmp")
        } else {
            self.path("scratch")
        };
        let environment = [
            ("GREETING", "hello".to_owned()),
            ("SCRATCH", scratch.display().to_string()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), Secret::new(value)));
        Launch {
            image: self.busybox.clone(),
            command: Some(secrets(&["sh", "-c", script])),
            entrypoint: None,
            environment: environment.into(),
            files: Vec::new(),
            hash: "0123".to_owned(),
        }
    }

    pub(crate) async fn exec(&self, service: &str, command: &[&str]) -> ExecOutcome {
        let exec = Exec {
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            ..Exec::default()
        };
        self.engine
            .inside()
            .unwrap()
            .exec(service, &exec)
            .await
            .unwrap()
    }

    pub(crate) async fn state(&self, service: &str) -> Option<ServiceState> {
        self.engine.state(service).await.unwrap()
    }

    /// Waits until the service is as expected.
    pub(crate) async fn eventually(&self, service: &str, expect: ServiceState) {
        let what = format!("`{service}` is {expect:?}");
        until(&what, async || self.state(service).await == Some(expect)).await;
    }

    /// Waits until it ended with a code.
    pub(crate) async fn ended_with(&self, service: &str, code: i64) {
        self.eventually(service, exited(code)).await;
    }

    /// Ensures an image; returns what came of it and what was printed meanwhile.
    pub(crate) async fn ensure(
        &self,
        spec: &Provision,
        bases: &BTreeMap<String, ImageHandle>,
    ) -> (Result<ImageOutcome, envctl::engine::Error>, Vec<String>) {
        ensure(&*self.engine, spec, bases).await
    }

    pub(crate) fn bases(&self) -> BTreeMap<String, ImageHandle> {
        BTreeMap::from([("busybox".to_owned(), self.busybox.clone())])
    }
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, check: impl AsyncFn() -> bool) {
    let looking = async {
        while !check().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, looking).await;
    assert!(found.is_ok(), "it never came to this: {what}");
}

pub(crate) fn exited(code: i64) -> ServiceState {
    ServiceState::Exited {
        code,
        out_of_memory: false,
    }
}

/// Provides on an engine; returns what came of it and what was printed meanwhile.
pub(crate) async fn ensure(
    engine: &dyn Engine,
    spec: &Provision,
    bases: &BTreeMap<String, ImageHandle>,
) -> (Result<ImageOutcome, envctl::engine::Error>, Vec<String>) {
    let (events, receiver) = Events::channel();
    let outcome = engine
        .provider()
        .provide(spec, bases, &events.step(StepId(0)))
        .await;
    drop(events);
    let output = receiver.iter().filter_map(|event| match event {
        Event::StepOutput { line, .. } => Some(line),
        _ => None,
    });
    (outcome, output.collect())
}
