//! `envctl migrate`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// The environment whose databases are migrated.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl migrate rates", "envctl migrate rates --status"],
    &[0, 1, 2, 3, 4, 6, 7, 130],
))]
pub struct MigrateArgs {
    /// The name of the environment.
    #[arg(value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Show which migrations are applied and which are pending, and apply none
    #[arg(long)]
    pub status: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
