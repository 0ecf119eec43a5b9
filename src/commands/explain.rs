//! What each room's error means to a person: its kind, the facts, and what to do next.

mod waiting;

use std::error::Error as _;

use super::failure::FailureKind;
use crate::config::Mistake;
use crate::engine::{self, PortHolder, ServiceState};
use crate::model::Place;
use crate::plan;
use crate::postgres::{self, ServerError};
use crate::seed;
use crate::tell::{Diagnostic, Tail};

/// What to do where a question to a database fails that its server takes.
pub(super) const LOOK: &str = "envctl asks its own tables, in the schema `envctl`, and the server's: \
     `envctl psql` shows what is there, `envctl seed --reset` makes the database anew";

/// Returns the kind of a step's failure.
pub(super) fn kind(error: &plan::Error) -> FailureKind {
    match error {
        plan::Error::Engine(error) => match error {
            engine::Error::Unreachable { .. }
            | engine::Error::Denied { .. }
            | engine::Error::Unusable { .. } => FailureKind::Engine,
            engine::Error::Image { .. } | engine::Error::Program { .. } => FailureKind::Image,
            engine::Error::PortTaken { .. }
            | engine::Error::Prepare { .. }
            | engine::Error::NameTaken { .. }
            | engine::Error::NoService { .. }
            | engine::Error::NoPort { .. }
            | engine::Error::NotRunning { .. }
            | engine::Error::Start { .. } => FailureKind::NotReady,
            engine::Error::Call { .. } => FailureKind::Other,
        },
        plan::Error::Seed(_)
        | plan::Error::Look { .. }
        | plan::Error::Migration(_)
        | plan::Error::Data { .. } => FailureKind::Data,
        plan::Error::Postgres(_)
        | plan::Error::NotReady { .. }
        | plan::Error::Refused { .. }
        | plan::Error::Ended { .. }
        | plan::Error::Task { .. }
        | plan::Error::TaskTimeout { .. }
        | plan::Error::Template { .. }
        | plan::Error::Unread { .. } => FailureKind::NotReady,
        plan::Error::Unagreed { .. } => FailureKind::Usage,
        plan::Error::Interrupted => FailureKind::Interrupted,
    }
}

/// Returns the dossier of a step's failure, without what only its plan knows.
pub(super) fn diagnostic(error: &plan::Error) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(error.to_string());
    let mut cause = error.source();
    while let Some(source) = cause {
        let text = source.to_string();
        if diagnostic.causes.last() != Some(&text) {
            diagnostic.causes.push(text);
        }
        cause = source.source();
    }
    add_facts(error, &mut diagnostic);
    diagnostic
}

/// Adds what a person needs beyond the chain of causes.
fn add_facts(error: &plan::Error, diagnostic: &mut Diagnostic) {
    match error {
        plan::Error::Engine(error) => of_engine(error, diagnostic),
        plan::Error::NotReady { .. } | plan::Error::Refused { .. } => {
            waiting::explain(error, diagnostic);
        }
        plan::Error::Seed(error) => of_seed(error, diagnostic),
        plan::Error::Migration(error) => {
            if let postgres::Error::Migration { place, server, .. } = error {
                of_statement_in(place, server, diagnostic);
            }
            if let postgres::Error::MigrationText { place, reason } = error {
                (*reason).clone_into(&mut diagnostic.title);
                diagnostic.place = Some((**place).clone());
            }
            diagnostic.hints.push(of_migration(error).to_owned());
        }
        plan::Error::Data { failure, .. } => add_facts(failure, diagnostic),
        plan::Error::Ended { service, state } if ran_out_of_memory(state) => {
            let hint = format!("give it more: `mem_limit` of [services.{service}]");
            diagnostic.hints.push(hint);
        }
        plan::Error::Postgres(postgres::Error::Statement {
            server,
            statement,
            at,
        }) => {
            let place = match at {
                Some((line, column)) => format!("{statement} (line {line}, column {column})"),
                None => statement.clone(),
            };
            diagnostic.facts.push(("statement".to_owned(), place));
            of_server(server, diagnostic);
        }
        plan::Error::Look { .. } => diagnostic.hints.push(LOOK.to_owned()),
        plan::Error::Unread { .. } => {
            let hint = "a command that runs things runs it too: `envctl up`";
            diagnostic.hints.push(hint.to_owned());
        }
        plan::Error::Postgres(_)
        | plan::Error::Unagreed { .. }
        | plan::Error::Ended { .. }
        | plan::Error::Task { .. }
        | plan::Error::TaskTimeout { .. }
        | plan::Error::Template { .. }
        | plan::Error::Interrupted => {}
    }
}

fn of_seed(error: &seed::Error, diagnostic: &mut Diagnostic) {
    match error {
        seed::Error::Statement { place, server, .. } => of_statement_in(place, server, diagnostic),
        seed::Error::Refused { place, reason } => {
            diagnostic.title.clone_from(reason);
            diagnostic.place = Some((**place).clone());
        }
        seed::Error::NeedsSuperuser {
            place,
            seed,
            reason,
        } => {
            diagnostic.title.clone_from(reason);
            diagnostic.place = Some((**place).clone());
            diagnostic.hints.push(format!(
                "a dump is loaded as a role that is no superuser; for one that you trust with the \
                 server's machine, add `superuser = true` to [seeds.{seed}]"
            ));
        }
        seed::Error::Busy { .. } => {
            let hint = "nothing was changed; end what uses it (a prepared transaction by `ROLLBACK \
                        PREPARED 'its name'` in `envctl psql`) and run the command again";
            diagnostic.hints.push(hint.to_owned());
            return;
        }
        _ => {}
    }
    let hint = "nothing of it was kept; correct the dump and run the command again";
    diagnostic.hints.push(hint.to_owned());
}

/// What to do about a migration that failed, or that contradicts the database.
fn of_migration(error: &postgres::Error) -> &'static str {
    match error {
        postgres::Error::Migration {
            partly_applied: true,
            ..
        } => {
            "the statements before it stay, since the file asks for no transaction; put \
             the database right by `envctl psql`, then run the command again"
        }
        postgres::Error::MigrationChanged { .. } => {
            "put the file back as it was, and make the change in a new migration; `seed \
             --reset` starts over with the file as it is"
        }
        postgres::Error::MigrationMissing { .. } => {
            "put the file back; `seed --reset` starts over without it"
        }
        postgres::Error::OutOfOrder { .. } => {
            "give the new file a higher number; `seed --reset` starts over with both"
        }
        postgres::Error::MigrationName { .. } | postgres::Error::SameVersion { .. } => {
            "nothing was applied; rename the file and run the command again"
        }
        _ => "nothing of this file was kept; correct it and run the command again",
    }
}

/// A statement of a file: the snippet says where, the title what the server said.
fn of_statement_in(place: &Place, server: &ServerError, diagnostic: &mut Diagnostic) {
    diagnostic.title = server.to_string();
    diagnostic.place = Some(place.clone());
    of_server(server, diagnostic);
}

/// What a server says beyond its message.
fn of_server(server: &ServerError, diagnostic: &mut Diagnostic) {
    let facts = [
        ("detail", &server.detail),
        ("the server's hint", &server.hint),
        ("context", &server.context),
    ];
    for (name, fact) in facts {
        let fact = fact.iter().map(|fact| (name.to_owned(), fact.clone()));
        diagnostic.facts.extend(fact);
    }
    if server.message.starts_with("extension \"") && server.message.contains("not available") {
        let hint = "install the extension's package for this server, or take another server \
                    (`image`, `version`, `bin_dir`); one that envctl fetched has only plpgsql and \
                    vector";
        diagnostic.hints.push(hint.to_owned());
    }
}

fn ran_out_of_memory(state: &ServiceState) -> bool {
    matches!(
        state,
        ServiceState::Exited {
            out_of_memory: true,
            ..
        }
    )
}

fn of_engine(error: &engine::Error, diagnostic: &mut Diagnostic) {
    match error {
        engine::Error::Unreachable { .. } => {
            let hint = "start the Docker daemon, or point DOCKER_HOST at its socket";
            diagnostic.hints.push(hint.to_owned());
        }
        engine::Error::Denied { endpoint, .. } => {
            let socket = endpoint.trim_start_matches("unix://");
            let hint = format!(
                "`ls -l {socket}` shows who may; most often `sudo usermod -aG docker $USER` and a \
                 new login do it"
            );
            diagnostic.hints.push(hint);
        }
        engine::Error::NameTaken {
            name, id, instance, ..
        } => {
            let by = match instance {
                Some(instance) => format!("container {id} of instance {instance}"),
                None => format!("container {id}, which envctl did not make"),
            };
            diagnostic.facts.push(("taken by".to_owned(), by));
            let hint = format!(
                "`docker rename {name} NAME` keeps it under another name, `docker rm -f {name}` \
                 removes it"
            );
            diagnostic.hints.push(hint);
        }
        engine::Error::Image {
            image,
            attempts,
            output,
        } => {
            for (attempt, reason) in attempts {
                diagnostic.facts.push((attempt.clone(), reason.clone()));
            }
            if attempts.iter().all(|(what, _)| what.starts_with("pull ")) {
                let hint = "correct its name, or give it another source: `build` or `load` in an \
                            [images.NAME] table";
                diagnostic.hints.push(hint.to_owned());
            }
            of_output(format!("image {image}"), output, diagnostic);
        }
        engine::Error::Program {
            service,
            hint,
            output,
            ..
        } => {
            diagnostic.hints.extend(hint.clone());
            of_output(format!("the build of {service}"), output, diagnostic);
        }
        engine::Error::Prepare {
            service, output, ..
        } => of_output(service.clone(), output, diagnostic),
        engine::Error::PortTaken {
            service,
            name,
            holder,
            ..
        } => of_taken_port((service, name), holder, diagnostic),
        engine::Error::Unusable { .. } => {
            let hint = "`DOCKER_HOST=unix:///var/run/docker.sock` names this machine's daemon";
            diagnostic.hints.push(hint.to_owned());
        }
        engine::Error::NoService { .. }
        | engine::Error::NoPort { .. }
        | engine::Error::NotRunning { .. }
        | engine::Error::Start { .. }
        | engine::Error::Call { .. } => {}
    }
}

fn of_output(of: String, lines: &[String], diagnostic: &mut Diagnostic) {
    if !lines.is_empty() {
        let lines = lines.to_vec();
        diagnostic.tail = Some(Tail { of, lines });
    }
}

fn of_taken_port((service, name): (&str, &str), holder: &PortHolder, diagnostic: &mut Diagnostic) {
    let fact = ("held by".to_owned(), holder.to_string());
    diagnostic.facts.push(fact);
    if let PortHolder::Container { of: Some(of), .. } | PortHolder::Process { of: Some(of), .. } =
        holder
    {
        let hint = format!("`envctl down --instance-id {}` ends that instance", of.id);
        diagnostic.hints.push(hint);
    }
    let hint =
        format!("free the port, or take another: `--set services.{service}.ports.{name}.host=any`");
    diagnostic.hints.push(hint);
}

/// Returns a configuration mistake as a person reads it.
pub(super) fn mistake(mistake: Mistake) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(mistake.message);
    diagnostic.place = mistake.place;
    diagnostic.hints.extend(mistake.hint);
    diagnostic
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_dump_that_wants_too_much_is_told_the_key() {
        let error = plan::Error::Seed(seed::Error::NeedsSuperuser {
            place: Box::new(Place {
                file: "/w/dump.sql".into(),
                line: 3,
                column: 1,
                text: "CREATE EXTENSION file_fdw".to_owned(),
                width: 1,
            }),
            seed: "dump".to_owned(),
            reason: "the extension `file_fdw` reaches files and programs of the server's machine"
                .to_owned(),
        });
        let mut diagnostic = Diagnostic::new("seeding db failed");
        add_facts(&error, &mut diagnostic);
        expect![[r"
            the extension `file_fdw` reaches files and programs of the server's machine
            a dump is loaded as a role that is no superuser; for one that you trust with the server's machine, add `superuser = true` to [seeds.dump]
            nothing of it was kept; correct the dump and run the command again
        "]]
        .assert_eq(&format!("{}\n{}\n", diagnostic.title, diagnostic.hints.join("\n")));
        assert!(diagnostic.place.is_some());
    }
}
