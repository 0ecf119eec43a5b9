//! `envctl smoke-test`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    #[value(name = "junit")]
    JUnit,
    Json,
    Tap,
    Markdown,
}

/// A report, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportTo {
    pub format: ReportFormat,
    /// `-` is standard output.
    pub file: PathBuf,
}

fn report(text: &str) -> Result<ReportTo, String> {
    let parts = text.split_once('=').filter(|(_, file)| !file.is_empty());
    let (format, file) = parts.ok_or("expected FORMAT=FILE, such as junit=report.xml")?;
    let format = ReportFormat::from_str(format, false)
        .map_err(|_| format!("no report is called `{format}`: junit, json, tap or markdown"))?;
    Ok(ReportTo {
        format,
        file: file.into(),
    })
}

/// Where an OpenAPI document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenApi {
    /// A path on the service.
    Path(String),
    File(PathBuf),
}

/// The environment to check, which checks, and where to write the report.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl smoke-test rates",
        "envctl smoke-test rates --junit report.xml",
        "envctl smoke-test rates --report-dir reports",
        "envctl smoke-test rates --filter average-rates",
        "envctl smoke-test rates --discover",
        "envctl smoke-test rates --discover=api --write",
    ],
    &[0, 1, 2, 3, 4, 6, 8, 130],
))]
pub struct SmokeTestArgs {
    /// The name of the environment.
    #[arg(value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Write the results as JUnit XML to a file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write a report: junit, json, tap or markdown; `-` is standard output (repeatable)
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = report)]
    pub reports: Vec<ReportTo>,

    /// Write every report, the services' logs and the configuration into a folder
    #[arg(long, value_name = "FOLDER")]
    pub report_dir: Option<PathBuf>,

    /// Run only checks of this name, with `*` and `?` (repeatable)
    #[arg(long = "filter", value_name = "NAME")]
    pub filters: Vec<String>,

    /// Run only checks with this tag (repeatable)
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,

    /// Leave out checks of this name or with this tag (repeatable)
    #[arg(long, value_name = "NAME|TAG")]
    pub skip: Vec<String>,

    /// Begin no further check after the first failure
    #[arg(long)]
    pub fail_fast: bool,

    /// Run every check so often, to find those that fail now and then
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub repeat: u32,

    /// How many checks run at the same time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,

    /// Write the snapshots instead of comparing with them
    #[arg(long)]
    pub update: bool,

    /// Propose checks from a service's OpenAPI document, with real values from the databases
    #[arg(
        long,
        value_name = "SERVICE",
        num_args = 0..=1,
        require_equals = true,
        conflicts_with_all = ["junit", "filters", "tags", "skip", "fail_fast", "repeat", "jobs", "update"],
        help_heading = "Proposing checks"
    )]
    pub discover: Option<Option<String>>,

    /// Say where the document is, where it is at no usual place: a path on the service, or a file
    #[arg(
        long,
        value_name = "/PATH|@FILE",
        requires = "discover",
        value_parser = openapi,
        help_heading = "Proposing checks"
    )]
    pub openapi: Option<OpenApi>,

    /// Add the proposed checks to the environment's env.toml
    #[arg(long, requires = "discover", help_heading = "Proposing checks")]
    pub write: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

fn openapi(text: &str) -> Result<OpenApi, String> {
    match text.strip_prefix('@') {
        Some(file) if !file.is_empty() => Ok(OpenApi::File(PathBuf::from(file))),
        None if text.starts_with('/') => Ok(OpenApi::Path(text.to_owned())),
        _ => {
            Err("expected a path on the service, such as /openapi.json, or @ and a file".to_owned())
        }
    }
}
