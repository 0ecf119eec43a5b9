//! `envctl config`.

use clap::{Args, Subcommand};

use super::GlobalFlags;
use super::help::{ENVIRONMENT, after_help};

/// What to do with the configuration.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl config show rates --profile ci",
        "envctl config explain services.db.version",
        "envctl config validate",
        "envctl config schema > env.schema.json",
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
    /// Print a JSON Schema of env.toml and profiles, for editors
    Schema(SchemaArgs),
}

/// The environment that is meant, by its name alone or by a flag, as where another argument is.
#[derive(Args, Clone, Debug)]
pub struct WholeArgs {
    /// The name of the environment.
    #[arg(value_name = "ENV", help = ENVIRONMENT)]
    environment: Option<String>,

    /// The same.
    #[arg(
        short = 'e',
        long = "env",
        value_name = "ENV",
        hide = true,
        conflicts_with = "environment"
    )]
    flag: Option<String>,
}

impl WholeArgs {
    /// Returns the name of the environment, if one was typed.
    pub fn environment(&self) -> Option<&String> {
        self.environment.as_ref().or(self.flag.as_ref())
    }
}

/// The environment to print.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl config show", "envctl config show rates --profile ci"],
    &[0, 1, 2, 3],
))]
pub struct ShowArgs {
    #[command(flatten)]
    pub whole: WholeArgs,

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
    &["envctl config validate", "envctl config validate rates --profile ci"],
    &[0, 1, 2, 3],
))]
pub struct ValidateArgs {
    #[command(flatten)]
    pub whole: WholeArgs,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

/// Nothing but flags.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &["envctl config schema > env.schema.json"],
    &[0, 1, 2],
))]
pub struct SchemaArgs {
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
            ConfigCommand::Schema(args) => &args.flags,
        };
        GlobalFlags::merge(self.flags.clone(), inner.clone())
    }
}
