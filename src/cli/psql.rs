//! `envctl psql`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help_of_program};

/// What to run, and on which database.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help_of_program(
    &[
        "envctl psql",
        "envctl psql -c \"SELECT 'alive'\"",
        "envctl psql -e rates --service db -c \"SELECT count(*) FROM prices\"",
        "envctl psql < changes.sql",
        "envctl psql -- -At -f report.sql",
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

    /// SQL to run, without psql; the rows of the last statement are printed
    #[arg(short, long, value_name = "SQL")]
    pub command: Option<String>,

    /// Arguments for psql
    #[arg(value_name = "ARGUMENT", last = true, conflicts_with = "command")]
    pub arguments: Vec<String>,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
