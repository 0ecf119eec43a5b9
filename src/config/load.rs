//! Reads an environment from its files.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use super::files::{self, Running};
use super::interpolate::{Context, Outside};
use super::invocation::default_environment;
use super::layers::{self, ReadFile, SHARED, Wanted};
use super::mistake::{Mistake, Mistakes};
use super::parse;
use super::resolve::resolve;
use super::runs::{Run, runs};
use super::show::Merged;
use super::source::Source;
use super::suggest;
use super::tree::Node;
use crate::model::{Environment, Invocation, Reach};

/// The most that env files, templates and the like may have together.
const FILES_BYTES_MAX: usize = 64 << 20;

/// An environment, and how it came about.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub environment: Environment,
    /// For `config show` and `config explain`.
    pub merged: Merged,
    /// What is no mistake but should be known.
    pub warnings: Vec<String>,
    /// What the files let envctl run on this machine.
    pub runs: Vec<Run>,
    /// The files that it was read from.
    pub files: Vec<PathBuf>,
    /// The secrets that are not known, since their commands were not run.
    pub unread: Vec<String>,
}

/// An environment of the workspace, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    /// None also when its env.toml cannot be read.
    pub description: Option<String>,
}

/// Lists the environments of a workspace by name.
pub fn environments(workspace: &Path) -> Vec<Listed> {
    let names = files::environments(workspace).into_iter();
    names
        .map(|name| Listed {
            description: description(workspace, &name),
            name,
        })
        .collect()
}

fn description(workspace: &Path, name: &str) -> Option<String> {
    let root = declared(workspace, &format!("envs/{name}/env.toml"))?;
    root.get("description")?.text().map(str::to_owned)
}

/// Reads every layer and returns the environment, or everything that is wrong with it.
pub fn load(invocation: &Invocation) -> Result<Loaded, Mistakes> {
    load_until(invocation, &|| false)
}

/// Does the same until nobody wants it any more, which ends the command of a secret.
pub fn load_until(invocation: &Invocation, stopped: &dyn Fn() -> bool) -> Result<Loaded, Mistakes> {
    let workspace = invocation.workspace.as_path();
    let mut read = |path: &str| files::read_layer(workspace, path);
    load_by(invocation, &mut read, stopped)
}

/// Does the same as if its env.toml held `text`.
pub fn load_as(invocation: &Invocation, text: &str) -> Result<Loaded, Mistakes> {
    let workspace = invocation.workspace.as_path();
    let own = format!("envs/{}/env.toml", invocation.id.environment);
    let mut read = |path: &str| {
        if path != own {
            return files::read_layer(workspace, path);
        }
        let source = Source::file(workspace.join(path), path, false, text.to_owned());
        Ok(Some(source))
    };
    load_by(invocation, &mut read, &|| false)
}

fn load_by(
    invocation: &Invocation,
    read: &mut ReadFile<'_>,
    stopped: &dyn Fn() -> bool,
) -> Result<Loaded, Mistakes> {
    let workspace = invocation.workspace.as_path();
    let name = invocation.id.environment.as_str();
    exists(invocation)?;
    let own = format!("envs/{name}/profiles");
    let mut known = files::toml_files(&workspace.join("envs/profiles"));
    known.extend(files::toml_files(&workspace.join(own)));
    known.sort();
    known.dedup();
    let wanted = Wanted {
        environment: name,
        profiles: &invocation.profiles,
        known: &known,
    };
    let mut read_files = Vec::new();
    let found = layers::collect(&wanted, &mut |path| {
        let source = read(path)?;
        read_files.extend(source.is_some().then(|| workspace.join(path)));
        Ok(source)
    });
    let running = Running::of(invocation, stopped);
    let run = |words: &[String]| match invocation.reach {
        Reach::Look => Ok(None),
        Reach::Act => files::run(words, &running).map(Some),
    };
    let read_bytes = Cell::new(0);
    let read_text = |path: &Path| {
        let text = files::read_text(path)?;
        read_bytes.set(read_bytes.get() + text.len());
        if read_bytes.get() > FILES_BYTES_MAX {
            let most = FILES_BYTES_MAX >> 20;
            return Err(format!(
                "with it, all such files have more than {most} MiB together"
            ));
        }
        Ok(text)
    };
    let context = Context {
        environment: name,
        instance: &invocation.id.instance,
        workspace,
        variables: &invocation.variables,
        outside: &Outside {
            read_text: &read_text,
            run: &run,
        },
    };
    let mut mistakes = Vec::new();
    let resolved = resolve(found, &invocation.sets, &context, &mut mistakes);
    if let Some(resolved) = &resolved {
        mistakes.extend(files::check_claims(&resolved.claims, workspace));
    }
    Mistakes::check(mistakes)?;
    let resolved = resolved.expect("what cannot be resolved has a mistake");
    let mut environment = resolved.environment;
    if let Ok(folder) = fs_err::canonicalize(&environment.folder) {
        environment.folder = folder;
    }
    Ok(Loaded {
        environment,
        runs: runs(&resolved.merged.root),
        merged: resolved.merged,
        warnings: resolved.warnings,
        files: read_files,
        unread: resolved.unread,
    })
}

/// Checks that there is such an environment; the mistake says what may be meant.
pub fn exists(invocation: &Invocation) -> Result<(), Mistake> {
    let (workspace, name) = (invocation.workspace.as_path(), &invocation.id.environment);
    if workspace.join("envs").join(name).join("env.toml").exists() {
        return Ok(());
    }
    let known = files::environments(workspace);
    let hint = part_of(workspace, name, &known)
        .or_else(|| suggest::did_you_mean(name, known.iter().map(String::as_str)));
    let by_variable = invocation.variables.get("ENVCTL_ENV") == Some(name);
    let who = if by_variable {
        ", which `ENVCTL_ENV` names"
    } else {
        ""
    };
    let message = format!("there is no environment `{name}`{who}: no file `envs/{name}/env.toml`");
    let mistake = Mistake::new(message).maybe_hint(hint);
    let default = default_environment(workspace).ok().flatten();
    Err(match default {
        Some((default, at)) if default == *name && !by_variable => mistake.at(&at),
        _ => mistake,
    })
}

/// Says of which environment a name is a service or a task, as where one command brings up a
/// whole environment, another program's takes these.
fn part_of(workspace: &Path, name: &str, known: &[String]) -> Option<String> {
    let shared = declared(workspace, SHARED);
    known.iter().find_map(|environment| {
        let own = declared(workspace, &format!("envs/{environment}/env.toml"));
        let has = |kind: &str| {
            let mut roots = [&own, &shared].into_iter().flatten();
            roots.any(|root| root.get(kind).is_some_and(|all| all.get(name).is_some()))
        };
        let what = match (has("services"), has("tasks")) {
            (true, _) => "a service",
            (_, true) => "a task",
            (false, false) => return None,
        };
        Some(format!(
            "`{name}` is {what} of `{environment}`: this command takes the whole environment, \
             `{environment}`"
        ))
    })
}

fn declared(workspace: &Path, path: &str) -> Option<Node> {
    let source = files::read_layer(workspace, path).ok()??;
    Some(parse::document(&source).0)
}
