//! `envctl logs`.

use std::time::SystemTime;

use clap::Args;
use regex::Regex;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// Whose logs, and how much of them.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl logs",
        "envctl logs api db -n 50",
        "envctl logs api --since 10m --grep 'ERROR|WARN'",
        "envctl logs api -e rates --follow",
    ],
    &[0, 1, 2, 3, 4, 130],
))]
pub struct LogsArgs {
    /// Services [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,

    /// The name of the environment.
    #[arg(short, long = "env", value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Go on with new lines as they come, until the services end
    #[arg(short, long)]
    pub follow: bool,

    /// Start with the last lines of each service [default: all]
    #[arg(short = 'n', long, value_name = "LINES", value_parser = lines)]
    pub tail: Option<usize>,

    /// Only lines from then on: a duration (10m, 1h30m) or a time (2026-11-29T10:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub since: Option<SystemTime>,

    /// Only lines up to then
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "follow")]
    pub until: Option<SystemTime>,

    /// Only lines that match
    #[arg(long, value_name = "REGEX", value_parser = pattern)]
    pub grep: Option<Regex>,

    /// Write before each line when it was printed
    #[arg(short, long)]
    pub timestamps: bool,

    /// Leave the names of the services out
    #[arg(long)]
    pub no_prefix: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

fn lines(text: &str) -> Result<usize, String> {
    let lines = text.parse();
    lines.map_err(|_| "expected a number of lines, such as 50".to_owned())
}

fn moment(text: &str) -> Result<SystemTime, String> {
    let now = SystemTime::now();
    if let Ok(ago) = humantime::parse_duration(text) {
        return Ok(now.checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH));
    }
    humantime::parse_rfc3339_weak(text).map_err(|_| {
        "expected a duration such as 10m or 1h30m, or a time in UTC such as 2026-11-29T10:00:00Z"
            .to_owned()
    })
}

fn pattern(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| format!("expected a regular expression: {error}"))
}
