//! An instance for one test, with the tiny image that its services run, taken away again at the
//! end of the test however it ends.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use envctl::config::model::{
    HostCommand, Image, ImageSource, InstanceId, Limits, Restart, Secret, Variables,
};
use envctl::engine::docker::{Endpoint, connect};
use envctl::engine::{
    Engine, Exec, ExecOutcome, Identity, ImageHandle, ImageOutcome, ImageSpec, Launch, Observed,
    Provision, Removal, Resource, Role, ServiceKind, ServiceSpec, ServiceState,
};
use envctl::report::{Event, Events, StepId};
use indexmap::IndexMap;
use tokio::sync::OnceCell;

/// Writes a root file system with busybox alone.
const ROOT_FS: &str = r#"
set -e
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root/bin" "$root/etc" "$root/tmp"
cp /bin/busybox "$root/bin/"
for name in cat echo env false hostname httpd id kill ls nc pwd sh sleep test true wc wget; do
    ln -s busybox "$root/bin/$name"
done
echo 'root:x:0:0:root:/:/bin/sh' > "$root/etc/passwd"
tar -C "$root" -c .
"#;

/// What a service does that only has to be there; it ends at once when it is told to.
const IDLE: &str = "trap 'exit 0' TERM; while true; do sleep 0.05; done";

/// How long anything may take to become as expected.
const PATIENCE: Duration = Duration::from_secs(20);

static BUSYBOX: OnceCell<ImageHandle> = OnceCell::const_new();

/// One test's instance.
pub(crate) struct Fixture {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) identity: Identity,
    pub(crate) busybox: ImageHandle,
    workspace: tempfile::TempDir,
    others: Mutex<Vec<Arc<Self>>>,
}

type Property = for<'a> fn(&'a Fixture) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Runs a property on an instance of its own and takes that away again.
pub(crate) fn run(name: &str, property: Property) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let fixture = match Fixture::new(name, InstanceId::DEFAULT_INSTANCE).await {
            Ok(fixture) => Arc::new(fixture),
            Err(missing) => return skip(name, &missing),
        };
        let running = Arc::clone(&fixture);
        let result = tokio::spawn(async move { property(&running).await }).await;
        fixture.take_away().await;
        let others = std::mem::take(&mut *fixture.others.lock().unwrap());
        for other in others {
            other.take_away().await;
        }
        if let Err(failed) = result {
            std::panic::resume_unwind(failed.into_panic());
        }
    });
}

fn skip(name: &str, missing: &str) {
    assert!(
        !variable("ENVCTL_REQUIRE").contains("docker"),
        "docker is required: {missing}"
    );
    // Not by a macro, whose output the test harness keeps to itself.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "skipped: {name}: {missing}").unwrap();
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test binary has no main of ours that captures variables"
)]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

pub(crate) fn endpoint() -> Endpoint {
    let variables = Variables::from([("DOCKER_HOST".to_owned(), variable("DOCKER_HOST"))]);
    Endpoint::find(&variables).unwrap()
}

impl Fixture {
    /// Connects as an instance of a workspace of its own; the error says what is missing.
    pub(crate) async fn new(test: &str, instance: &str) -> Result<Self, String> {
        if !Path::new("/bin/busybox").exists() {
            return Err("no /bin/busybox: `apt-get install busybox-static`".to_owned());
        }
        let workspace = tempfile::Builder::new().prefix(test).tempdir().unwrap();
        let identity = Identity {
            id: InstanceId::new("conformance", instance, workspace.path()),
            workspace: workspace.path().to_owned(),
            profiles: vec!["ci".to_owned(), "small".to_owned()],
            sets: vec!["vars.x=a,b".to_owned()],
        };
        let docker = connect(&endpoint(), identity.clone()).await;
        let engine = Arc::new(docker.map_err(|error| format!("docker not reachable: {error}"))?);
        let busybox = BUSYBOX
            .get_or_init(|| async {
                let spec = loaded("conformance-busybox", &["sh", "-c", ROOT_FS], "/");
                let outcome = ensure(&*engine, &spec, &BTreeMap::new()).await.0;
                outcome.unwrap_or_else(|error| panic!("{error:?}")).handle
            })
            .await
            .clone();
        Ok(Self {
            engine,
            identity,
            busybox,
            workspace,
            others: Mutex::default(),
        })
    }

    /// Makes a second instance, which is taken away with this one.
    pub(crate) async fn beside(&self, instance: &str) -> Arc<Self> {
        let other = Arc::new(Self::new("beside", instance).await.unwrap());
        self.others.lock().unwrap().push(Arc::clone(&other));
        other
    }

    /// Makes an instance of the same workspace with these names, which is taken away too.
    pub(crate) async fn renamed(&self, environment: &str, instance: &str) -> Arc<Self> {
        let mut other = Self::new("renamed", instance).await.unwrap();
        other.identity.id = InstanceId::new(environment, instance, self.workspace.path());
        let docker = connect(&endpoint(), other.identity.clone()).await;
        other.engine = Arc::new(docker.unwrap());
        let other = Arc::new(other);
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
        self.engine.observe(&[]).await.unwrap()
    }

    pub(crate) async fn network(&self) {
        self.engine.ensure(&Resource::Network).await.unwrap();
    }

    /// Creates a service that runs a shell script.
    pub(crate) async fn create(&self, spec: &ServiceSpec, script: &str) {
        self.network().await;
        let launch = self.launch(script);
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

    pub(crate) fn launch(&self, script: &str) -> Launch {
        Launch {
            image: self.busybox.clone(),
            command: Some(secrets(&["sh", "-c", script])),
            entrypoint: None,
            environment: vec![("GREETING".to_owned(), Secret::new("hello"))],
            hash: "0123".to_owned(),
        }
    }

    pub(crate) async fn exec(&self, service: &str, command: &[&str]) -> ExecOutcome {
        let exec = Exec {
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            ..Exec::default()
        };
        self.engine.exec(service, &exec).await.unwrap()
    }

    pub(crate) async fn state(&self, service: &str) -> Option<ServiceState> {
        self.engine.state(service).await.unwrap()
    }

    /// Waits until the service is as expected.
    pub(crate) async fn eventually(&self, service: &str, expect: ServiceState) {
        let looking = async {
            loop {
                let state = self.state(service).await;
                if state == Some(expect) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, looking).await.is_err() {
            let state = self.state(service).await;
            panic!("`{service}` is {state:?} and not {expect:?}");
        }
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

async fn ensure(
    engine: &dyn Engine,
    spec: &Provision,
    bases: &BTreeMap<String, ImageHandle>,
) -> (Result<ImageOutcome, envctl::engine::Error>, Vec<String>) {
    let (events, receiver) = Events::channel();
    let outcome = engine.provide(spec, bases, &events.step(StepId(0))).await;
    drop(events);
    let output = receiver.iter().filter_map(|event| match event {
        Event::StepOutput { line, .. } => Some(line),
        _ => None,
    });
    (outcome, output.collect())
}

pub(crate) fn secrets(words: &[&str]) -> Vec<Secret> {
    words.iter().map(|word| Secret::new(*word)).collect()
}

/// Returns a service that stops within a second.
pub(crate) fn service(name: &str) -> ServiceSpec {
    ServiceSpec {
        name: name.to_owned(),
        service: name.to_owned(),
        role: Role::Service,
        kind: ServiceKind::Program,
        image: ImageSource::Named("busybox".to_owned()),
        command: None,
        entrypoint: None,
        environment: IndexMap::new(),
        ports: Vec::new(),
        mounts: Vec::new(),
        limits: Limits::default(),
        user: None,
        working_dir: None,
        tmpfs: Vec::new(),
        shm_size_bytes: None,
        restart: Restart::No,
        stop_signal: None,
        stop_grace_period: Duration::from_secs(1),
        order: 1,
        hash: String::new(),
    }
}

/// Returns an image that a command writes.
pub(crate) fn loaded(name: &str, command: &[&str], working_dir: &str) -> Provision {
    image(
        name,
        Image {
            load: Some(HostCommand {
                command: command.iter().map(|word| (*word).to_owned()).collect(),
                working_dir: PathBuf::from(working_dir),
                inputs: Vec::new(),
                environment: IndexMap::new(),
            }),
            ..Image::default()
        },
    )
}

pub(crate) fn image(name: &str, image: Image) -> Provision {
    Provision::Image(Box::new(ImageSpec {
        name: name.to_owned(),
        image,
        pull_timeout: Duration::from_secs(20),
    }))
}

/// Returns what an image declares, to be changed.
pub(crate) fn declared(provision: &mut Provision) -> &mut Image {
    match provision {
        Provision::Image(spec) => &mut spec.image,
        Provision::Program(_) => panic!("this is no image"),
    }
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap().trim_end()
}
