//! `envctl url`.

use clap::Args;

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// Whose address is wanted.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl url api",
        "envctl url db --show-password",
        "envctl url -e samples proxy.stats",
    ],
    &[0, 1, 2, 3, 4, 6, 130],
))]
pub struct UrlArgs {
    /// Service, or one of its ports
    #[arg(value_name = "SERVICE[.PORT]")]
    pub service: String,

    /// The name of the environment.
    #[arg(short, long = "env", value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    /// Print the password, too
    #[arg(long)]
    pub show_password: bool,

    #[command(flatten)]
    pub flags: GlobalFlags,
}
