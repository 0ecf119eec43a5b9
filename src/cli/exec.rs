//! `envctl exec`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help_of_program, environment};

/// What to run, and where.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help_of_program(
    &[
        "envctl exec api -- ls -l",
        "envctl exec db -e rates -- sh",
        "envctl exec db -T --user postgres -- pg_dump rates > rates.sql",
    ],
    &[0, 1, 2, 3, 4, 6, 130],
))]
pub struct ExecArgs {
    /// Service; of one with replicas, the first that runs
    #[arg(value_name = "SERVICE")]
    pub service: String,

    /// Command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true)]
    pub command: Vec<String>,

    /// The name of the environment.
    #[arg(short, long = "env", value_name = "ENV", value_parser = environment, help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// User to run it as [default: the service's]
    #[arg(short, long, value_name = "USER")]
    pub user: Option<String>,

    /// Keep standard input open, as it always is.
    #[arg(short, long, hide = true)]
    pub interactive: bool,

    /// Give it a terminal, as it has where there is one.
    #[arg(short, long, hide = true)]
    pub tty: bool,

    /// Give it no terminal, also where standard input and output are one
    #[arg(short = 'T', long)]
    pub no_terminal: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
