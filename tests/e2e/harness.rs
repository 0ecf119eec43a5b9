//! What every scenario stands on: a copy of the workspace, the program, and what is left behind.

use std::io::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

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

/// A copy of the workspace with an instance that is taken away at the end.
pub(crate) struct Scenario {
    folder: tempfile::TempDir,
    instance: &'static str,
}

impl Scenario {
    /// Returns a fresh copy, once all images of `rates` are there. Without a Docker daemon it is
    /// nothing, and the test is counted as skipped.
    pub(crate) fn new(instance: &'static str) -> Option<Self> {
        if !docker_answers() {
            skip();
            return None;
        }
        images();
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["envs", "fixtures", "xtask", "Cargo.lock", "Cargo.toml"] {
            let copied = Command::new("cp")
                .arg("-R")
                .arg(Path::new(PROJECT).join(name))
                .arg(folder.path())
                .status()
                .expect("cp runs");
            assert!(copied.success());
        }
        Some(Self { folder, instance })
    }

    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub(crate) fn write(&self, inside: &str, content: impl AsRef<[u8]>) {
        fs_err::write(self.path(inside), content).expect("the file is written");
    }

    pub(crate) fn read(&self, inside: &str) -> String {
        fs_err::read_to_string(self.path(inside)).expect("the file is read")
    }

    /// Returns the program, to be run on this scenario's instance.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = envctl(self.folder.path());
        // Before the command: what follows some commands is not ours.
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

    /// Returns the ids of all containers, networks and volumes of this scenario's workspace.
    pub(crate) fn left(&self) -> Vec<String> {
        let workspace = self
            .folder
            .path()
            .canonicalize()
            .expect("the folder is there");
        let label = format!("label=envctl.workspace={}", workspace.display());
        let mut left = Vec::new();
        for list in [
            &["ps", "-aq"][..],
            &["network", "ls", "-q"],
            &["volume", "ls", "-q"],
        ] {
            left.extend(
                docker(&[list, &["--filter", &label]].concat())
                    .lines()
                    .map(str::to_owned),
            );
        }
        left
    }

    /// Returns the address of the API: `127.0.0.1:32768`.
    pub(crate) fn api(&self) -> String {
        let status = self
            .run(&["status", "rates", "--output", "json"])
            .exits(0)
            .answer();
        let services = status["services"].as_array().expect("services").iter();
        let api = services
            .into_iter()
            .find(|service| service["service"] == "api")
            .expect("an api");
        let port = api["ports"][0].as_str().expect("a port");
        port.split(" -> ").next().expect("an address").to_owned()
    }

    /// Returns the only value of a query.
    pub(crate) fn value(&self, sql: &str) -> String {
        let outcome = self
            .run(&["psql", "-e", "rates", "-c", sql, "--output", "json"])
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
        let down = self.run(&["down", "rates", "--volumes", "--yes"]);
        let left = self.left();
        if !std::thread::panicking() {
            assert_eq!((down.code, &left), (0, &Vec::new()), "{}", down.stderr);
        }
    }
}

/// Returns the program as a user would start it in `folder`, with a bare environment.
pub(crate) fn envctl(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_envctl"));
    command
        .current_dir(folder)
        .env_clear()
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    for name in ["PATH", "HOME", "DOCKER_HOST", "CARGO_HOME", "RUSTUP_HOME"] {
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

fn docker_answers() -> bool {
    static ANSWERS: OnceLock<bool> = OnceLock::new();
    *ANSWERS.get_or_init(|| {
        let asked = Command::new("docker").arg("version").output();
        asked.is_ok_and(|output| output.status.success())
    })
}

/// Says that a test could not be made; where Docker is required, that is a failure.
fn skip() {
    let required = std::env::var("ENVCTL_REQUIRE").unwrap_or_default();
    assert!(!required.contains("docker"), "no Docker daemon answers");
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a scenario");
    // Not by a macro, whose output the test harness keeps to itself.
    let mut stderr = std::io::stderr();
    writeln!(
        stderr,
        "skipped: {name}: no Docker daemon answers (apt-get install docker.io)"
    )
    .expect("standard error is open");
}

/// Makes the images of `rates` once for all scenarios.
fn images() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        finish(envctl(Path::new(PROJECT)).args(["build", "rates"])).exits(0);
    });
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

/// Sends a signal: `INT`.
pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(status.expect("kill runs").success());
}
