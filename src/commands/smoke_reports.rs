//! Where the reports of `smoke-test` go: files, a folder, standard output, and what GitHub Actions
//! shows. The places are looked at before the checks, so that nobody waits in vain.

use std::collections::BTreeSet;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::failure::Failure;
use super::scene::Scene;
use super::session::Session;
use crate::cli::{ReportFormat, ReportTo, SmokeTestArgs};
use crate::config::Merged;
use crate::engine::{LogOptions, ObservedService};
use crate::smoke::reports::{
    self, JUnit, JsonReport, Markdown, ReportError, Results, SUMMARY_BYTES_MAX, Tap,
};
use crate::tell::Answer;
use crate::tell::Mask;

/// How many lines of each service's log go into the folder.
const LOG_LINES: usize = 10_000;
/// How long the logs of all services may take to come.
const LOG_TIMEOUT: Duration = Duration::from_secs(20);
/// How many lines may be on their way before a service's log waits.
const LINES_IN_FLIGHT: usize = 256;

/// What is written, and where.
#[derive(Debug, Default)]
pub(super) struct Targets {
    files: Vec<ReportTo>,
    stdout: Option<ReportFormat>,
    folder: Option<PathBuf>,
    /// What no report that begins in it leaves through a link.
    workspace: PathBuf,
    /// Whether GitHub Actions shows annotations.
    annotated: bool,
    /// The top folder of what GitHub Actions checked out.
    repository: Option<PathBuf>,
    /// The file whose Markdown GitHub Actions shows.
    summary: Option<PathBuf>,
}

impl Targets {
    /// Returns what was asked for; fails where something could not be written.
    pub(super) fn prepared(session: &Session, args: &SmokeTestArgs) -> Result<Self, Failure> {
        let variable = |name: &str| session.request.variables.get(name);
        let in_actions = variable("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        let summary = variable("GITHUB_STEP_SUMMARY").filter(|file| in_actions && !file.is_empty());
        let mut targets = Self {
            annotated: in_actions,
            repository: variable("GITHUB_WORKSPACE").map(|it| canonical(Path::new(it))),
            summary: summary.map(PathBuf::from),
            ..Self::default()
        };
        let junit = args.junit.iter().map(|file| ReportTo {
            format: ReportFormat::JUnit,
            file: file.clone(),
        });
        for ReportTo { format, file } in junit.chain(args.reports.iter().cloned()) {
            if file != Path::new("-") {
                let file = session.request.directory.join(file);
                targets.files.push(ReportTo { format, file });
            } else if session.json {
                let title = "standard output is for the lines of `--output json`";
                return Err(Failure::usage(title, "name a file for the report"));
            } else if targets.stdout.replace(format).is_some() {
                let title = "standard output can have one report only";
                return Err(Failure::usage(title, "name a file for the others"));
            }
        }
        let named = !targets.files.is_empty() || args.report_dir.is_some();
        if named {
            targets.workspace = session.invocation(args.environment.as_ref())?.workspace;
        }
        if let Some(folder) = &args.report_dir {
            let folder = session.request.directory.join(folder);
            let logs = folder.join("logs");
            reports::stays(&logs, &targets.workspace)
                .map_err(|error| Failure::of_report(&error))?;
            fs_err::create_dir_all(logs).map_err(|error| Failure::of_io(&error))?;
            targets.files.extend(files_of(&folder));
            targets.folder = Some(folder);
        }
        let mut seen = BTreeSet::new();
        for ReportTo { file, .. } in &targets.files {
            if !seen.insert(file) {
                let title = format!("two reports go to `{}`", file.display());
                return Err(Failure::usage(title, "give each a file of its own"));
            }
            reports::stays(file, &targets.workspace)
                .and_then(|()| reports::check(file))
                .map_err(|error| Failure::of_report(&error))?;
        }
        Ok(targets)
    }

    /// Writes everything, also where a part of it fails; returns the failures.
    pub(super) async fn write(
        &self,
        session: &Session,
        (scene, mask, services): (&Scene, &Mask, &[ObservedService]),
        results: &Results<'_>,
    ) -> Vec<Failure> {
        let mut failures = Vec::new();
        let write = async |file: &Path, text: &str| {
            reports::stays(file, &self.workspace)?;
            reports::write(file, text).await
        };
        let mut note = |result: Result<(), ReportError>| {
            failures.extend(result.err().map(|error| Failure::of_report(&error)));
        };
        for ReportTo { format, file } in &self.files {
            note(write(file, &rendered(*format, results)).await);
        }
        if let Some(folder) = &self.folder {
            let configuration = scene.merged.as_ref().map(Merged::show);
            let configuration = mask.apply(&configuration.unwrap_or_default());
            note(write(&folder.join("config.toml"), &configuration).await);
            for (service, log) in logs(session, scene, services).await {
                let file = folder.join("logs").join(format!("{service}.log"));
                note(write(&file, &mask.apply(&log)).await);
            }
        }
        // Of a run that was stopped, it is no news that checks did not end.
        if self.annotated && !results.interrupted {
            let folder = self.folder_in_repository(&scene.invocation.workspace);
            for annotation in reports::annotations(results, folder) {
                session.events.send(annotation);
            }
        }
        if let Some(file) = &self.summary
            && let Err(error) = append_summary(file, *results)
        {
            let text = format!("the step summary of GitHub Actions is not written: {error}");
            session.events.warning(text);
        }
        failures
    }

    /// Returns the workspace's folder as GitHub names it: from the top of the repository.
    fn folder_in_repository<'a>(&self, workspace: &'a Path) -> &'a Path {
        let top = self.repository.as_ref();
        let below = top.and_then(|top| workspace.strip_prefix(top).ok());
        below.unwrap_or(Path::new(""))
    }

    /// Returns the report that goes to standard output instead of the answer.
    pub(super) fn printed(&self, results: &Results<'_>) -> Option<Answer> {
        let text = rendered(self.stdout?, results);
        Some(Answer::Text { text })
    }
}

/// Returns a folder without links, as that of a workspace is.
fn canonical(folder: &Path) -> PathBuf {
    fs_err::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}

/// Returns the reports that a folder has.
fn files_of(folder: &Path) -> impl Iterator<Item = ReportTo> {
    let files = [
        (ReportFormat::JUnit, "junit.xml"),
        (ReportFormat::Json, "report.json"),
        (ReportFormat::Tap, "report.tap"),
        (ReportFormat::Markdown, "report.md"),
    ];
    files.into_iter().map(|(format, name)| ReportTo {
        format,
        file: folder.join(name),
    })
}

fn rendered(format: ReportFormat, results: &Results<'_>) -> String {
    match format {
        ReportFormat::JUnit => JUnit(*results).render(),
        ReportFormat::Json => JsonReport(*results).render(),
        ReportFormat::Tap => Tap(*results).render(),
        ReportFormat::Markdown => markdown(*results, SUMMARY_BYTES_MAX),
    }
}

fn markdown(results: Results<'_>, limit_bytes: usize) -> String {
    let report = Markdown {
        results,
        limit_bytes,
    };
    report.render()
}

/// Adds to what the step has said already, within what it may say in all.
fn append_summary(file: &Path, results: Results<'_>) -> std::io::Result<()> {
    let said = fs_err::metadata(file).map_or(0, |file| file.len());
    let said = usize::try_from(said).unwrap_or(usize::MAX);
    let room = SUMMARY_BYTES_MAX.saturating_sub(said);
    let text = markdown(results, room);
    if text.len() > room {
        return Err(std::io::Error::other(
            "what the step has said already fills it",
        ));
    }
    reports::append(file, &text)
}

/// Returns the last lines of what each service and task printed; says so where they do not come.
async fn logs(
    session: &Session,
    scene: &Scene,
    services: &[ObservedService],
) -> Vec<(String, String)> {
    let reads = services.iter().map(|service| {
        let read = tokio::time::timeout(LOG_TIMEOUT, log(scene, &service.name));
        async { (service.name.clone(), read.await) }
    });
    let mut logs = Vec::new();
    for (service, read) in futures_util::future::join_all(reads).await {
        let why = match read {
            Ok(Ok(log)) => {
                logs.push((service, log));
                continue;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it took longer than {} s", LOG_TIMEOUT.as_secs()),
        };
        let text = format!("the log of `{service}` is not in the report folder: {why}");
        session.events.warning(text);
    }
    logs
}

async fn log(scene: &Scene, service: &str) -> Result<String, crate::engine::Error> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(LINES_IN_FLIGHT);
    let options = LogOptions {
        tail: Some(LOG_LINES),
        ..LogOptions::default()
    };
    let read = async { scene.engine.inside()?.logs(service, options, sender).await };
    let keep = async {
        let mut lines = VecDeque::new();
        while let Some(line) = receiver.recv().await {
            if lines.len() == LOG_LINES {
                lines.pop_front();
            }
            lines.push_back(line.line.trim_end_matches(['\r', '\n']).to_owned());
        }
        lines
    };
    let (read, lines) = tokio::join!(read, keep);
    read?;
    Ok(lines
        .into_iter()
        .fold(String::new(), |log, line| log + &line + "\n"))
}
