//! `envctl down`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// The environment to take away, and whether its data goes too.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl down rates",
        "envctl down rates --volumes --yes",
        "envctl down --instance-id rates-default-1a2b3c4d",
    ],
    &[0, 1, 2, 3, 4, 130],
))]
pub struct DownArgs {
    /// The name of the environment.
    #[arg(value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Take the instance with this id away, from anywhere; `envctl list --all` shows the ids
    #[arg(long, value_name = "ID", conflicts_with_all = ["environment", "instance"])]
    pub instance_id: Option<String>,

    /// Remove the volumes too, and the data in them
    #[arg(long)]
    pub volumes: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
