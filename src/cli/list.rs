//! `envctl list`.

use clap::Args;

use super::GlobalFlags;
use super::help::after_help;

/// Whether it is about the workspace or about the machine.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl list", "envctl list --all"],
    &[0, 1, 2, 3, 4, 130],
))]
pub struct ListArgs {
    /// List every instance of this machine instead, also of workspaces that are gone
    #[arg(long)]
    pub all: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
