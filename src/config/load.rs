//! Reads an environment from its files.

use std::path::Path;

use super::files;
use super::interpolate::{Context, Outside};
use super::invocation::default_environment;
use super::layers::{self, ReadFile, SHARED, Wanted};
use super::mistake::{Mistake, Mistakes};
use super::model::{Environment, Invocation};
use super::parse;
use super::resolve::resolve;
use super::show::Merged;
use super::source::Source;
use super::suggest;
use super::tree::Node;

/// An environment, and how it came about.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub environment: Environment,
    /// For `config show` and `config explain`.
    pub merged: Merged,
    /// What is no mistake but should be known.
    pub warnings: Vec<String>,
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
    let workspace = invocation.workspace.as_path();
    load_by(invocation, &mut |path| files::read_layer(workspace, path))
}

/// Does the same as if its env.toml held `text`.
pub fn load_as(invocation: &Invocation, text: &str) -> Result<Loaded, Mistakes> {
    let workspace = invocation.workspace.as_path();
    let own = format!("envs/{}/env.toml", invocation.id.environment);
    load_by(invocation, &mut |path| {
        if path != own {
            return files::read_layer(workspace, path);
        }
        let source = Source::file(workspace.join(path), path, false, text.to_owned());
        Ok(Some(source))
    })
}

fn load_by(invocation: &Invocation, read: &mut ReadFile<'_>) -> Result<Loaded, Mistakes> {
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
    let found = layers::collect(&wanted, read);
    let run =
        |words: &[String]| files::run(workspace, &invocation.variables, words, files::COMMAND_TIME);
    let context = Context {
        environment: name,
        instance: &invocation.id.instance,
        workspace,
        variables: &invocation.variables,
        outside: &Outside {
            read_text: &files::read_text,
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
        merged: resolved.merged,
        warnings: resolved.warnings,
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
