//! `cargo xtask bench ready`: how long after a service can first answer `up` knows it, for services
//! that need 0.3 to 8 s, and what the looking takes meanwhile.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::Value;

use crate::program;

/// How often each is measured; the median counts.
const ROUNDS: usize = 5;

/// How long the services need, in seconds.
const NEEDS: [&str; 4] = ["0.3", "1", "3", "8"];

/// How they are asked, with what `env.toml` says for it.
const KINDS: [(&str, &str); 2] = [
    ("HTTP health check", "healthcheck = { http = \"/\" }\n"),
    ("port alone", ""),
];

/// What one start took.
#[derive(Clone, Copy)]
struct Start {
    late: Duration,
    worked: Duration,
}

/// Measures on the engine `process` and prints a table in Markdown.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let mut build = program::cargo(root);
    program::run(build.args(["build", "--release", "--package", "envctl"]))?;
    let workspace = root.join("target/bench/ready");
    fs_err::create_dir_all(workspace.join("envs/slow"))?;
    let bench = Bench {
        envctl: root.join("target/release/envctl"),
        opened: workspace.join("opened"),
        workspace,
    };
    println!("| needs | asked by | known after, median and worst | processor time of `up` |");
    println!("|---|---|---|---|");
    for need in NEEDS {
        for (kind, check) in KINDS {
            let starts: anyhow::Result<Vec<Start>> =
                (0..ROUNDS).map(|_| bench.start(need, check)).collect();
            let starts = starts?;
            let middle = |of: fn(&Start) -> Duration| {
                let mut all: Vec<Duration> = starts.iter().map(of).collect();
                all.sort();
                all[all.len() / 2].as_secs_f64() * 1000.0
            };
            let worst = starts.iter().map(|start| start.late).max();
            println!(
                "| {need} s | {kind} | {:.1} ms, {:.1} ms | {:.0} ms |",
                middle(|start| start.late),
                worst.unwrap_or_default().as_secs_f64() * 1000.0,
                middle(|start| start.worked),
            );
        }
    }
    Ok(())
}

struct Bench {
    envctl: PathBuf,
    workspace: PathBuf,
    /// Where a service writes when it could first answer.
    opened: PathBuf,
}

impl Bench {
    /// Brings a service up and takes it away.
    fn start(&self, need: &str, check: &str) -> anyhow::Result<Start> {
        let server = std::env::current_exe()?;
        let command = [
            &server.display().to_string(),
            "bench",
            "server",
            need,
            "${services.slow.port}",
            &self.opened.display().to_string(),
        ];
        let text = format!(
            "[services.slow]\nports = {{ http = 80 }}\nprocess = {}\n{check}",
            serde_json::to_string(&command)?
        );
        fs_err::write(self.workspace.join("envs/slow/env.toml"), text)?;
        let before = worked()?;
        let known = self.up()?;
        let worked = worked()?.saturating_sub(before);
        let opened: u64 = fs_err::read_to_string(&self.opened)?.parse()?;
        self.run(&["down", "slow"])?.wait()?;
        Ok(Start {
            late: known.saturating_sub(Duration::from_nanos(opened)),
            worked,
        })
    }

    /// Returns when `up` said that the service is ready.
    fn up(&self) -> anyhow::Result<Duration> {
        let mut up = self.run(&["up", "slow"])?;
        let stdout = up.stdout.take().context("no output")?;
        let mut known = None;
        let mut last = String::new();
        for line in BufReader::new(stdout).lines() {
            last = line?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
            let event: Value = serde_json::from_str(&last)?;
            if event["event"] == "step_finished" && event["title"] == "ready slow" {
                known = Some(now);
            }
        }
        if !up.wait()?.success() {
            bail!("{last}");
        }
        known.context("nothing was waited for")
    }

    fn run(&self, arguments: &[&str]) -> anyhow::Result<std::process::Child> {
        Command::new(&self.envctl)
            .args(arguments)
            .args([
                "--engine",
                "process",
                "--instance",
                "bench",
                "--output",
                "json",
            ])
            .current_dir(&self.workspace)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run envctl")
    }
}

/// Returns the processor time of all programs that were run and have ended.
fn worked() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = |it: nix::sys::time::TimeVal| {
        let seconds = u64::try_from(it.tv_sec()).unwrap_or_default();
        let micros = u64::try_from(it.tv_usec()).unwrap_or_default();
        Duration::from_secs(seconds) + Duration::from_micros(micros)
    };
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

/// The service that is measured: answers every request after a time, and writes when it first could.
#[expect(
    clippy::disallowed_methods,
    reason = "this stands for what a service does before it listens"
)]
pub(crate) fn server(need: &str, port: &str, opened: &str) -> anyhow::Result<()> {
    std::thread::sleep(Duration::from_secs_f64(need.parse()?));
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    fs_err::write(opened, now.as_nanos().to_string())?;
    loop {
        let (mut stream, _) = listener.accept()?;
        std::thread::spawn(move || {
            let mut asked = [0; 4096];
            if stream.read(&mut asked).is_ok_and(|count| count > 0) {
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                // Who asked may be gone.
                let _ = stream.write_all(answer);
            }
        });
    }
}
