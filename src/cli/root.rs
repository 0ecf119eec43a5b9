//! The program's own arguments and the list of its commands.

use std::ffi::OsString;

use clap::{Arg, Parser, Subcommand};

use super::habits;
use super::help::{after_help, every_code};
use super::{
    BuildArgs, CompletionsArgs, ConfigArgs, DoctorArgs, DownArgs, ExecArgs, GlobalFlags,
    ImagesArgs, ListArgs, LogsArgs, MigrateArgs, PlanArgs, PsqlArgs, RestartArgs, RunArgs,
    SeedArgs, SmokeTestArgs, StatusArgs, SuperviseArgs, UpArgs, UrlArgs,
};

/// Databases and APIs up, seeded and proven with four commands
///
/// A workspace is a repository with an `envs/` folder. An environment, `envs/NAME/env.toml`, says
/// which services there are, where their images and data come from, and how to prove that they
/// work. `up` brings it up, `seed` its data, `smoke-test` proves it, `down` takes it away again.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "envctl",
    version,
    max_term_width = 100,
    after_long_help = after_help(
        &[
            "envctl up rates",
            "envctl smoke-test rates --junit report.xml",
            "envctl down rates --volumes --yes",
        ],
        &every_code(),
    )
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    #[command(flatten)]
    pub global: GlobalFlags,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Bring an environment up: images, databases, data, services; ready when it returns
    Up(UpArgs),
    /// Have every image of an environment ready
    Build(BuildArgs),
    /// Bring the data to its declared state
    Seed(SeedArgs),
    /// Apply the pending migrations
    Migrate(MigrateArgs),
    /// Call the endpoints and check the answers
    SmokeTest(SmokeTestArgs),
    /// Take an environment away again
    #[command(mut_arg("verbose", without_short))]
    Down(DownArgs),
    /// Show every step that `up` would take, with its cause
    #[command(after_long_help = after_help(&["envctl plan rates"], &[0, 1, 2, 3, 4, 130]))]
    Plan(PlanArgs),
    /// Show what runs
    Status(StatusArgs),
    /// Print the logs of services
    Logs(LogsArgs),
    /// Run a command in a running service; its exit code becomes envctl's
    #[command(mut_arg("instance", without_short))]
    Exec(ExecArgs),
    /// Open psql on a database, or run SQL on it
    Psql(PsqlArgs),
    /// Print where a service is reached
    Url(UrlArgs),
    /// Run a task once, whatever it did before; its exit code becomes envctl's
    #[command(mut_arg("instance", without_short))]
    Run(RunArgs),
    /// Stop services and start them again, ready when it returns
    Restart(RestartArgs),
    /// Say what each engine needs to run an environment
    Doctor(DoctorArgs),
    /// Show, explain or validate the configuration
    Config(ConfigArgs),
    /// List the environments of the workspace
    List(ListArgs),
    /// Remove images that nothing uses any more
    Images(ImagesArgs),
    /// Print the completion script of a shell
    Completions(CompletionsArgs),
    /// Watch over one service; envctl starts this itself
    #[command(hide = true)]
    Supervise(SuperviseArgs),
}

impl Command {
    /// Returns the word that was typed.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Up(_) => "up",
            Self::Build(_) => "build",
            Self::Seed(_) => "seed",
            Self::Migrate(_) => "migrate",
            Self::SmokeTest(_) => "smoke-test",
            Self::Down(_) => "down",
            Self::Plan(_) => "plan",
            Self::Status(_) => "status",
            Self::Logs(_) => "logs",
            Self::Exec(_) => "exec",
            Self::Psql(_) => "psql",
            Self::Url(_) => "url",
            Self::Run(_) => "run",
            Self::Restart(_) => "restart",
            Self::Doctor(_) => "doctor",
            Self::Config(_) => "config",
            Self::List(_) => "list",
            Self::Images(_) => "images prune",
            Self::Completions(_) => "completions",
            Self::Supervise(_) => "supervise",
        }
    }
}

impl Cli {
    /// Returns what was typed; a mistake in it, and `--help`, end the program here.
    pub fn from_process() -> Self {
        Self::read(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// Reads what was typed, the program's name first.
    pub fn read<T>(words: impl IntoIterator<Item = T>) -> Result<Self, clap::Error>
    where
        T: Into<OsString> + Clone,
    {
        Self::try_parse_from(words).map_err(habits::answer)
    }

    /// Returns the flags of all levels, those nearer to the command last.
    pub fn flags(&self) -> GlobalFlags {
        GlobalFlags::merge(self.global.clone(), self.command.flags())
    }
}

/// Takes a letter away from a flag where hands that know other programs mean something else:
/// `exec -it`, `down -v`.
fn without_short(flag: Arg) -> Arg {
    flag.short(None)
}

impl Command {
    fn flags(&self) -> GlobalFlags {
        match self {
            Self::Up(args) => args.plan.flags.clone(),
            Self::Plan(args) => args.flags.clone(),
            Self::Build(args) => args.flags.clone(),
            Self::Seed(args) => args.flags.clone(),
            Self::Migrate(args) => args.flags.clone(),
            Self::SmokeTest(args) => args.flags.clone(),
            Self::Doctor(args) => args.flags.clone(),
            Self::Down(args) => args.flags.clone(),
            Self::Status(args) => args.flags.clone(),
            Self::Logs(args) => args.flags.clone(),
            Self::Exec(args) => args.flags.clone(),
            Self::Psql(args) => args.flags.clone(),
            Self::Url(args) => args.flags.clone(),
            Self::Run(args) => args.flags.clone(),
            Self::Restart(args) => args.flags.clone(),
            Self::Config(args) => args.flags(),
            Self::List(args) => args.flags.clone(),
            Self::Images(args) => args.flags(),
            Self::Completions(args) => args.flags.clone(),
            Self::Supervise(args) => args.flags.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
