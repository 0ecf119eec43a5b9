//! The pipeline: layers in, an environment or all mistakes out. Touches nothing outside but
//! through [`Outside`].

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::defaults;
use super::interpolate::{self, Context};
use super::layers::Found;
use super::merge::{Log, merge};
use super::mistake::Mistake;
use super::normal;
use super::ordinary::{is_common, unhidden};
use super::overrides;
use super::read::{Claim, Known, Names, Reader, read};
use super::schema::{ROOT, Shape};
use super::secrets;
use super::show::Merged;
use super::source::{Origin, Source};
use super::trail::Trail;
use super::tree::{Node, Table, Value};
use crate::model::{Environment, Secret};

/// What came out, right or wrong.
pub(crate) struct Resolved {
    /// Only to be used when there is no mistake.
    pub environment: Environment,
    pub merged: Merged,
    pub warnings: Vec<String>,
    pub claims: Vec<Claim>,
    /// The names of secrets whose commands were not run.
    pub unread: Vec<String>,
}

/// Lays everything over each other and reads the result; mistakes go to `mistakes`.
pub(crate) fn resolve(
    found: Found,
    sets: &[String],
    context: &Context<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Resolved> {
    mistakes.extend(found.mistakes);
    if found.broken {
        // What the broken file would have said is unknown: more mistakes would be guesses.
        return None;
    }
    let mut log = Log::default();
    let mut root = empty();
    for layer in found.layers {
        merge(&mut root, layer, Shape::Table(&ROOT), Trail::Root, &mut log);
    }
    for layer in overrides::from_variables(context.variables, &root, mistakes) {
        lay(&mut root, layer, mistakes, &mut log);
    }
    for set in sets {
        match overrides::from_set(set, &root) {
            Ok(layer) => lay(&mut root, layer, mistakes, &mut log),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    root.forget();
    defaults::add(&mut root);
    let found_secrets = interpolate::expand(&mut root, context, mistakes);
    let unread = found_secrets
        .iter()
        .filter(|(_, secret)| secret.is_unread());
    let unread = unread.map(|(name, _)| name.clone()).collect();
    let names = |kind| root.names(kind).into_iter().map(str::to_owned).collect();
    let reader = Reader {
        workspace: context.workspace,
        outside: context.outside,
        names: Names {
            images: names("images"),
            services: names("services"),
            tasks: names("tasks"),
        },
        mistakes: RefCell::default(),
        bounds: RefCell::default(),
        claims: RefCell::default(),
    };
    let known = Known {
        name: context.environment.to_owned(),
        folder: context.workspace.join("envs").join(context.environment),
        profiles: found.profiles.clone(),
        secrets: found_secrets
            .values()
            .filter(|it| !it.is_unread())
            .cloned()
            .collect(),
    };
    let environment = read(&root, known, &reader);
    log.warnings.extend(warnings(&found_secrets, &environment));
    mistakes.extend(reader.mistakes.take());
    let claims = reader.claims.take();
    Some(Resolved {
        environment,
        merged: Merged {
            root,
            removed: log.removed,
            environment: context.environment.to_owned(),
            profiles: found.profiles,
        },
        warnings: log.warnings,
        claims,
        unread,
    })
}

/// Returns what is to be known of secrets that are not hidden in what is printed.
fn warnings(secrets: &BTreeMap<String, Secret>, environment: &Environment) -> Vec<String> {
    let known = secrets.iter().filter(|(_, secret)| !secret.is_unread());
    let warnings = known.filter_map(|(name, secret)| {
        let common = || unhidden(&format!("the secret `{name}`"));
        let is_common = is_common(secret, environment);
        secrets::warning(name, secret).or_else(|| is_common.then(common))
    });
    warnings.collect()
}

fn empty() -> Node {
    let origin = Origin::new(&Source::default_layer(), 0..0);
    Node::new(Value::Table(Table::default()), origin.clone(), origin)
}

fn lay(root: &mut Node, mut layer: Node, mistakes: &mut Vec<Mistake>, log: &mut Log) {
    normal::expand(&mut layer, Shape::Table(&ROOT), Trail::Root, mistakes);
    merge(root, layer, Shape::Table(&ROOT), Trail::Root, log);
}
