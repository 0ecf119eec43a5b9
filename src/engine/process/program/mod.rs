//! What a service runs from: a command of the workspace, or a server that is found on this
//! machine or fetched.

mod candidate;
mod choice;
mod command;
mod fetch;
mod memo;
mod postgres;
mod redis;
mod version;

use std::path::{Path, PathBuf};

use futures_util::future::try_join_all;

use super::ProcessEngine;
use crate::engine::{
    Error, ImageHandle, ImageOutcome, Program, ProgramSpec, Prospect, ServerChoice,
};
use crate::host::{self, Obstacle};
use crate::kinds::{POSTGRES, REDIS};
use crate::tell::StepEvents;
use version::ProgramVersion;

/// Makes a program available: builds it, finds it or fetches it.
pub(super) async fn provide(
    process: &ProcessEngine,
    spec: &ProgramSpec,
    step: &StepEvents,
) -> Result<ImageOutcome, Error> {
    let outcome = match &spec.program {
        Program::Command { .. } => command::provide(process, spec, step).await,
        Program::Postgres(choice) => postgres::provide(process, choice, step).await,
        Program::Redis(choice) => redis::provide(process, choice).await,
    };
    outcome
        .map(|outcome| ImageOutcome {
            warning: other_version(spec, &outcome.handle)
                .map(|warning| format!("{}: {warning}", spec.service)),
            ..outcome
        })
        .map_err(|missing| Error::Program {
            service: spec.service.clone(),
            reason: missing.reason,
            hint: missing.hint,
            output: missing.output,
        })
}

/// Returns a program that needs no work; `None` when [`provide`] has something to do or to say.
pub(super) async fn current(
    process: &ProcessEngine,
    spec: &ProgramSpec,
) -> Result<Option<ImageHandle>, Error> {
    if let Some(program) = unasked(process, spec) {
        return Ok(recorded(process, &spec.service, &program));
    }
    Ok(match &spec.program {
        Program::Command { .. } => command::current(process, spec).await,
        Program::Postgres(choice) => postgres::current(process, choice).await,
        Program::Redis(choice) => redis::current(process, choice).await,
    })
}

/// Finds out how a program would be had, and makes nothing.
async fn survey(process: &ProcessEngine, spec: &ProgramSpec) -> Result<Prospect, Error> {
    if let Some(program) = unasked(process, spec) {
        let text = "of `bin_dir`, which is asked for its version when it is to run";
        return Ok(Prospect {
            name: spec.service.clone(),
            outcome: Ok(format!("{} {text}", program.display())),
        });
    }
    let found = match &spec.program {
        Program::Command { .. } => command::survey(process, spec).await,
        Program::Postgres(choice) => postgres::survey(process, choice).await,
        Program::Redis(choice) => redis::survey(process, choice).await,
    };
    let outcome = found.map(|prospect| match prospect {
        Finding::There(handle) => match other_version(spec, &handle) {
            Some(warning) => format!("there: {}; {warning}", handle.reference),
            None => format!("there: {}", handle.reference),
        },
        Finding::Step(text) => text,
    });
    Ok(Prospect {
        name: spec.service.clone(),
        outcome: outcome.map_err(|missing| Obstacle {
            reason: missing.reason,
            hint: missing.hint,
        }),
    })
}

/// Returns the server of a declared `bin_dir` where it is not asked for its version, since that would
/// run a program of the workspace's choice. One that would be found without `bin_dir` is asked.
fn unasked(process: &ProcessEngine, spec: &ProgramSpec) -> Option<PathBuf> {
    let own = |choice: &ServerChoice| {
        Some(ServerChoice {
            bin_dir: Some(choice.bin_dir.clone()?),
            ..ServerChoice::default()
        })
    };
    let searched = ServerChoice::default();
    let programs = |choice: &ServerChoice| -> Vec<PathBuf> {
        let places = match &spec.program {
            Program::Postgres(_) => postgres::places(process, choice),
            Program::Redis(_) => redis::places(process, choice).collect(),
            Program::Command { .. } => Vec::new(),
        };
        let programs = places.into_iter().filter(|place| host::is_program(place));
        programs.flat_map(fs_err::canonicalize).collect()
    };
    let named = match &spec.program {
        Program::Postgres(choice) | Program::Redis(choice) if process.looking => own(choice)?,
        _ => return None,
    };
    let named = programs(&named).into_iter().next()?;
    (!programs(&searched).contains(&named)).then_some(named)
}

/// Returns the server that a service was made with, if it is that program.
fn recorded(process: &ProcessEngine, service: &str, program: &Path) -> Option<ImageHandle> {
    let image = process.folder(service).record().ok()??.image;
    let same = fs_err::canonicalize(&image.reference).is_ok_and(|it| it == program);
    same.then_some(image)
}

/// Finds out how all of them would be had: one that is not there may be made by the build of
/// another one.
pub(super) async fn survey_all(
    process: &ProcessEngine,
    specs: &[&ProgramSpec],
) -> Result<Vec<Prospect>, Error> {
    let is_command = |spec: &ProgramSpec| matches!(spec.program, Program::Command { .. });
    let mut prospects = try_join_all(specs.iter().map(|spec| survey(process, spec))).await?;
    let mut building = Vec::new();
    for spec in specs.iter().filter(|spec| is_command(spec)) {
        if command::is_to_be_built(process, spec).await {
            building.push(spec.service.as_str());
        }
    }
    for (spec, prospect) in specs.iter().zip(&mut prospects) {
        let others = building.iter().filter(|other| **other != spec.service);
        let others: Vec<&str> = others.copied().collect();
        let may = prospect.outcome.is_err() && is_command(spec) && !others.is_empty();
        if may && !building.contains(&&*spec.service) && command::may_be_built(process, spec) {
            let text = format!(
                "not there yet, looked for after the build of {}",
                others.join(", ")
            );
            prospect.outcome = Ok(text);
        }
    }
    Ok(prospects)
}

/// Returns what a user should know of a server that is about to start: that it is another major
/// version than the declared one.
pub fn other_version(spec: &ProgramSpec, handle: &ImageHandle) -> Option<String> {
    let (name, choice) = match &spec.program {
        Program::Postgres(choice) => (POSTGRES.title, choice),
        Program::Redis(choice) => (REDIS.title, choice),
        Program::Command { .. } => return None,
    };
    let text = choice.version.as_ref()?;
    let (declared, taken) = (ProgramVersion::read(text)?, version_of(handle)?);
    (declared.major() != taken.major()).then(|| {
        format!(
            "{name} {taken} runs instead of the declared {text}; `strict_version = true` refuses \
             that"
        )
    })
}

/// Returns whether a server was fetched by envctl: such a PostgreSQL knows no ICU collations and
/// no extensions but `plpgsql` and `vector`.
pub(super) fn is_fetched(handle: &ImageHandle) -> bool {
    fetch::is_fetched(handle.reference.as_ref())
}

/// Names a server by its version and path, so that an upgrade is another program.
fn server_handle(version: &ProgramVersion, program: &std::path::Path) -> ImageHandle {
    let reference = program.display().to_string();
    ImageHandle {
        id: format!("{version} {reference}"),
        reference,
    }
}

fn version_of(handle: &ImageHandle) -> Option<ProgramVersion> {
    ProgramVersion::read(handle.id.split_once(' ')?.0)
}

/// What a survey found.
#[derive(Debug)]
enum Finding {
    There(ImageHandle),
    /// What there is to do first.
    Step(String),
}

/// Why a program cannot be had.
#[derive(Debug, Default, PartialEq, Eq)]
struct Missing {
    reason: String,
    hint: Option<String>,
    output: Vec<String>,
}

impl From<host::CommandFailure> for Missing {
    fn from(failure: host::CommandFailure) -> Self {
        Self {
            reason: failure.reason,
            hint: None,
            output: failure.output,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ServerChoice;

    fn check(declared: Option<&str>, version: &str, expect: Option<&str>) {
        let choice = ServerChoice {
            version: declared.map(str::to_owned),
            ..ServerChoice::default()
        };
        let spec = ProgramSpec {
            service: "db".to_owned(),
            program: Program::Postgres(choice),
        };
        let version = ProgramVersion::read(version).unwrap();
        let handle = server_handle(&version, "/usr/bin/postgres".as_ref());
        assert_eq!(other_version(&spec, &handle).as_deref(), expect);
    }

    #[test]
    fn another_major_version_is_said() {
        check(None, "15.18", None);
        check(Some("15"), "15.18", None);
        check(Some("15.2"), "15.18", None);
        let expect = "PostgreSQL 15.18 runs instead of the declared 13.5; `strict_version = true` \
                      refuses that";
        check(Some("13.5"), "15.18", Some(expect));
    }
}
