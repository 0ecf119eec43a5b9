//! The flags that every command takes. Clap's own global flags lose repeated values that stand
//! before the command, so they are declared at each level, and the levels are merged here.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::model::EngineChoice;

/// The form of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Bars and tables; lines with a time where standard error is no terminal
    Human,
    /// Lines with a time, and tables
    Plain,
    /// One JSON object a line, on standard output
    Json,
}

/// Flags that may stand before and after the command.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Global options")]
pub struct GlobalFlags {
    /// Put a profile on top of the environment (repeatable)
    #[arg(short, long = "profile", value_name = "PROFILE")]
    pub profiles: Vec<String>,

    /// Name the running copy, so that several can run side by side [default: default]
    #[arg(short, long, value_name = "NAME")]
    pub instance: Option<String>,

    /// Choose where instances run [default: auto] [possible values: auto, docker, process]
    #[arg(long, value_parser = engine(), hide_possible_values = true)]
    pub engine: Option<EngineChoice>,

    /// Set one value of the configuration (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    pub sets: Vec<String>,

    /// Look for the workspace from this folder on upwards
    #[arg(short = 'C', long, value_name = "FOLDER")]
    pub directory: Option<PathBuf>,

    /// Choose the form of what is printed [default: human] [possible values: human, plain, json]
    #[arg(long, value_enum, value_name = "FORM", hide_possible_values = true)]
    pub output: Option<Output>,

    /// Print the answer, warnings and failures only
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print details too, and what builds and tasks print
    #[arg(short, long)]
    pub verbose: bool,

    /// Give up after this time: 90s, 5m, 1m30s
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Answer every question with yes
    #[arg(short, long)]
    pub yes: bool,
}

impl GlobalFlags {
    /// Joins the flags before a command with those behind it: lists grow, and of two values the
    /// one behind the command counts.
    #[must_use]
    pub fn merge(outer: Self, inner: Self) -> Self {
        let (quiet, verbose) = if inner.quiet || inner.verbose {
            (inner.quiet, inner.verbose)
        } else {
            (outer.quiet, outer.verbose)
        };
        Self {
            profiles: [outer.profiles, inner.profiles].concat(),
            instance: inner.instance.or(outer.instance),
            engine: inner.engine.or(outer.engine),
            sets: [outer.sets, inner.sets].concat(),
            directory: inner.directory.or(outer.directory),
            output: inner.output.or(outer.output),
            quiet,
            verbose,
            timeout: inner.timeout.or(outer.timeout),
            yes: outer.yes || inner.yes,
        }
    }
}

fn engine() -> impl TypedValueParser<Value = EngineChoice> {
    PossibleValuesParser::new(EngineChoice::NAMES)
        .map(|name| EngineChoice::named(&name).unwrap_or_default())
}

fn duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("expected a number and a unit, such as 90s, 5m or 1m30s".to_owned()),
    }
}

fn assignment(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => Ok(text.to_owned()),
        _ => Err("expected KEY=VALUE, such as services.api.ports.http.host=3001".to_owned()),
    }
}
