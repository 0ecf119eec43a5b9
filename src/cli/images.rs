//! `envctl images`.

use clap::{Args, Subcommand};

use super::GlobalFlags;
use super::help::after_help;

/// What to do with images.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl images prune", "envctl images prune --all --yes"],
    &[0, 1, 2, 4, 130],
))]
pub struct ImagesArgs {
    #[command(subcommand)]
    pub command: ImagesCommand,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

/// The commands of `envctl images`.
#[derive(Clone, Debug, Subcommand)]
pub enum ImagesCommand {
    /// Remove the images that envctl made and no container uses, and that are not current here
    Prune(PruneArgs),
}

/// Which of the unused images stay.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl images prune", "envctl images prune --all --yes"],
    &[0, 1, 2, 4, 130],
))]
pub struct PruneArgs {
    /// Remove those that are current in this workspace or younger than ten minutes, too
    #[arg(long)]
    pub all: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

impl ImagesArgs {
    /// Returns the flags of both levels, those behind the inner command last.
    pub(super) fn flags(&self) -> GlobalFlags {
        let inner = match &self.command {
            ImagesCommand::Prune(args) => args.flags.clone(),
        };
        GlobalFlags::merge(self.flags.clone(), inner)
    }
}
