//! `envctl logs`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// Whose logs, and how much of them.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl logs", "envctl logs api db --tail 50", "envctl logs api -e rates --follow"],
    &[0, 1, 2, 3, 4, 130],
))]
pub struct LogsArgs {
    /// Services [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,

    /// The name of the environment.
    #[arg(short, long = "env", value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Go on with new lines as they come, until the service ends
    #[arg(short, long)]
    pub follow: bool,

    /// Start with the last lines of each service [default: all]
    #[arg(long, value_name = "LINES", value_parser = lines)]
    pub tail: Option<usize>,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

fn lines(text: &str) -> Result<usize, String> {
    let lines = text.parse();
    lines.map_err(|_| "expected a number of lines, such as 50".to_owned())
}
