//! The whole pipeline on texts, without files.

#![expect(
    clippy::needless_raw_string_hashes,
    clippy::too_many_lines,
    reason = "expect-test writes the expected texts, which are long"
)]

mod checks;
mod documentation;
mod editors;
mod layers;
mod mistakes;
mod reading;
mod references;
mod world;

use std::collections::BTreeMap;
use std::path::Path;

use super::interpolate::{Context, Outside};
use super::layers::{Wanted, collect};
use super::mistake::{Mistake, Mistakes};
use super::resolve::{Resolved, resolve};
use super::source::Source;
use crate::model::{Environment, Variables};

/// The least that a service needs.
const API: &str = "[services.api]\nimage = 'api:1'\nports = { http = 3000 }\n";

/// A workspace made of texts.
#[derive(Clone, Default)]
struct Given {
    files: BTreeMap<String, String>,
    variables: Variables,
    profiles: Vec<String>,
    sets: Vec<String>,
    /// Whether no command of a secret is run.
    looks: bool,
}

/// A workspace with one environment, `rates`.
fn given(env: &str) -> Given {
    Given::default().file("envs/rates/env.toml", env)
}

impl Given {
    fn file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn profile(mut self, name: &str) -> Self {
        self.profiles.push(name.to_owned());
        self
    }

    fn set(mut self, set: &str) -> Self {
        self.sets.push(set.to_owned());
        self
    }

    fn resolve(&self) -> (Option<Resolved>, Vec<Mistake>) {
        let profile = |path: &String| {
            let name = path.split_once("profiles/")?.1.strip_suffix(".toml")?;
            Some(name.to_owned())
        };
        let known: Vec<_> = self.files.keys().filter_map(profile).collect();
        let wanted = Wanted {
            environment: "rates",
            profiles: &self.profiles,
            known: &known,
        };
        let found = collect(&wanted, &mut |path| {
            let shared = path.starts_with("envs/profiles/") || path == "envs/envctl.toml";
            let text = self.files.get(path);
            Ok(text
                .map(|text| Source::file(Path::new("/w").join(path), path, shared, text.clone())))
        });
        let read_text = |path: &Path| {
            let path = path.strip_prefix("/w").unwrap_or(path).to_string_lossy();
            let text = self.files.get(path.as_ref()).cloned();
            text.ok_or_else(|| "there is no such file".to_owned())
        };
        let run = |words: &[String]| {
            let printed = format!("<{}>\n", words.join(" "));
            Ok((!self.looks).then_some(printed))
        };
        let context = Context {
            environment: "rates",
            instance: "default",
            workspace: Path::new("/w"),
            variables: &self.variables,
            outside: &Outside {
                read_text: &read_text,
                run: &run,
            },
        };
        let mut mistakes = Vec::new();
        let resolved = resolve(found, &self.sets, &context, &mut mistakes);
        (resolved, mistakes)
    }

    /// Every mistake as it is printed plainly.
    fn mistakes(&self) -> String {
        match Mistakes::check(self.resolve().1) {
            Ok(()) => "no mistakes".to_owned(),
            Err(mistakes) => mistakes.to_string(),
        }
    }

    fn right(&self) -> Resolved {
        let (resolved, mistakes) = self.resolve();
        if let Err(mistakes) = Mistakes::check(mistakes) {
            panic!("{mistakes}");
        }
        for (path, text) in &self.files {
            if Path::new(path).extension().is_some_and(|end| end == "toml") {
                editors::follows(path, text);
            }
        }
        resolved.expect("what has no mistake is resolved")
    }

    fn environment(&self) -> Environment {
        self.right().environment
    }

    fn show(&self) -> String {
        self.right().merged.show()
    }

    fn explain(&self, key: &str) -> String {
        match self.right().merged.explain(key) {
            Ok(explained) => explained.to_string(),
            Err(mistake) => mistake.to_string(),
        }
    }
}
