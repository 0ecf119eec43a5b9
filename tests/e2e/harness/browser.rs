//! A real browser: Chromium without a window, driven over `WebDriver`
//! (<https://www.w3.org/TR/webdriver2/>).

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::error::CmdError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use url::{ParseError, Url};

use super::{Need, PROJECT, succeeds};

/// How long a page may take to show something.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser with one window.
pub(crate) struct Browser {
    driver: Child,
    /// What the driver says: without a reader it would end.
    _said: BufReader<ChildStdout>,
    runtime: Runtime,
    client: Client,
}

impl Browser {
    /// Opens one with a window of that size, in CSS pixels; where there is none, the test is counted
    /// as skipped.
    pub(crate) fn open(width: u32, height: u32) -> Option<Self> {
        let there = ["chromium", "chromedriver"];
        if !there
            .map(|it| succeeds(Command::new(it).arg("--version")))
            .iter()
            .all(|it| *it)
        {
            Need {
                name: "chromium",
                missing: "no Chromium with its driver (apt-get install chromium chromium-driver)",
            }
            .skip();
            return None;
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (driver, said, port) = driver();
        let options = json!({
            "args": [
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                format!("--window-size={width},{height}"),
            ],
        });
        let mut capabilities = Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let logs = json!({ "browser": "ALL" });
        capabilities.insert("goog:loggingPrefs".to_owned(), logs);
        let connecting = async {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(capabilities);
            builder.connect(&format!("http://127.0.0.1:{port}")).await
        };
        let client = runtime.block_on(connecting).expect("a browser");
        Some(Self {
            driver,
            _said: said,
            runtime,
            client,
        })
    }

    /// Does something and fails the test where that fails.
    #[track_caller]
    fn wait<T>(&self, work: impl Future<Output = Result<T, CmdError>>) -> T {
        self.runtime.block_on(work).expect("the browser does it")
    }

    #[track_caller]
    pub(crate) fn visit(&self, url: &str) {
        self.wait(self.client.goto(url));
    }

    #[track_caller]
    pub(crate) fn click(&self, css: &str) {
        self.wait(async { self.client.find(Locator::Css(css)).await?.click().await });
    }

    /// Types into a field, after what is in it was taken out.
    #[track_caller]
    pub(crate) fn fill(&self, css: &str, text: &str) {
        self.wait(async {
            let field = self.client.find(Locator::Css(css)).await?;
            // As a person does: `Ctrl`+`A`, backspace.
            field.send_keys("\u{e009}a\u{e000}\u{e003}").await?;
            field.send_keys(text).await
        });
    }

    /// Returns what a script returns.
    #[track_caller]
    pub(crate) fn run(&self, script: &str) -> Value {
        self.wait(self.client.execute(script, Vec::new()))
    }

    /// Runs a script until it returns true; fails the test with what `shown` returns.
    #[track_caller]
    pub(crate) fn until(&self, script: &str, shown: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.run(script) != Value::Bool(true) {
            let is_late = Instant::now() > deadline;
            assert!(!is_late, "never `{script}`: {}", self.run(shown));
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// Returns what the page wrote to the console, as errors or otherwise.
    #[track_caller]
    pub(crate) fn console(&self) -> Vec<String> {
        // The classic protocol has no words for it, so the driver has its own.
        let command = Own {
            path: "se/log",
            body: json!({ "type": "browser" }),
        };
        let entries = self.wait(self.client.issue_cmd(command));
        let entries = entries.as_array().cloned().unwrap_or_default();
        let text = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        entries.iter().map(text).collect()
    }

    /// Makes the page as if its reader wanted dark colours.
    #[track_caller]
    pub(crate) fn darken(&self) {
        let features = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
        let command = Own {
            path: "goog/cdp/execute",
            body: json!({
                "cmd": "Emulation.setEmulatedMedia",
                "params": { "features": features },
            }),
        };
        self.wait(self.client.issue_cmd(command));
    }

    #[track_caller]
    pub(crate) fn resize(&self, width: u32, height: u32) {
        self.wait(self.client.set_window_size(width, height));
    }

    /// Keeps a picture in `target/screenshots`.
    #[track_caller]
    pub(crate) fn picture(&self, name: &str) {
        let folder = Path::new(PROJECT).join("target/screenshots");
        fs_err::create_dir_all(&folder).expect("a folder");
        let picture = self.wait(self.client.screenshot());
        fs_err::write(folder.join(format!("{name}.png")), picture).expect("the file is written");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser with it; what is left of either would be seen as ours.
        let client = self.client.clone();
        let closing = async { tokio::time::timeout(Duration::from_secs(5), client.close()).await };
        let _ = self.runtime.block_on(closing);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// A command that only this driver has.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/{}", self.path))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// Starts a driver on a port of its own choice.
#[expect(
    clippy::zombie_processes,
    reason = "the browser that it is given to waits for it"
)]
fn driver() -> (Child, BufReader<ChildStdout>, u16) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver starts");
    let mut said = BufReader::new(driver.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while said.read_line(&mut line).expect("a line") > 0 {
        let port = line.split_once("started successfully on port ");
        if let Some((_, port)) = port {
            let port = port.trim_end_matches(['.', '\n']);
            return (driver, said, port.parse().expect("a number"));
        }
        line.clear();
    }
    panic!("chromedriver names no port");
}
