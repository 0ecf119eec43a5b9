//! `envctl up` and `envctl plan`, which take the same arguments.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// The environment, and what `up` leaves out.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl up",
        "envctl up rates --profile ci",
        "envctl up rates --instance two --set services.api.ports.http.host=3001",
    ],
    &[0, 1, 2, 3, 4, 5, 6, 7, 130],
))]
pub struct UpArgs {
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
