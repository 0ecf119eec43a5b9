//! The command line: types for clap and help texts. Knows no logic beyond what was typed.

mod build;
mod completions;
mod config;
mod doctor;
mod down;
mod flags;
mod help;
mod list;
mod logs;
mod migrate;
mod psql;
mod root;
mod seed;
mod smoke_test;
mod status;
mod supervise;
mod up;

pub use build::BuildArgs;
pub use completions::{CompletionsArgs, completions};
pub use config::{ConfigArgs, ConfigCommand, ExplainArgs, ShowArgs, ValidateArgs};
pub use doctor::DoctorArgs;
pub use down::DownArgs;
pub use flags::{GlobalFlags, Output};
pub use list::ListArgs;
pub use logs::LogsArgs;
pub use migrate::MigrateArgs;
pub use psql::PsqlArgs;
pub use root::{Cli, Command};
pub use seed::SeedArgs;
pub use smoke_test::SmokeTestArgs;
pub use status::StatusArgs;
pub use supervise::SuperviseArgs;
pub use up::{PlanArgs, UpArgs};
