//! The engines that the properties are run on, and what stands in for an image where there is none.

use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use envctl::engine::docker::{Daemon, Endpoint};
use envctl::engine::process::ProcessEngine;
use envctl::engine::{Engine, Identity, ImageHandle, Program, ProgramSpec, Provision};
use envctl::host::Home;
use envctl::model::Variables;
use tokio::sync::OnceCell;

use crate::declare::loaded;
use crate::fixture::{Missing, ensure};

/// The programs that scripts may call, the same ones on both engines.
const PROGRAMS: &str = "cat echo env false head hostname httpd id kill ls mkdir nc pwd setsid sh \
                        sleep test true wc wget yes";

/// An engine, and the major version of the PostgreSQL server that is tried on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub engine: &'static str,
    pub postgres: &'static str,
}

pub(crate) const DOCKER: Place = Place {
    engine: "docker",
    postgres: "13",
};
pub(crate) const PROCESS: Place = Place {
    engine: "process",
    postgres: "15",
};
/// Servers that are fetched.
pub(crate) const PROCESS_16: Place = Place {
    engine: "process",
    postgres: "16",
};
pub(crate) const PROCESS_18: Place = Place {
    engine: "process",
    postgres: "18",
};

static IMAGE: OnceCell<ImageHandle> = OnceCell::const_new();
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

impl Place {
    pub(crate) fn has_containers(self) -> bool {
        self.engine == "docker"
    }

    /// Connects as an instance; the error says what is missing.
    pub(crate) async fn connect(self, identity: &Identity) -> Result<Arc<dyn Engine>, Missing> {
        if !Path::new("/bin/busybox").exists() {
            let why = "no /bin/busybox (apt-get install busybox-static)";
            return Err(Missing::new("busybox", why));
        }
        if !self.has_containers() {
            let supervisor = PathBuf::from(env!("CARGO_BIN_EXE_envctl"));
            let process = ProcessEngine::new(identity.clone(), home(), variables(), supervisor);
            return Ok(Arc::new(process));
        }
        match Daemon::connect(&endpoint()).await {
            Ok(daemon) => Ok(Arc::new(daemon.engine(identity.clone()))),
            Err(error) => Err(Missing::new("docker", format!("not reachable: {error}"))),
        }
    }

    /// Returns what scripts run from.
    pub(crate) async fn busybox(self, engine: &dyn Engine) -> ImageHandle {
        if self.has_containers() {
            let made = IMAGE.get_or_init(async || {
                let script = root_fs();
                let spec = loaded("conformance-busybox", &["sh", "-c", &script], "/");
                provided(engine, &spec).await
            });
            return made.await.clone();
        }
        let program = Program::Command {
            build: None,
            program: "busybox".to_owned(),
            working_dir: PathBuf::from("/"),
        };
        let spec = ProgramSpec {
            service: "busybox".to_owned(),
            program,
        };
        provided(engine, &Provision::Program(Box::new(spec))).await
    }
}

async fn provided(engine: &dyn Engine, spec: &Provision) -> ImageHandle {
    let outcome = ensure(engine, spec, &BTreeMap::new()).await.0;
    outcome.unwrap_or_else(|error| panic!("{error:?}")).handle
}

/// Returns a command that writes a root file system with busybox alone.
fn root_fs() -> String {
    format!(
        r#"
set -e
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root/bin" "$root/etc" "$root/tmp"
cp /bin/busybox "$root/bin/"
for name in {PROGRAMS}; do ln -s busybox "$root/bin/$name"; done
echo 'root:x:0:0:root:/:/bin/sh' > "$root/etc/passwd"
tar -C "$root" -c .
"#
    )
}

/// Returns where processes are kept: all tests share it, so that no two are given the same port,
/// and a server's own user can reach it. Fetched servers are in the user's own cache.
pub(crate) fn home() -> Home {
    Home {
        state: folder().join("state"),
        cache: Home::of(&captured()).unwrap().cache,
    }
}

fn folder() -> PathBuf {
    let made = FOLDER.get_or_init(|| {
        let user = rustix::process::geteuid().as_raw();
        let folder = std::env::temp_dir().join(format!("envctl-conformance-{user}"));
        let programs = folder.join("bin");
        fs_err::create_dir_all(&programs).unwrap();
        for folder in [&folder, &programs] {
            open(folder);
        }
        for name in PROGRAMS.split_whitespace().chain(["busybox"]) {
            // Another run may have made it, or be making it.
            let _ = symlink("/bin/busybox", programs.join(name));
        }
        folder
    });
    made.clone()
}

/// Lets other users pass through a folder.
pub(crate) fn open(folder: &Path) {
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Returns what the caller of envctl has in its environment.
pub(crate) fn variables() -> Variables {
    let mut variables = captured();
    let path = variables.get("PATH").cloned().unwrap_or_default();
    let path = format!("{}:{path}", folder().join("bin").display());
    variables.extend([
        ("PATH".to_owned(), path),
        ("INHERITED".to_owned(), "from the caller".to_owned()),
        ("ENVCTL_OWN".to_owned(), "of envctl".to_owned()),
    ]);
    variables
}

fn captured() -> Variables {
    let names = ["PATH", "HOME", "XDG_CACHE_HOME", "TZ"];
    let set = names.map(|name| (name.to_owned(), variable(name)));
    set.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test binary has no main of ours that captures variables"
)]
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

pub(crate) fn endpoint() -> Endpoint {
    let variables = Variables::from([("DOCKER_HOST".to_owned(), variable("DOCKER_HOST"))]);
    Endpoint::find(&variables).unwrap()
}
