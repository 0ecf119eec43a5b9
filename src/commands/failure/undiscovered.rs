//! What is said when no check can be proposed.

use std::error::Error as _;

use super::super::line;
use super::{Failure, FailureKind};
use crate::config::Mistakes;
use crate::kinds;
use crate::model::{Invocation, Service};
use crate::smoke::discover::{DocumentError, Undocumented};
use crate::tell::Diagnostic;

/// How a document is named, for services that have it elsewhere.
const NAME_IT: &str =
    "`--openapi /PATH` names its path on the service, `--openapi @FILE` reads a file";

impl Failure {
    /// No service has a document that can be read.
    pub(in crate::commands) fn undiscovered(errors: &[Undocumented]) -> Self {
        Self {
            kind: FailureKind::Other,
            diagnostics: errors.iter().map(undiscovered).collect(),
            answer: None,
        }
    }

    /// Nothing that runs can be asked over HTTP.
    pub(in crate::commands) fn nothing_answers_http(invocation: &Invocation) -> Self {
        let id = &invocation.id;
        let title = format!(
            "no service with a port for HTTP runs of {} (instance {})",
            id.environment, id.instance
        );
        let diagnostic = Diagnostic::new(title)
            .hint(format!("`{}` starts them", line::again(invocation, "up")))
            .hint("of a service's ports, it is the only one, or that named `http`");
        Self::new(FailureKind::NotReady, diagnostic)
    }

    /// A declared service that is not reached.
    pub(in crate::commands) fn not_reached(invocation: &Invocation, service: &str) -> Self {
        let title = format!("`{service}` does not run");
        let hint = format!("`{}` starts it", line::again(invocation, "up"));
        Self::new(FailureKind::NotReady, Diagnostic::new(title).hint(hint))
    }

    /// A service that cannot be asked over HTTP.
    pub(in crate::commands) fn no_http_port(name: &str, service: &Service) -> Self {
        let title = match kinds::of(&service.kind) {
            Some(kind) => format!("`{name}` is {}: it answers no HTTP", kind.noun),
            None if service.ports.is_empty() => format!("`{name}` has no port"),
            None if service.ports.len() == 1 => {
                format!("`{name}` answers no HTTP, as its URL says")
            }
            None => format!("`{name}` has several ports, none of them named `http`"),
        };
        Self::new(FailureKind::Usage, Diagnostic::new(title))
    }

    /// A file that could be the document of several services.
    pub(in crate::commands) fn whose_document(services: &[&str]) -> Self {
        let diagnostic = Diagnostic::new("the file can be the document of several services")
            .hint(format!("name one: `--discover={}`", services.join("|")));
        Self::new(FailureKind::Usage, diagnostic)
    }

    /// Checks that the environment does not load with.
    pub(in crate::commands) fn not_written(file: &str, mistakes: Mistakes) -> Self {
        let mut failure = Self::from(mistakes);
        let hint = format!("nothing was written to {file}");
        for diagnostic in &mut failure.diagnostics {
            diagnostic.hints.push(hint.clone());
        }
        failure
    }
}

fn undiscovered(error: &Undocumented) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(error.to_string());
    let cause = error.source().map(ToString::to_string);
    match error {
        Undocumented::Nowhere { tried, .. } => {
            for (path, came) in tried {
                diagnostic.facts.push((path.clone(), came.clone()));
            }
            diagnostic.hint(NAME_IT).hint("JSON is read, YAML is not")
        }
        Undocumented::NotThere { .. } => diagnostic.hint(NAME_IT),
        Undocumented::Unreadable { source, .. } => {
            diagnostic.causes.extend(cause);
            match source {
                DocumentError::NotJson(_) => diagnostic.hint("JSON is read, YAML is not"),
                DocumentError::NotOpenApi => diagnostic.hint(NAME_IT),
                DocumentError::Swagger(_) | DocumentError::Version(_) => {
                    diagnostic.hint("OpenAPI 3.0 and 3.1 are read")
                }
            }
        }
        Undocumented::File { .. } => {
            diagnostic.causes.extend(cause);
            diagnostic
        }
        Undocumented::TooLong { .. } => diagnostic,
    }
}
