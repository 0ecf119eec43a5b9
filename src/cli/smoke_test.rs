//! `envctl smoke-test`.

use std::path::PathBuf;

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// The environment to check, which checks, and where to write the report.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl smoke-test rates",
        "envctl smoke-test rates --junit report.xml",
        "envctl smoke-test rates --filter average-rates",
    ],
    &[0, 1, 2, 3, 4, 8, 130],
))]
pub struct SmokeTestArgs {
    /// The name of the environment.
    #[arg(value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Write the results as JUnit XML to a file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Run only the check of this name (repeatable)
    #[arg(long = "filter", value_name = "NAME")]
    pub filters: Vec<String>,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
