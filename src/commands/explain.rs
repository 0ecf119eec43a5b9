//! What each room's error means to a person: its kind, the facts, and what to do next.

use std::error::Error as _;

use super::failure::FailureKind;
use crate::config::Mistake;
use crate::engine::{self, PortHolder, ServiceState};
use crate::plan;
use crate::report::{Diagnostic, Place, Tail};

/// Returns the kind of a step's failure.
pub(super) fn kind(error: &plan::Error) -> FailureKind {
    match error {
        plan::Error::Engine(error) => match error {
            engine::Error::Unreachable { .. }
            | engine::Error::Denied { .. }
            | engine::Error::Unusable { .. } => FailureKind::Engine,
            engine::Error::Image { .. } => FailureKind::Image,
            engine::Error::PortTaken { .. }
            | engine::Error::NameTaken { .. }
            | engine::Error::NoService { .. }
            | engine::Error::NoPort { .. }
            | engine::Error::NotRunning { .. }
            | engine::Error::Start { .. } => FailureKind::NotReady,
            engine::Error::Call { .. } => FailureKind::Other,
        },
        plan::Error::Seed(_) | plan::Error::Migration(_) => FailureKind::Data,
        plan::Error::Postgres(_)
        | plan::Error::NotReady { .. }
        | plan::Error::Ended { .. }
        | plan::Error::Task { .. }
        | plan::Error::TaskTimeout { .. }
        | plan::Error::Template { .. } => FailureKind::NotReady,
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
    match error {
        plan::Error::Engine(error) => of_engine(error, &mut diagnostic),
        plan::Error::NotReady { last, attempts, .. } => {
            diagnostic
                .facts
                .push(("last observation".to_owned(), last.clone()));
            diagnostic
                .facts
                .push(("attempts".to_owned(), attempts.to_string()));
            let hint = "`ready_timeout` of the service says how long it may take";
            diagnostic.hints.push(hint.to_owned());
        }
        plan::Error::Seed(_) => {
            let hint = "nothing of it was kept; correct the dump and run `envctl up` or `envctl \
                        seed`";
            diagnostic.hints.push(hint.to_owned());
        }
        plan::Error::Migration(_) => {
            let hint = "nothing of this file was kept; correct it and run `envctl migrate`";
            diagnostic.hints.push(hint.to_owned());
        }
        plan::Error::Ended { service, state } if ran_out_of_memory(state) => {
            let hint = format!("give it more: `mem_limit` of [services.{service}]");
            diagnostic.hints.push(hint);
        }
        plan::Error::Postgres(_)
        | plan::Error::Ended { .. }
        | plan::Error::Task { .. }
        | plan::Error::TaskTimeout { .. }
        | plan::Error::Template { .. }
        | plan::Error::Interrupted => {}
    }
    diagnostic
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
            if !output.is_empty() {
                diagnostic.tail = Some(Tail {
                    of: format!("image {image}"),
                    lines: output.clone(),
                });
            }
        }
        engine::Error::PortTaken {
            service,
            name,
            holder,
            ..
        } => of_taken_port((service, name), holder, diagnostic),
        engine::Error::Unusable { .. }
        | engine::Error::NoService { .. }
        | engine::Error::NoPort { .. }
        | engine::Error::NotRunning { .. }
        | engine::Error::Start { .. }
        | engine::Error::Call { .. } => {}
    }
}

fn of_taken_port((service, name): (&str, &str), holder: &PortHolder, diagnostic: &mut Diagnostic) {
    let fact = ("held by".to_owned(), holder.to_string());
    diagnostic.facts.push(fact);
    if let PortHolder::Container {
        instance: Some(instance),
        ..
    } = holder
    {
        let hint = format!("`envctl down` in the workspace of {instance}");
        diagnostic.hints.push(hint);
    }
    let hint =
        format!("free the port, or take another: `--set services.{service}.ports.{name}.host=any`");
    diagnostic.hints.push(hint);
}

/// Returns a configuration mistake as a person reads it.
pub(super) fn mistake(mistake: Mistake) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(mistake.message);
    diagnostic.place = mistake.place.map(|place| Place {
        file: place.file,
        line: place.line,
        column: place.column,
        text: place.text,
        width: place.width,
    });
    diagnostic.hints.extend(mistake.hint);
    diagnostic
}
