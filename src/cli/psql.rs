//! `envctl psql`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// What to run, and on which database.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl psql -c \"SELECT 'alive'\"",
        "envctl psql -e rates --service db -c \"SELECT count(*) FROM prices\"",
    ],
    &[0, 1, 2, 3, 4, 6, 130],
))]
pub struct PsqlArgs {
    /// The name of the environment.
    #[arg(short, long = "env", value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Postgres service [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,

    /// SQL to run; the rows of the last statement are printed
    #[arg(short, long, value_name = "SQL")]
    pub command: String,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
