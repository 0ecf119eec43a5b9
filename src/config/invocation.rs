//! From what was typed to the [`Invocation`]: finds the workspace and the names. Does not need
//! env.toml.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::files;
use super::layers::SHARED;
use super::mistake::{Mistake, Mistakes};
use super::parse;
use super::source::Origin;
use super::suggest;
use super::tree::Value;
use super::units::name_mistake;
use crate::model::{EngineChoice, InstanceId, Invocation, Reach, Variables};

/// What stands for no profile, also where the instance was made with one.
const NO_PROFILE: &str = "none";

/// What was typed, with the environment of the process.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Where to look for the workspace from.
    pub directory: PathBuf,
    pub reach: Reach,
    pub environment: Option<String>,
    pub instance: Option<String>,
    pub engine: Option<EngineChoice>,
    pub profiles: Vec<String>,
    pub sets: Vec<String>,
    pub timeout: Option<Duration>,
    pub yes: bool,
    pub variables: Variables,
}

/// Finds out what a command line means; reads no env.toml.
pub fn invocation(request: &Request) -> Result<Invocation, Mistakes> {
    let workspace = workspace(&request.directory)?;
    let environment = environment(request, &workspace)?;
    let instance = request.instance.as_deref();
    let instance = instance.unwrap_or(InstanceId::DEFAULT_INSTANCE);
    let mut mistakes = Vec::new();
    if let Some(why) = name_mistake(&environment) {
        let known = files::environments(&workspace);
        let hint = suggest::did_you_mean(&environment, known.iter().map(String::as_str));
        mistakes.push(Mistake::new(format!("the environment {why}")).maybe_hint(hint));
    }
    if let Some(why) = name_mistake(instance) {
        mistakes.push(Mistake::new(format!("the instance {why}")));
    }
    Mistakes::check(mistakes)?;
    Ok(Invocation {
        id: InstanceId::new(&environment, instance, &workspace),
        workspace,
        reach: request.reach,
        engine: request.engine.unwrap_or_default(),
        profiles: profiles(request),
        sets: request.sets.clone(),
        timeout: request.timeout,
        yes: request.yes,
        variables: request.variables.clone(),
    })
}

/// Returns the canonical path of the nearest folder upwards that holds `envs/`.
pub fn workspace(directory: &Path) -> Result<PathBuf, Mistake> {
    let start = fs_err::canonicalize(directory)
        .map_err(|error| Mistake::new(no_folder(directory, &error)))?;
    let found = start
        .ancestors()
        .find(|folder| folder.join("envs").is_dir());
    found.map(Path::to_owned).ok_or_else(|| {
        let start = start.display();
        Mistake::new(format!(
            "there is no workspace: neither `{start}` nor a folder above it holds `envs/`"
        ))
        .hint("go into a repository with an `envs/` folder, or name it with `--directory`")
    })
}

fn no_folder(directory: &Path, error: &std::io::Error) -> String {
    let directory = directory.display();
    match error.kind() {
        ErrorKind::NotFound => format!("there is no folder `{directory}`"),
        _ => format!("cannot look for the workspace: {error}"),
    }
}

fn environment(request: &Request, workspace: &Path) -> Result<String, Mistakes> {
    if let Some(given) = &request.environment {
        return Ok(given.clone());
    }
    let variable = request.variables.get("ENVCTL_ENV");
    if let Some(name) = variable.filter(|name| !name.is_empty()) {
        return Ok(name.clone());
    }
    if let Some((name, _)) = default_environment(workspace)? {
        return Ok(name);
    }
    let known = files::environments(workspace);
    match known.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Mistake::new("the workspace has no environment")
            .hint("an environment is a folder with an env.toml: `envs/NAME/env.toml`")
            .into()),
        several => Err(Mistake::new("which environment?")
            .hint(format!(
                "name one, or set `default_env` in {SHARED}: {}",
                suggest::list(several)
            ))
            .into()),
    }
}

/// Reads `default_env`, and nothing else of that file.
pub(crate) fn default_environment(workspace: &Path) -> Result<Option<(String, Origin)>, Mistakes> {
    let Some(source) = files::read_layer(workspace, SHARED)? else {
        return Ok(None);
    };
    let (root, mistakes) = parse::document(&source);
    let Some(node) = root.get("default_env") else {
        // A broken file may have said it.
        Mistakes::check(mistakes)?;
        return Ok(None);
    };
    match &node.value {
        Value::Text(name) => match name_mistake(name) {
            None => Ok(Some((name.clone(), node.at.clone()))),
            Some(why) => Err(Mistake::new(why).at(&node.at).into()),
        },
        other => {
            let message = format!("`default_env` must be a text, not {}", other.describe());
            Err(Mistake::new(message).at(&node.at).into())
        }
    }
}

/// Returns the profiles that are asked for; `none` is none of them.
fn profiles(request: &Request) -> Vec<String> {
    let variable = request.variables.get("ENVCTL_PROFILE");
    let names = variable.map(String::as_str).unwrap_or_default().split(',');
    let asked: Vec<&str> = if request.profiles.is_empty() {
        names.map(str::trim).collect()
    } else {
        request.profiles.iter().map(String::as_str).collect()
    };
    let asked = asked.into_iter();
    let asked = asked.filter(|name| !name.is_empty() && *name != NO_PROFILE);
    asked.map(str::to_owned).collect()
}
