//! Which files make an environment, in which order. Reads through a function, so that it can be
//! tested without files.

use std::sync::Arc;

use super::mistake::Mistake;
use super::normal;
use super::parse;
use super::schema::{IN_PROFILE, IN_SHARED, ROOT, Shape};
use super::source::{Origin, Source};
use super::suggest;
use super::trail::Trail;
use super::tree::{Node, Value};
use super::units::name_mistake;

/// The file that all environments share.
pub(crate) const SHARED: &str = "envs/envctl.toml";

/// Reads a file by its path in the workspace; `None` is one that is not there.
pub(crate) type ReadFile<'a> = dyn FnMut(&str) -> Result<Option<Arc<Source>>, Mistake> + 'a;

/// What to look for.
pub(crate) struct Wanted<'a> {
    pub environment: &'a str,
    pub profiles: &'a [String],
    /// Every profile that there is.
    pub known: &'a [String],
}

/// What was found.
#[derive(Default)]
pub(crate) struct Found {
    /// The files in the long form, the lowest first.
    pub layers: Vec<Node>,
    /// `extends` resolved, in order.
    pub profiles: Vec<String>,
    pub mistakes: Vec<Mistake>,
    /// Whether a file could not be read or parsed, so that what is missing may be in it.
    pub broken: bool,
}

/// Collects the files of an environment.
pub(crate) fn collect(wanted: &Wanted<'_>, read: &mut ReadFile<'_>) -> Found {
    let mut walk = Walk {
        wanted,
        read,
        open: Vec::new(),
        found: Found::default(),
    };
    walk.plain(SHARED);
    walk.plain(&format!("envs/{}/env.toml", wanted.environment));
    for profile in wanted.profiles {
        walk.profile(profile, None);
    }
    walk.plain(&format!("envs/{}/local.toml", wanted.environment));
    walk.found
}

struct Walk<'a, 'r> {
    wanted: &'a Wanted<'a>,
    read: &'a mut ReadFile<'r>,
    /// Profiles whose `extends` are being read, outermost first.
    open: Vec<String>,
    found: Found,
}

impl Walk<'_, '_> {
    fn plain(&mut self, path: &str) {
        if let Some(mut root) = self.file(path) {
            let here = (path == SHARED).then_some(IN_SHARED);
            self.misplaced(&mut root, here);
            if let Some(table) = root.table_mut() {
                table.shift_remove("default_env");
            }
            self.found.layers.push(root);
        }
    }

    fn file(&mut self, path: &str) -> Option<Node> {
        let source = match (self.read)(path) {
            Ok(source) => source?,
            Err(mistake) => {
                self.found.mistakes.push(mistake);
                self.found.broken = true;
                return None;
            }
        };
        let (mut root, mistakes) = parse::document(&source);
        if !mistakes.is_empty() {
            self.found.mistakes.extend(mistakes);
            self.found.broken = true;
            return None;
        }
        normal::expand(
            &mut root,
            Shape::Table(&ROOT),
            Trail::Root,
            &mut self.found.mistakes,
        );
        Some(root)
    }

    /// Reports keys that are about files and belong to another one.
    fn misplaced(&mut self, root: &mut Node, here: Option<&str>) {
        for key in ROOT.keys {
            let Some(place) = key.place.filter(|place| here != Some(place)) else {
                continue;
            };
            let table = root.table_mut();
            if let Some(node) = table.and_then(|table| table.shift_remove(key.name)) {
                let message = format!("`{}` only works {place}", key.name);
                let mistake = Mistake::new(message).at(&node.key);
                self.found.mistakes.push(mistake);
            }
        }
    }

    /// Adds a profile behind those that it extends, each once.
    fn profile(&mut self, name: &str, asked: Option<&Origin>) {
        if self.found.profiles.iter().any(|done| done == name) {
            return;
        }
        if let Err(mistake) = self.may_open(name) {
            let mistake = match asked {
                Some(origin) => mistake.at(origin),
                None => mistake,
            };
            self.found.mistakes.push(mistake);
            return;
        }
        self.open.push(name.to_owned());
        let own = format!("envs/{}/profiles/{name}.toml", self.wanted.environment);
        let mut layers = Vec::new();
        for path in [format!("envs/profiles/{name}.toml"), own] {
            let Some(mut root) = self.file(&path) else {
                continue;
            };
            self.misplaced(&mut root, Some(IN_PROFILE));
            let extends = root.table_mut().and_then(|it| it.shift_remove("extends"));
            for (name, origin) in self.extended(extends) {
                self.profile(&name, Some(&origin));
            }
            layers.push(root);
        }
        self.open.pop();
        self.found.profiles.push(name.to_owned());
        self.found.layers.extend(layers);
    }

    fn may_open(&self, name: &str) -> Result<(), Mistake> {
        if let Some(start) = self.open.iter().position(|open| open == name) {
            let mut chain = self.open[start..].to_vec();
            chain.push(name.to_owned());
            let chain = chain.join(" -> ");
            return Err(Mistake::new(format!(
                "the profile `{name}` extends itself: {chain}"
            )));
        }
        if self.wanted.known.iter().any(|known| known == name) && name_mistake(name).is_none() {
            return Ok(());
        }
        let known = self.wanted.known.iter().map(String::as_str);
        let hint = suggest::did_you_mean(name, known).unwrap_or_else(|| {
            let own = format!("envs/{}/profiles/{name}.toml", self.wanted.environment);
            format!("there are no profiles; one would be `envs/profiles/{name}.toml` or `{own}`")
        });
        Err(Mistake::new(format!("there is no profile `{name}`")).hint(hint))
    }

    fn extended(&mut self, extends: Option<Node>) -> Vec<(String, Origin)> {
        let Some(node) = extends else {
            return Vec::new();
        };
        let items = match node.value {
            Value::List(items) => items,
            _ => vec![node],
        };
        let mut names = Vec::new();
        for item in items {
            if let Value::Text(name) = item.value {
                names.push((name, item.at));
            } else {
                let message = "`extends` wants names of profiles";
                self.found.mistakes.push(Mistake::new(message).at(&item.at));
            }
        }
        names
    }
}
