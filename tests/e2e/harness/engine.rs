//! The engines that scenarios run on, and what each of them needs from the machine.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::{PROJECT, envctl, finish};

/// Makes each scenario two tests, `docker::NAME` and `process::NAME`, each on a copy of the
/// workspace and an instance of its own.
macro_rules! on_each_engine {
    ($($scenario:ident on $instance:literal),+ $(,)?) => {
        $crate::harness::on_each_engine! { in "rates"; $($scenario on $instance),+ }
    };
    (in $environment:literal; $($scenario:ident on $instance:literal),+ $(,)?) => {
        mod docker {
            $(#[test]
            fn $scenario() {
                use $crate::harness::{Engine, Scenario};
                if let Some(scenario) = Scenario::of($environment, Engine::Docker, $instance) {
                    super::$scenario(&scenario);
                }
            })+
        }
        mod process {
            $(#[test]
            fn $scenario() {
                use $crate::harness::{Engine, Scenario};
                if let Some(scenario) = Scenario::of($environment, Engine::Process, $instance) {
                    super::$scenario(&scenario);
                }
            })+
        }
    };
}
pub(crate) use on_each_engine;

/// Where a scenario's instance runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Docker,
    Process,
}

impl Engine {
    /// What `--engine` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Process => "process",
        }
    }

    /// Whether the machine has what the engine needs; where it has not, the test is counted as
    /// skipped. An environment's images or programs are made once for all scenarios.
    pub(super) fn is_there(self, environment: &'static str) -> bool {
        static DOCKER: OnceLock<bool> = OnceLock::new();
        static PROCESS: OnceLock<bool> = OnceLock::new();
        let (there, need) = match self {
            Self::Docker => (
                *DOCKER.get_or_init(|| succeeds(Command::new("docker").arg("version"))),
                Need {
                    name: "docker",
                    missing: "no Docker daemon answers (apt-get install docker.io)",
                },
            ),
            Self::Process => (
                *PROCESS.get_or_init(has_postgres),
                Need {
                    name: "postgres",
                    missing: "no PostgreSQL server program (apt-get install postgresql)",
                },
            ),
        };
        if !there {
            need.skip();
            return false;
        }
        if ["messages", "samples"].contains(&environment) && !has_adminer() {
            // Its programs are built together, and Adminer's names what is missing.
            let missing = "no Adminer (apt-get install php-cli php-pgsql php-cgi adminer)";
            let name = "adminer";
            Need { name, missing }.skip();
            return false;
        }
        if environment == "messages" && self == Self::Process && !has_haproxy() {
            let missing = "no HAProxy (apt-get install haproxy)";
            let name = "haproxy";
            Need { name, missing }.skip();
            return false;
        }
        let with_redis = ["messages", "symbols"].contains(&environment);
        if with_redis && self == Self::Process && !has_redis() {
            let missing = "no Redis server program (apt-get install redis-server)";
            let name = "redis";
            Need { name, missing }.skip();
            return false;
        }
        self.provide(environment);
        true
    }

    fn provide(self, environment: &'static str) {
        static BUILT: Mutex<BTreeSet<(&str, &str)>> = Mutex::new(BTreeSet::new());
        // Held while it is built, for that the others wait.
        let mut done = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        let mut provide = |engine| {
            if done.contains(&(environment, engine)) {
                return;
            }
            let mut build = envctl(Path::new(PROJECT));
            finish(build.args(["build", environment, "--engine", engine])).exits(0);
            done.insert((environment, engine));
        };
        // The copies of the workspace take the programs from here.
        provide("process");
        if self == Self::Docker {
            provide("docker");
        }
    }
}

/// Something of the machine that a scenario cannot do without.
pub(crate) struct Need {
    /// What `ENVCTL_REQUIRE` calls it.
    pub name: &'static str,
    pub missing: &'static str,
}

impl Need {
    /// Says that a test could not be made; where the need is required, that is a failure.
    pub(crate) fn skip(&self) {
        let required = std::env::var("ENVCTL_REQUIRE").unwrap_or_default();
        let required = required.split(',').any(|name| name.trim() == self.name);
        assert!(!required, "{}", self.missing);
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("a scenario");
        // Not by a macro, whose output the test harness keeps to itself.
        writeln!(std::io::stderr(), "skipped: {name}: {}", self.missing)
            .expect("standard error is open");
    }
}

/// Whether a command can be started and ends well.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let output = command.output();
    output.is_ok_and(|output| output.status.success())
}

fn has_postgres() -> bool {
    let packaged = fs_err::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut packaged = packaged.filter_map(Result::ok);
    packaged.any(|version| version.path().join("bin/initdb").exists())
        || succeeds(Command::new("initdb").arg("--version"))
}

fn has_redis() -> bool {
    succeeds(Command::new("redis-server").arg("--version"))
}

fn has_haproxy() -> bool {
    // It is not on the search path of everybody.
    ["haproxy", "/usr/sbin/haproxy"]
        .map(|it| succeeds(Command::new(it).arg("-v")))
        .contains(&true)
}

fn has_adminer() -> bool {
    let loads = "exit(extension_loaded('pgsql') ? 0 : 1);";
    Path::new("/usr/share/adminer/adminer.php").exists()
        && succeeds(Command::new("php").args(["-r", loads]))
}
