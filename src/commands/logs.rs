//! `logs`: what the services print. It reads no env.toml.

use std::collections::BTreeSet;

use futures_util::future::{join, try_join_all};

use super::choice::found;
use super::failure::Failure;
use super::recall;
use super::running::{known, meant};
use super::session::Session;
use crate::cli::LogsArgs;
use crate::engine::{LogOptions, Observed};
use crate::report::{Answer, Event};

/// How many lines may be on their way before a service's log waits.
const LINES_IN_FLIGHT: usize = 256;

pub(super) async fn run(session: &Session, args: &LogsArgs) -> Result<Answer, Failure> {
    let invocation = session.invocation(args.environment.as_ref())?;
    // Without a readable env.toml nobody knows what is secret, and the lines are wanted all the same.
    let loaded = session.load(&invocation).ok();
    let engine = found(session, &invocation).await?;
    let seen = session.unless_interrupted(engine.observe(&[])).await?;
    if seen.services.is_empty() {
        return Err(Failure::nothing_runs(&invocation));
    }
    if let Some(loaded) = loaded.filter(|loaded| !loaded.unread.is_empty()) {
        recall::mask(session, engine.as_ref(), &loaded.environment).await;
    }
    let wanted = wanted(&seen, &args.services)?;
    let (sender, mut receiver) = tokio::sync::mpsc::channel(LINES_IN_FLIGHT);
    let options = LogOptions {
        tail: args.tail,
        follow: args.follow,
        ..LogOptions::default()
    };
    let read = async move {
        let logs = wanted
            .iter()
            .map(|name| engine.logs(name, options.clone(), sender.clone()));
        let result = try_join_all(logs).await;
        drop(sender);
        result
    };
    let show = async {
        while let Some(line) = receiver.recv().await {
            let (service, stderr, line) = (line.service, line.stderr, line.line);
            session.events.send(Event::LogLine {
                service,
                stderr,
                line,
            });
        }
    };
    tokio::select! {
        biased;
        () = session.cancel.cancelled() => Err(Failure::read_enough()),
        (result, ()) = join(read, show) => {
            result?;
            Ok(Answer::Silent)
        }
    }
}

/// Returns the containers that are named, each once; all where none is.
fn wanted(seen: &Observed, names: &[String]) -> Result<BTreeSet<String>, Failure> {
    let mut wanted = BTreeSet::new();
    for name in names {
        let meant = meant(seen, name);
        if meant.is_empty() {
            return Err(Failure::unknown_service(name, &known(seen)));
        }
        wanted.extend(meant.into_iter().map(|service| service.name.clone()));
    }
    if names.is_empty() {
        wanted.extend(seen.services.iter().map(|service| service.name.clone()));
    }
    Ok(wanted)
}
