//! `envctl seed`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// The environment whose data is wanted.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl seed rates", "envctl seed rates --reset --yes"],
    &[0, 1, 2, 3, 4, 6, 7, 130],
))]
pub struct SeedArgs {
    /// The name of the environment.
    #[arg(value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Throw the data away and start over
    #[arg(long)]
    pub reset: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
