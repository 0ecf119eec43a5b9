//! `envctl supervise`, which only envctl itself starts.

use std::path::PathBuf;

use clap::Args;

use super::GlobalFlags;

/// Which service.
#[derive(Args, Clone, Debug)]
pub struct SuperviseArgs {
    /// Folder of the service
    pub folder: PathBuf,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
