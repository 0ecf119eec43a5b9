//! `envctl restart`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// Which services to stop and start.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl restart", "envctl restart api", "envctl restart api db -e rates", "envctl restart --rolling api"],
    &[0, 1, 2, 3, 4, 6, 130],
))]
pub struct RestartArgs {
    /// Services [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,

    /// Restart one after the other, each when the one before it is ready
    #[arg(long)]
    pub rolling: bool,

    /// The name of the environment.
    #[arg(short, long = "env", value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
