//! What every case stands on: a workspace made of texts, and one run of the program in it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::Expect;
use serde_json::Value;
use tempfile::TempDir;

/// The project itself.
pub(crate) const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// The least that an environment needs.
pub(crate) const API: &str = "[services.api]\nimage = 'api:1'\nports = { http = 3000 }\n";

/// A workspace, and the variables that the program runs with: none but these.
pub(crate) struct Workspace {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Workspace {
    /// Returns a folder that is no workspace until it has a file in `envs/`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().join("home").display().to_string();
        let socket = format!("unix://{}/docker.sock", folder.path().display());
        let variables = [
            ("COLUMNS", "100".to_owned()),
            ("NO_COLOR", "1".to_owned()),
            ("HOME", home),
            // Nothing listens here: no case may reach a daemon of this machine.
            ("DOCKER_HOST", socket),
        ];
        Self {
            folder,
            variables: variables.into(),
        }
    }

    /// Returns a workspace with one environment, `rates`.
    pub(crate) fn rates(env: &str) -> Self {
        Self::new().file("envs/rates/env.toml", env)
    }

    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.folder.path().join(path);
        fs_err::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs_err::write(path, content).expect("a file");
        self
    }

    pub(crate) fn folder(self, path: &str) -> Self {
        fs_err::create_dir_all(self.folder.path().join(path)).expect("a folder");
        self
    }

    /// Sets a variable, in place of what it was.
    pub(crate) fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_owned()));
        self
    }

    pub(crate) fn columns(self, columns: &str) -> Self {
        self.variable("COLUMNS", columns)
    }

    /// Runs a command line, and compares its streams and its exit code.
    #[track_caller]
    pub(crate) fn check(&self, line: &str, expected: &Expect) {
        let (stdout, stderr, code) = self.run(line);
        let mut block = String::new();
        for (name, text) in [("stdout", stdout), ("stderr", stderr)] {
            if !text.is_empty() {
                block.extend(["--- ", name, "\n", text.as_str()]);
            }
        }
        block.extend(["--- exit ", code.to_string().as_str(), "\n"]);
        expected.assert_eq(&block);
    }

    /// Returns standard output of a command line that says nothing else and exits 0.
    #[track_caller]
    pub(crate) fn stdout(&self, line: &str) -> String {
        let (stdout, stderr, code) = self.run(line);
        assert_eq!((stderr.as_str(), code), ("", 0), "{line}");
        stdout
    }

    /// Returns every line of standard output as JSON, and the exit code.
    #[track_caller]
    pub(crate) fn json(&self, line: &str) -> (Vec<Value>, i32) {
        let (stdout, stderr, code) = self.run(line);
        assert_eq!(stderr, "", "{line}");
        let lines = stdout.lines();
        let parsed = lines.map(|line| serde_json::from_str(line).expect("each line is JSON"));
        (parsed.collect(), code)
    }

    /// Returns both streams, redacted, and the exit code.
    pub(crate) fn run(&self, line: &str) -> (String, String, i32) {
        let words = shell_words::split(line).expect("the line has whole quotes");
        let (program, arguments) = words.split_first().expect("the line has a program");
        assert_eq!(program, "envctl");
        let output = self.output(arguments, &self.path());
        let text = |bytes: &[u8]| self.redact(&String::from_utf8_lossy(bytes));
        let code = output.status.code().expect("no signal ended it");
        (text(&output.stdout), text(&output.stderr), code)
    }

    /// Returns standard error of a command line whose standard output is a full disk, and the exit
    /// code.
    #[track_caller]
    pub(crate) fn on_full_disk(&self, line: &str) -> (String, i32) {
        let full = fs_err::OpenOptions::new().write(true).open("/dev/full");
        let output = self
            .command(line.split(' ').skip(1), &self.path())
            .stdout(full.expect("a device").into_file())
            .output()
            .expect("the program runs");
        let code = output.status.code().expect("no signal ended it");
        (self.redact(&String::from_utf8_lossy(&output.stderr)), code)
    }

    fn output(&self, arguments: &[String], folder: &Path) -> Output {
        let output = self.command(arguments, folder).output();
        output.expect("the program runs")
    }

    fn command(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
        folder: &Path,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_envctl"));
        command
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn path(&self) -> PathBuf {
        fs_err::canonicalize(self.folder.path()).expect("it is there")
    }

    /// Replaces the folder's name and times of day.
    fn redact(&self, text: &str) -> String {
        let folder = self.path().display().to_string();
        let text = text.replace(&folder, "[workspace]");
        let lines = text.split_inclusive('\n').map(|line| {
            let time = line.split(' ').next().unwrap_or_default();
            if is_time(time) {
                format!("[time]{}", &line[time.len()..])
            } else {
                line.to_owned()
            }
        });
        lines.collect()
    }
}

/// Whether a word is a time of day, such as `12:03:04`.
fn is_time(word: &str) -> bool {
    let mut parts = word.split(':');
    let two = |part: Option<&str>| {
        part.is_some_and(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    two(parts.next()) && two(parts.next()) && two(parts.next()) && parts.next().is_none()
}

/// Returns a file of the project.
pub(crate) fn document(path: &str) -> String {
    fs_err::read_to_string(Path::new(PROJECT).join(path)).expect("the project has it")
}
