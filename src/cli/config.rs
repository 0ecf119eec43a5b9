//! `envctl config`.

use clap::{Args, Subcommand};

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// What to do with the configuration.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl config show -e rates --profile ci",
        "envctl config explain services.db.version",
        "envctl config validate",
    ],
    &[0, 1, 2, 3],
))]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub command: ConfigCommand,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

/// The commands of `envctl config`.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the environment as it is after all layers, secrets masked
    Show(ShowArgs),
    /// Print a value, the file and line that it comes from, and what it overrides
    Explain(ExplainArgs),
    /// Look for mistakes and print all of them
    Validate(ValidateArgs),
}

/// The environment to print.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl config show", "envctl config show -e rates --profile ci"],
    &[0, 1, 2, 3],
))]
pub struct ShowArgs {
    /// The name of the environment.
    #[arg(short, long = "env", value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

/// The key to explain.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl config explain services.api.ports.http.host -e rates"],
    &[0, 1, 2, 3],
))]
pub struct ExplainArgs {
    /// Key, with a dot between its parts: services.db.version
    pub key: String,

    /// The name of the environment.
    #[arg(short, long = "env", value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

/// The environment to validate.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl config validate", "envctl config validate -e rates --profile ci"],
    &[0, 1, 2, 3],
))]
pub struct ValidateArgs {
    /// The name of the environment.
    #[arg(short, long = "env", value_name = "ENV", help = ENVIRONMENT)]
    pub environment: Option<String>,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

impl ConfigArgs {
    /// Returns the flags of both levels.
    pub(super) fn flags(&self) -> GlobalFlags {
        let inner = match &self.command {
            ConfigCommand::Show(args) => &args.flags,
            ConfigCommand::Explain(args) => &args.flags,
            ConfigCommand::Validate(args) => &args.flags,
        };
        GlobalFlags::merge(self.flags.clone(), inner.clone())
    }
}
