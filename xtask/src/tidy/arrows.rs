//! Which room of src/ may name which: the table of the architecture, held against the code.

use super::paths::{self, NamedPath};
use super::{Source, Violation, is_rust, rust};

/// A room, or the part of one that others may name by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Room {
    Main,
    Commands,
    Plan,
    Seed,
    Smoke,
    Engine,
    Postgres,
    Cli,
    Renderers,
    Vocabulary,
    Config,
    Model,
    Probe,
}

/// The modules of report that are its vocabulary; all others are renderers.
const VOCABULARY: [&str; 6] = ["answer", "bytes", "diagnostic", "event", "mask", "visible"];

/// What each room may name besides itself.
fn may_name(room: Room) -> &'static [Room] {
    use Room::{
        Cli, Commands, Config, Engine, Main, Model, Plan, Postgres, Probe, Renderers, Seed, Smoke,
        Vocabulary,
    };
    match room {
        Main => &[Cli, Commands, Renderers, Vocabulary],
        Commands => &[
            Cli, Plan, Seed, Smoke, Engine, Postgres, Config, Model, Probe, Vocabulary,
        ],
        Plan => &[Seed, Engine, Postgres, Probe, Config, Model, Vocabulary],
        Seed => &[Engine, Postgres, Model, Vocabulary],
        Smoke => &[Engine, Postgres, Probe, Config, Model, Vocabulary],
        Engine | Postgres => &[Probe, Model, Vocabulary],
        Renderers => &[Vocabulary],
        Cli | Config => &[Model],
        Model | Probe | Vocabulary => &[],
    }
}

/// Returns every name that points against the table.
pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    let reexports = Reexports::read(sources);
    let in_rooms = |source: &&Source| {
        source.path.starts_with("src/") && is_rust(&source.path) && !is_test(&source.path)
    };
    sources
        .iter()
        .filter(in_rooms)
        .flat_map(|source| check_file(source, &reexports))
        .collect()
}

fn check_file(source: &Source, reexports: &Reexports) -> Vec<Violation> {
    let violation = |line, message| Violation {
        path: source.path.clone(),
        line,
        message,
    };
    let own = match source.path.as_str() {
        // The list of rooms, which names no more than their modules.
        "src/lib.rs" => return Vec::new(),
        "src/main.rs" => Some(Room::Main),
        path => room(&paths::module(path), &Reexports::default()),
    };
    let Some(own) = own else {
        return vec![violation(
            1,
            "this file is in no room of the arrow table".into(),
        )];
    };
    let mut violations = Vec::new();
    for NamedPath { segments, line } in paths::named(&source.path, &source.text) {
        let path = segments.join("::");
        match room(&segments, reexports) {
            Some(named) if named == own || may_name(own).contains(&named) => {}
            Some(named) => {
                let message = format!("{own:?} may not name {named:?} (crate::{path})");
                violations.push(violation(line, message));
            }
            None => {
                let message = format!("crate::{path} is in no room of the arrow table");
                violations.push(violation(line, message));
            }
        }
    }
    violations
}

fn room(segments: &[String], reexports: &Reexports) -> Option<Room> {
    let inner = segments.get(1).map(String::as_str);
    let room = match segments.first()?.as_str() {
        "commands" => Room::Commands,
        "plan" => Room::Plan,
        "seed" => Room::Seed,
        "smoke" => Room::Smoke,
        "engine" => Room::Engine,
        "postgres" => Room::Postgres,
        "cli" => Room::Cli,
        "probe" => Room::Probe,
        "config" => Room::Config,
        "model" => Room::Model,
        "report" if inner.is_some_and(|name| reexports.is_vocabulary(name)) => Room::Vocabulary,
        "report" => Room::Renderers,
        _ => return None,
    };
    Some(room)
}

/// Tests in files of their own may name anything, as those in modules do.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The names that a room's top module hands on from the parts which others may name.
#[derive(Default)]
struct Reexports {
    vocabulary: Vec<String>,
}

impl Reexports {
    fn read(sources: &[Source]) -> Self {
        let mut reexports = Self::default();
        for source in sources {
            let names = match source.path.as_str() {
                "src/report.rs" | "src/report/mod.rs" => &mut reexports.vocabulary,
                _ => continue,
            };
            // `pub use model::X` starts at this module; written so, it reads like other paths.
            let text = source.text.replace("use ", "use super::here::");
            for NamedPath { segments, .. } in paths::named(&source.path, &text) {
                let from = segments.get(1).map_or("", String::as_str);
                if !VOCABULARY.contains(&from) {
                    continue;
                }
                match segments.last().map(String::as_str) {
                    Some("*") => names.extend(public_items(sources, &source.path, from)),
                    Some(name) => names.push(name.to_owned()),
                    None => {}
                }
            }
        }
        reexports
    }

    fn is_vocabulary(&self, name: &str) -> bool {
        VOCABULARY.contains(&name) || self.vocabulary.iter().any(|known| known == name)
    }
}

/// Returns what a glob hands on: the public items of the module `name` beside a room's top module.
fn public_items(sources: &[Source], top: &str, name: &str) -> Vec<String> {
    const KINDS: [&str; 7] = ["const", "enum", "fn", "static", "struct", "trait", "type"];
    let mut module = paths::module(top);
    module.push(name.to_owned());
    let mut names = Vec::new();
    for source in sources
        .iter()
        .filter(|source| paths::module(&source.path) == module)
    {
        let code = rust::code(&source.text);
        let tokens = rust::tokens(&code);
        for words in tokens.windows(3) {
            if words[0].text == "pub" && KINDS.contains(&words[1].text) {
                names.push(words[2].text.to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::found;

    #[test]
    fn what_the_table_grants_passes() {
        let files = [
            ("src/lib.rs", "pub mod cli;"),
            (
                "src/main.rs",
                "use envctl::{cli::A, commands, report::bars::B};",
            ),
            (
                "src/commands/up.rs",
                "use crate::{cli, config::load, plan, report::event::E};",
            ),
            (
                "src/plan/run.rs",
                "use crate::engine::Engine;\nuse super::step::Step;",
            ),
            (
                "src/engine/docker/pull.rs",
                "use crate::model::Image; use crate::probe::poll;",
            ),
            (
                "src/report/mod.rs",
                "mod event;\npub use event::{Event, Events};\npub use answer::*;",
            ),
            (
                "src/report/answer.rs",
                "pub struct UpAnswer;\nstruct Inner;",
            ),
            ("src/seed/copy.rs", "use crate::report::{Events, UpAnswer};"),
            ("src/cli/mod.rs", "use crate::model::Environment;"),
        ];
        assert_eq!(found(check, &files), [""; 0]);
    }

    #[test]
    fn arrows_that_point_up_are_named() {
        let files = [
            ("src/engine/mod.rs", "use std::fmt;\nuse crate::plan::Step;"),
            ("src/engine/docker/pull.rs", "use crate::config::load;"),
            (
                "src/commands/up.rs",
                "fn a() { crate::report::bars::draw() }",
            ),
            (
                "src/probe/tcp.rs",
                "use super::super::report::event::Event;",
            ),
            ("src/report/event.rs", "use super::bars::Bars;"),
            ("src/cli/mod.rs", "use crate::{config::layers, model::A};"),
        ];
        assert_eq!(
            found(check, &files),
            [
                "src/engine/mod.rs:2: Engine may not name Plan (crate::plan::Step)",
                "src/engine/docker/pull.rs:1: Engine may not name Config (crate::config::load)",
                "src/commands/up.rs:1: Commands may not name Renderers (crate::report::bars::draw)",
                "src/probe/tcp.rs:1: Probe may not name Vocabulary (crate::report::event::Event)",
                "src/report/event.rs:1: Vocabulary may not name Renderers (crate::report::bars::Bars)",
                "src/cli/mod.rs:1: Cli may not name Config (crate::config::layers)",
            ]
        );
    }

    #[test]
    fn what_is_not_in_the_table_fails() {
        let files = [
            ("src/session.rs", ""),
            ("src/plan/a.rs", "use crate::session::Session;"),
        ];
        assert_eq!(
            found(check, &files),
            [
                "src/session.rs:1: this file is in no room of the arrow table",
                "src/plan/a.rs:1: crate::session::Session is in no room of the arrow table",
            ]
        );
    }
}
