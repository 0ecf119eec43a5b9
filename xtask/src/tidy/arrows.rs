//! Which room of src/ may name which: the table of the architecture, held against the code.

use super::paths::{self, NamedPath};
use super::{Source, Violation, is_of_src};

/// A room: a folder of src/, or main.
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
    Report,
    Tell,
    Config,
    Host,
    Kinds,
    Model,
    Probe,
}

/// Where the program is, around its library.
const MAIN: &str = "src/bin/envctl/";

/// What each room may name besides itself.
fn may_name(room: Room) -> &'static [Room] {
    use Room::{
        Cli, Commands, Config, Engine, Host, Kinds, Main, Model, Plan, Postgres, Probe, Report,
        Seed, Smoke, Tell,
    };
    match room {
        Main => &[Cli, Commands, Report, Tell],
        Commands => &[
            Cli, Plan, Seed, Smoke, Engine, Postgres, Config, Host, Kinds, Model, Probe, Tell,
        ],
        Plan => &[
            Seed, Engine, Postgres, Probe, Config, Host, Kinds, Model, Tell,
        ],
        Seed => &[Postgres, Host, Model, Tell],
        Smoke => &[Engine, Postgres, Probe, Config, Host, Model, Tell],
        Engine => &[Host, Probe, Kinds, Model, Tell],
        Host | Postgres => &[Probe, Model, Tell],
        Report => &[Model, Tell],
        Config => &[Host, Kinds, Model],
        Cli | Kinds | Tell => &[Model],
        Model | Probe => &[],
    }
}

/// Returns every name that points against the table.
pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    // Tests in files of their own may name anything, as those in modules do.
    sources
        .iter()
        .filter(|source| is_of_src(source))
        .flat_map(check_file)
        .collect()
}

fn check_file(source: &Source) -> Vec<Violation> {
    let violation = |line, message| Violation {
        path: source.path.clone(),
        line,
        message,
    };
    let own = match source.path.as_str() {
        // The list of rooms, which names no more than their modules.
        "src/lib.rs" => return Vec::new(),
        path if path.starts_with(MAIN) => Some(Room::Main),
        path => room(&paths::module(path)),
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
        match room(&segments) {
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

fn room(segments: &[String]) -> Option<Room> {
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
        "host" => Room::Host,
        "kinds" => Room::Kinds,
        "model" => Room::Model,
        "report" => Room::Report,
        "tell" => Room::Tell,
        _ => return None,
    };
    Some(room)
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
                "src/bin/envctl/main.rs",
                "use envctl::{cli::A, commands, report::bars::B};",
            ),
            (
                "src/commands/up.rs",
                "use crate::{cli, config::load, plan, tell::Event};",
            ),
            (
                "src/plan/run.rs",
                "use crate::engine::Engine;\nuse super::step::Step;",
            ),
            (
                "src/engine/docker/pull.rs",
                "use crate::model::Image; use crate::probe::poll;",
            ),
            ("src/report/bars.rs", "use crate::tell::Event;"),
            ("src/seed/copy.rs", "use crate::tell::{Events, UpAnswer};"),
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
            ("src/probe/tcp.rs", "use super::super::tell::Event;"),
            ("src/tell/event.rs", "use crate::report::Bars;"),
            ("src/cli/mod.rs", "use crate::{config::layers, model::A};"),
        ];
        assert_eq!(
            found(check, &files),
            [
                "src/engine/mod.rs:2: Engine may not name Plan (crate::plan::Step)",
                "src/engine/docker/pull.rs:1: Engine may not name Config (crate::config::load)",
                "src/commands/up.rs:1: Commands may not name Report (crate::report::bars::draw)",
                "src/probe/tcp.rs:1: Probe may not name Tell (crate::tell::Event)",
                "src/tell/event.rs:1: Tell may not name Report (crate::report::Bars)",
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
