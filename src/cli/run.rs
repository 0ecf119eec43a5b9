//! `envctl run`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help_of_program, environment};

/// Which task to run.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help_of_program(
    &["envctl run import", "envctl run import -e rates --timeout 5m"],
    &[0, 1, 2, 3, 4, 5, 6, 130],
))]
pub struct RunArgs {
    /// Task
    #[arg(value_name = "TASK")]
    pub task: String,

    /// The name of the environment.
    #[arg(short, long = "env", value_name = "ENV", value_parser = environment, help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Keep standard input open, which no task reads.
    #[arg(short, long, hide = true)]
    pub interactive: bool,

    /// Give it a terminal, which no task has.
    #[arg(short, long, hide = true)]
    pub tty: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
