//! What is said of a service that was waited for in vain.

use std::net::SocketAddr;

use crate::plan::{self, Listening};
use crate::tell::Diagnostic;

/// A service that was waited for in vain: what was seen of it.
pub(super) fn explain(error: &plan::Error, diagnostic: &mut Diagnostic) {
    let mut fact = |name: &str, text: String| diagnostic.facts.push((name.to_owned(), text));
    match error {
        plan::Error::NotReady {
            last,
            attempts,
            listening,
            ..
        } => {
            fact("last observation", last.clone());
            fact("attempts", attempts.to_string());
            if let Some(listening) = listening {
                return of_listening(listening, diagnostic);
            }
            let hint = "`ready_timeout` of the service says how long it may take";
            diagnostic.hints.push(hint.to_owned());
        }
        plan::Error::Refused { asked, waited, .. } => {
            fact("asked", asked.clone());
            let nothing_else = format!("nothing else for {:.1} s", waited.as_secs_f64());
            fact("answered", nothing_else);
            let hint = "`healthcheck` of the service names the path; any status below 400 is ready";
            diagnostic.hints.push(hint.to_owned());
        }
        _ => {}
    }
}

/// A service that listens elsewhere than it is asked: where, and how it is told.
fn of_listening(listening: &Listening, diagnostic: &mut Diagnostic) {
    let Listening {
        service,
        port,
        asked,
        found,
        is_proxied,
    } = listening;
    let place = if *is_proxied {
        "listens in its container on"
    } else {
        "listens on"
    };
    let texts = |found: &[SocketAddr]| {
        let texts: Vec<String> = found.iter().map(ToString::to_string).collect();
        texts.join(", ")
    };
    let found = match found.as_slice() {
        [] => "nothing".to_owned(),
        found => texts(found),
    };
    diagnostic.facts.push((place.to_owned(), found));
    let number = asked.port();
    let unheard = texts(&listening.unheard());
    diagnostic.hints.push(match (is_proxied, unheard.as_str()) {
        (true, "") => format!(
            "`ports.{port}` of [services.{service}] says that it listens on {number} in its \
             container; `healthcheck = false` waits for no port"
        ),
        (true, unheard) => format!(
            "nothing outside its container reaches {unheard}: it has to listen on 0.0.0.0:{number}"
        ),
        (false, "") => format!(
            "it has to listen on {asked}, which `${{services.{service}.ports.{port}}}` in its \
             `environment` gives it; `healthcheck = false` waits for no port"
        ),
        (false, unheard) => {
            format!("it is asked on {asked} and has to listen there, not on {unheard} alone")
        }
    });
}
