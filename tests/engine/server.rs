//! A database server on either engine: from an image of this project, or from this machine's
//! programs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use envctl::engine::{
    ImageHandle, Launch, Program, ProgramSpec, Provision, Resource, ServerSpec, ServiceSpec,
};
use envctl::model::{Build, HostCommand, HostPort, Image, Part, Reference, Secret, Template};
use indexmap::IndexMap;
use tokio::sync::OnceCell;

use crate::declare::{data_on, image, port, secrets, service};
use crate::fixture::{Fixture, Missing, ensure};

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

static BASE: OnceCell<ImageHandle> = OnceCell::const_new();
static POSTGRES: OnceCell<ImageHandle> = OnceCell::const_new();
static REDIS: OnceCell<ImageHandle> = OnceCell::const_new();

/// A server that is to be created.
pub(crate) struct Server<'a> {
    pub fixture: &'a Fixture,
    pub spec: ServiceSpec,
    pub launch: Launch,
}

impl<'a> Server<'a> {
    /// Declares a server as the plan does, with a volume for its data.
    pub(crate) async fn new(
        fixture: &'a Fixture,
        server: ServerSpec,
        (container, mount): (u16, &str),
        program: Program,
    ) -> Self {
        let handle = match (fixture.has_containers(), &server) {
            (true, ServerSpec::Redis) => {
                REDIS.get_or_init(|| built(fixture, "redis")).await.clone()
            }
            (true, _) => POSTGRES
                .get_or_init(|| built(fixture, "postgres"))
                .await
                .clone(),
            (false, _) => installed(fixture, program).await,
        };
        let mut spec = service("db");
        spec.server = Some(server);
        spec.ports = vec![port("db", container, HostPort::Any)];
        spec.mounts = vec![data_on(mount)];
        spec.stop_grace_period = Duration::from_secs(10);
        let launch = Launch {
            image: handle,
            command: None,
            entrypoint: None,
            environment: Vec::new(),
            files: Vec::new(),
            hash: "0123".to_owned(),
        };
        Self {
            fixture,
            spec,
            launch,
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let variable = (name.to_owned(), Secret::new(value));
        self.launch.environment.push(variable);
    }

    pub(crate) fn command(&mut self, words: &[&str]) {
        self.launch.command = Some(secrets(words));
    }

    /// Creates the server with its volume, and starts it.
    pub(crate) async fn start(&self) {
        let engine = &self.fixture.engine;
        self.fixture.network().await;
        let volume = Resource::Volume("data".to_owned());
        engine.ensure(&volume).await.unwrap();
        engine.create(&self.spec, &self.launch).await.unwrap();
        engine.start("db").await.unwrap();
    }

    pub(crate) async fn stop(&self) {
        self.fixture.engine.stop("db").await.unwrap();
    }

    pub(crate) async fn start_again(&self) {
        self.fixture.engine.start("db").await.unwrap();
    }

    pub(crate) async fn address(&self) -> SocketAddr {
        self.fixture.engine.address("db", "db").await.unwrap()
    }
}

/// Finds a server among this machine's programs, or fetches one.
async fn installed(fixture: &Fixture, program: Program) -> ImageHandle {
    let what = match &program {
        Program::Redis(_) => "redis",
        _ if fixture.place == crate::place::PROCESS => "postgres",
        // It comes by pip.
        _ => "pip",
    };
    let spec = ProgramSpec {
        service: "db".to_owned(),
        program,
    };
    let spec = Provision::Program(Box::new(spec));
    match fixture.ensure(&spec, &BTreeMap::new()).await.0 {
        Ok(outcome) => outcome.handle,
        Err(error) => Missing::new(what, error.to_string()).end(),
    }
}

/// Builds a server's image as `envs/rates` declares it, on a base that `mmdebstrap` makes.
async fn built(fixture: &Fixture, name: &str) -> ImageHandle {
    let base = BASE.get_or_init(async || {
        let words = ["mmdebstrap", "--variant=minbase", "bullseye", "-"];
        let load = HostCommand {
            command: words.map(str::to_owned).to_vec(),
            working_dir: PathBuf::from(PROJECT),
            inputs: Vec::new(),
            environment: IndexMap::new(),
        };
        let debian = Image {
            pull: Some("debian:bullseye-slim".to_owned()),
            load: Some(load),
            ..Image::default()
        };
        provided(fixture, &image("debian", debian), &BTreeMap::new()).await
    });
    let part = Part::Reference(Reference::Image("debian".to_owned()));
    let build = Build {
        context: Path::new(PROJECT).join("fixtures/images").join(name),
        dockerfile: PathBuf::from("Dockerfile"),
        args: IndexMap::from([("BASE".to_owned(), Template { parts: vec![part] })]),
        target: None,
        prepare: None,
    };
    let declared = Image {
        // Our own, and not the official one where a registry has that.
        build: Some(build),
        ..Image::default()
    };
    let bases = BTreeMap::from([("debian".to_owned(), base.await.clone())]);
    provided(fixture, &image(name, declared), &bases).await
}

async fn provided(
    fixture: &Fixture,
    spec: &Provision,
    bases: &BTreeMap<String, ImageHandle>,
) -> ImageHandle {
    let (outcome, output) = ensure(&*fixture.engine, spec, bases).await;
    match outcome {
        Ok(outcome) => outcome.handle,
        Err(error) => panic!("{error:?}\n{}", output.join("\n")),
    }
}
