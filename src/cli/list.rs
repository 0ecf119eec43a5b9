//! `envctl list`.

use clap::Args;

use super::GlobalFlags;
use super::help::after_help;

/// Nothing but the global flags.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl list", "envctl list --output json"],
    &[0, 1, 2, 3],
))]
pub struct ListArgs {
    #[command(flatten)]
    pub flags: GlobalFlags,
}
