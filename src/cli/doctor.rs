//! `envctl doctor`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// The environment that the engines are asked about.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl doctor", "envctl doctor rates"],
    &[0, 1, 2, 3, 4, 130],
))]
pub struct DoctorArgs {
    /// The name of the environment.
    #[arg(value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
