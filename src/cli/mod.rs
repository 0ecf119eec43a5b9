//! The command line: types for clap and help texts. Knows no logic beyond what was typed.

mod build;
mod completions;
mod config;
mod doctor;
mod down;
mod exec;
mod flags;
mod habits;
mod help;
mod images;
mod list;
mod logs;
mod migrate;
mod psql;
mod restart;
mod root;
mod run;
mod seed;
mod smoke_test;
mod status;
mod supervise;
mod up;
mod url;

pub use build::BuildArgs;
pub use completions::{CompletionsArgs, completions};
pub use config::{
    ConfigArgs, ConfigCommand, ExplainArgs, SchemaArgs, ShowArgs, ValidateArgs, WholeArgs,
};
pub use doctor::DoctorArgs;
pub use down::DownArgs;
pub use exec::ExecArgs;
pub use flags::{GlobalFlags, Output};
pub use images::{ImagesArgs, ImagesCommand, PruneArgs};
pub use list::ListArgs;
pub use logs::LogsArgs;
pub use migrate::MigrateArgs;
pub use psql::PsqlArgs;
pub use restart::RestartArgs;
pub use root::{Cli, Command};
pub use run::RunArgs;
pub use seed::SeedArgs;
pub use smoke_test::{OpenApi, ReportFormat, ReportTo, SmokeTestArgs};
pub use status::StatusArgs;
pub use supervise::SuperviseArgs;
pub use up::{PlanArgs, UpArgs};
pub use url::UrlArgs;
