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

    #[command(flatten)]
    pub flags: GlobalFlags,
}
