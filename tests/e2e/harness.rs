//! What every scenario stands on: a copy of the workspace, the program, and what is left behind.

mod browser;
mod engine;
mod left;

use std::io::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use envctl::host::Home;
use envctl::model::InstanceId;
use serde_json::Value;

pub(crate) use browser::Browser;
pub(crate) use engine::{Engine, Need, on_each_engine, succeeds};
pub(crate) use left::{processes, supervisors};

/// The project itself.
pub(crate) const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub stdout: String,
    pub stderr: String,
    /// -1 when a signal ended it.
    pub code: i32,
}

impl Outcome {
    /// Fails the test unless the command ended with `code`.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Fails the test unless standard error holds every text.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.stderr.contains(text),
                "no {text:?} in:\n{}",
                self.stderr
            );
        }
        self
    }

    /// Returns the answer of a command that ran with `--output json`.
    #[track_caller]
    pub(crate) fn answer(&self) -> Value {
        let last = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).expect("the last line is JSON")
    }
}

/// What a copy of the workspace needs, so that it compiles nothing by itself: the programs of the
/// project are copied into it, and what would build them does nothing.
fn local_layer(environment: &str) -> String {
    let built: &[&str] = match environment {
        "samples" => &["services.api", "services.worker", "tasks.send-samples"],
        "symbols" => &["services.api", "tasks.simulate-users"],
        "messages" => &[
            "services.api",
            "services.consumer",
            "services.monitor",
            "tasks.send-messages",
        ],
        _ => &["services.api"],
    };
    let layer = |table| format!("[{table}.process.build]\ncommand = [\"true\"]\n");
    built.iter().map(layer).collect()
}

/// What `--instance` is for the instance that takes the declared ports.
pub(crate) const DEFAULT: &str = "default";

/// A copy of the workspace with an instance that is taken away at the end.
pub(crate) struct Scenario {
    folder: tempfile::TempDir,
    /// The project itself, where the copy is not the workspace.
    elsewhere: Option<PathBuf>,
    pub(crate) engine: Engine,
    environment: &'static str,
    instance: &'static str,
    /// The words before the program: `setpriv …`.
    starter: Vec<String>,
    /// The flags before the command.
    flags: Vec<&'static str>,
    variables: Vec<(&'static str, String)>,
    /// Where the process engine keeps its instances.
    state: PathBuf,
}

impl Scenario {
    /// Returns a fresh copy for an instance of `rates`.
    pub(crate) fn new(engine: Engine, instance: &'static str) -> Option<Self> {
        Self::of("rates", engine, instance)
    }

    /// Returns a fresh copy. Where the engine cannot run, it is nothing, and the test is counted
    /// as skipped.
    pub(crate) fn of(
        environment: &'static str,
        engine: Engine,
        instance: &'static str,
    ) -> Option<Self> {
        if !engine.is_there(environment) {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let program = match environment {
            "samples" => "target/images/samples",
            "symbols" => "target/images/symbols",
            "messages" => "target/images/messages",
            _ => "target/images/rates-api",
        };
        fs_err::create_dir_all(folder.path().join(program)).expect("a folder");
        fs_err::create_dir(folder.path().join("tmp")).expect("a folder");
        for name in [
            "envs",
            "fixtures",
            "xtask",
            "Cargo.lock",
            "Cargo.toml",
            program,
        ] {
            let copied = Command::new("cp")
                .arg("-R")
                .arg(Path::new(PROJECT).join(name))
                .arg(folder.path().join(name).parent().expect("a folder"))
                .status()
                .expect("cp runs");
            assert!(copied.success());
        }
        let scenario = Self {
            folder,
            elsewhere: None,
            engine,
            environment,
            instance,
            starter: Vec::new(),
            flags: vec!["--engine", engine.name()],
            variables: Vec::new(),
            state: home().state,
        };
        scenario.local("");
        Some(scenario)
    }

    /// Returns a copy on a machine on which no Docker daemon answers; no engine is asked for.
    pub(crate) fn without_docker(instance: &'static str) -> Option<Self> {
        let mut scenario = Self::new(Engine::Process, instance)?;
        scenario.flags.clear();
        scenario.set("DOCKER_HOST", "unix:///nonexistent");
        Some(scenario)
    }

    /// Puts words before the program, which run it: `setpriv …`.
    pub(crate) fn start_by(&mut self, words: &[&str]) {
        self.starter = words.iter().map(|word| (*word).to_owned()).collect();
    }

    /// Has the commands work in another workspace than the copy.
    pub(crate) fn work_in(&mut self, folder: &Path) {
        self.elsewhere = Some(folder.to_owned());
    }

    /// Asks for no engine.
    pub(crate) fn choose_by_itself(&mut self) {
        self.flags.clear();
    }

    pub(crate) fn set(&mut self, variable: &'static str, value: impl Into<String>) {
        self.variables.push((variable, value.into()));
    }

    /// Has the process engine keep its instances elsewhere, as it does for an ordinary user.
    pub(crate) fn keep_state_in(&mut self, folder: PathBuf) {
        self.state = folder;
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub(crate) fn write(&self, inside: &str, content: impl AsRef<[u8]>) {
        fs_err::write(self.path(inside), content).expect("the file is written");
    }

    /// Writes the layer that is this machine's alone.
    pub(crate) fn local(&self, text: &str) {
        let environment = self.environment;
        let layer = local_layer(environment);
        self.write(
            &format!("envs/{environment}/local.toml"),
            format!("{layer}{text}"),
        );
    }

    /// Replaces the environment, whose local layer goes with it.
    pub(crate) fn declare(&self, text: &str) {
        self.write("envs/rates/env.toml", text);
        let _ = fs_err::remove_file(self.path("envs/rates/local.toml"));
    }

    pub(crate) fn read(&self, inside: &str) -> String {
        fs_err::read_to_string(self.path(inside)).expect("the file is read")
    }

    /// Returns the declared images of databases, which are there already.
    pub(crate) fn images() -> String {
        let rates = Path::new(PROJECT).join("envs/rates/env.toml");
        let rates = fs_err::read_to_string(rates).expect("the file is read");
        let end = rates.find("[images.rates-api]").expect("its images");
        rates[..end].to_owned()
    }

    /// Returns the instance's id, which all that is made of it carries.
    pub(crate) fn id(&self) -> String {
        InstanceId::new(self.environment, self.instance, &self.workspace()).to_string()
    }

    fn workspace(&self) -> PathBuf {
        let copy = self.folder.path();
        let folder = self.elsewhere.as_deref().unwrap_or(copy);
        folder.canonicalize().expect("the folder is there")
    }

    /// Returns the folder of the instance's processes.
    pub(crate) fn home(&self) -> PathBuf {
        self.state.join("instances").join(self.id())
    }

    /// Returns the program, to be run on this scenario's instance.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let envctl = envctl(&self.workspace());
        let mut command = match self.starter.split_first() {
            None => envctl,
            Some((program, words)) => {
                let mut command = Command::new(program);
                command.args(words).arg(envctl.get_program());
                command.current_dir(self.workspace()).env_clear();
                command.stdin(Stdio::null());
                for (name, value) in envctl.get_envs() {
                    command.env(name, value.expect("it is set"));
                }
                command
            }
        };
        command.env("TMPDIR", self.path("tmp"));
        let variables = self.variables.iter();
        command.envs(variables.map(|(name, value)| (name, value)));
        // Before the command: what follows some commands is not ours.
        command.args(&self.flags);
        command.args(["--instance", self.instance]).args(args);
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        finish(&mut self.command(args))
    }

    /// Starts the program with its JSON lines on a pipe.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        let args = [&["--output", "json"], args].concat();
        let mut command = self.command(&args);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().expect("envctl starts")
    }

    /// Returns what is left of this scenario's instance, as `volume db-data`.
    pub(crate) fn left(&self) -> Vec<String> {
        let mut left = left::of_processes(&self.id(), &self.state, &self.path("tmp"));
        if self.engine == Engine::Docker {
            left.extend(left::on_docker(&self.workspace()));
        }
        let lock = self.state.join("locks").join(format!("{}.lock", self.id()));
        // It stays as long as there is something to lock.
        if left.is_empty() && lock.exists() {
            left.push(lock.display().to_string());
        }
        left
    }

    /// Takes the instance away with its data, and fails the test where anything is left.
    #[track_caller]
    pub(crate) fn take_away(&self) {
        let down = self.run(&["down", self.environment, "--volumes", "--yes"]);
        assert_eq!(down.code, 0, "{}", down.stderr);
        assert_eq!(self.left(), Vec::<String>::new());
    }

    /// Kills every process or container of the instance's services, as a crash would.
    pub(crate) fn kill_services(&self) {
        match self.engine {
            Engine::Docker => {
                let label = format!("label=envctl.workspace={}", self.workspace().display());
                let ids = docker(&["ps", "-q", "--filter", &label]);
                for id in ids.lines() {
                    docker(&["kill", id]);
                }
            }
            Engine::Process => {
                let mains = left::mains(&self.home());
                // Some servers write over the mark that the others are found by.
                for pid in mains.into_iter().chain(left::processes(&self.id())) {
                    // One may go with another.
                    kill(pid, "KILL");
                }
            }
        }
        eventually("all are down", || {
            let status = self
                .run(&["status", self.environment, "--output", "json"])
                .exits(0);
            let status = status.answer();
            let services = status["services"].as_array().expect("services");
            let runs = |service: &&Value| {
                let state = service["state"].as_str().expect("a state");
                state == "ready" || state.starts_with("running")
            };
            let running = services.iter().filter(runs).count();
            if running == 0 {
                Ok(())
            } else {
                Err(status.to_string())
            }
        });
    }

    /// Kills one service, as a crash would; replicas have names of their own.
    pub(crate) fn kill_service(&self, name: &str) {
        match self.engine {
            Engine::Docker => {
                let workspace = format!("label=envctl.workspace={}", self.workspace().display());
                let name = format!("label=envctl.name={name}");
                let id = docker(&["ps", "-q", "--filter", &workspace, "--filter", &name]);
                docker(&["kill", id.trim()]);
            }
            Engine::Process => {
                let service = self.home().join("services").join(name);
                let pid = left::main_of(&service).expect("its main process");
                let made = left::children(pid);
                assert!(kill(pid, "KILL"));
                // A server's own processes go on until they notice.
                eventually("what it had started is gone too", || {
                    let runs = |pid: &&u32| Path::new(&format!("/proc/{pid}")).exists();
                    let running: Vec<_> = made.iter().filter(runs).collect();
                    if running.is_empty() {
                        Ok(())
                    } else {
                        Err(format!("{running:?}"))
                    }
                });
            }
        }
    }

    /// Returns a service's line of `status`.
    pub(crate) fn service(&self, name: &str) -> Value {
        let found = self.service_if_any(name);
        found.unwrap_or_else(|| panic!("{name} is not there"))
    }

    /// Does the same; `None` where there is no such service or task now.
    pub(crate) fn service_if_any(&self, name: &str) -> Option<Value> {
        let status = self
            .run(&["status", self.environment, "--output", "json"])
            .exits(0);
        let status = status.answer();
        let services = status["services"].as_array().expect("services");
        let found = services.iter().find(|service| service["service"] == name);
        found.cloned()
    }

    /// Returns where a service is reached: `127.0.0.1:32768`.
    pub(crate) fn address(&self, service: &str) -> String {
        let service = self.service(service);
        let port = service["ports"][0].as_str().expect("a port");
        port.split(" -> ").next().expect("an address").to_owned()
    }

    /// Returns the only value of a query.
    pub(crate) fn value(&self, sql: &str) -> String {
        let outcome = self
            .run(&[
                "psql",
                "-e",
                self.environment,
                "-c",
                sql,
                "--output",
                "json",
            ])
            .exits(0);
        outcome.answer()["rows"][0][0]
            .as_str()
            .expect("a value")
            .to_owned()
    }
}

impl Drop for Scenario {
    fn drop(&mut self) {
        // A scenario that failed can be looked at.
        if std::env::var_os("ENVCTL_KEEP").is_some() {
            return;
        }
        if std::thread::panicking() {
            self.run(&["down", self.environment, "--volumes", "--yes"]);
        } else {
            self.take_away();
        }
    }
}

/// Returns the folders of the user that runs the tests.
fn home() -> Home {
    let variables = std::env::vars_os();
    let variables = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Home::of(&variables.collect()).expect("a home")
}

/// Returns the program as a user would start it in `folder`, with a bare environment.
pub(crate) fn envctl(folder: &Path) -> Command {
    const KEPT: [&str; 5] = ["PATH", "HOME", "DOCKER_HOST", "CARGO_HOME", "RUSTUP_HOME"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_envctl"));
    command
        .current_dir(folder)
        .env_clear()
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    for name in KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

pub(crate) fn finish(command: &mut Command) -> Outcome {
    let output = command.output().expect("envctl runs");
    Outcome {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

/// Returns what the docker program prints.
pub(crate) fn docker(args: &[&str]) -> String {
    let output = Command::new("docker")
        .args(args)
        .output()
        .expect("docker runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Returns the body of a GET; the answer must be 200.
pub(crate) fn get(address: &str, path: &str) -> String {
    use std::io::Read as _;
    let mut stream = std::net::TcpStream::connect(address).expect("the API listens");
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(
        head.starts_with("HTTP/1.0 200") || head.starts_with("HTTP/1.1 200"),
        "{answer}"
    );
    body.to_owned()
}

/// Looks until `check` holds; fails the test with its last text after half a minute.
#[track_caller]
pub(crate) fn eventually(what: &str, mut check: impl FnMut() -> Result<(), String>) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match check() {
            Ok(()) => return,
            Err(seen) if Instant::now() > deadline => panic!("{what}: {seen}"),
            Err(_) => std::thread::park_timeout(Duration::from_millis(20)),
        }
    }
}

/// Reads JSON lines until a step of that title starts.
pub(crate) fn until_started(child: &mut Child, title: &str) {
    let stdout = child.stdout.take().expect("a pipe");
    for line in BufReader::new(stdout).lines() {
        let line = line.expect("a line");
        if line.contains("step_started") && line.contains(title) {
            return;
        }
    }
    panic!("no step {title} was started");
}

/// Sends a signal: `INT`; says whether the process was there.
pub(crate) fn kill(pid: u32, signal: &str) -> bool {
    let mut kill = Command::new("kill");
    succeeds(kill.args(["-s", signal, &pid.to_string()]))
}

/// Returns a port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
