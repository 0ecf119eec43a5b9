//! `envctl build`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// The environment whose images are wanted.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl build", "envctl build rates --verbose"],
    &[0, 1, 2, 3, 4, 5, 130],
))]
pub struct BuildArgs {
    /// The name of the environment.
    #[arg(value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
