//! `envctl up` and `envctl plan`, which take almost the same arguments.

use std::path::PathBuf;

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// What `up` takes beyond what `plan` does.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl up",
        "envctl up rates --profile ci",
        "envctl up rates --instance two --set services.api.ports.http.host=3001",
        "envctl up rates --timings up.json",
    ],
    &[0, 1, 2, 3, 4, 5, 6, 7, 130],
))]
pub struct UpArgs {
    /// Write when each step began and ended, and what it waited for, to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub timings: Option<PathBuf>,

    /// Return when all is ready, and leave it running, as it always does.
    #[arg(short, long, hide = true)]
    pub detach: bool,

    /// The same.
    #[arg(long, hide = true)]
    pub wait: bool,

    #[command(flatten)]
    pub plan: PlanArgs,
}

/// The environment, and what is left out.
#[derive(Args, Clone, Debug)]
pub struct PlanArgs {
    /// The name of the environment.
    #[arg(value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Leave a database that was never seeded empty
    #[arg(long)]
    pub no_seed: bool,

    /// Apply no migrations
    #[arg(long)]
    pub no_migrate: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
