//! `envctl status`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// The environment to look at.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl status", "envctl status rates --output json"],
    &[0, 1, 2, 3, 4, 130],
))]
pub struct StatusArgs {
    /// The name of the environment.
    #[arg(value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
