//! `logs`: what the services print. It reads no env.toml.

use futures_util::future::{join, try_join_all};

use super::choice::found;
use super::failure::Failure;
use super::session::Session;
use crate::cli::LogsArgs;
use crate::engine::LogOptions;
use crate::report::{Answer, Event};

/// How many lines may be on their way before a service's log waits.
const LINES_IN_FLIGHT: usize = 256;

pub(super) async fn run(session: &Session, args: &LogsArgs) -> Result<Answer, Failure> {
    let invocation = session.invocation(args.environment.as_ref())?;
    let engine = found(&invocation).await?;
    let seen = session.unless_interrupted(engine.observe(&[])).await?;
    let known: Vec<String> = seen
        .services
        .iter()
        .map(|service| service.name.clone())
        .collect();
    if known.is_empty() {
        return Err(Failure::nothing_runs(&invocation));
    }
    if let Some(unknown) = args.services.iter().find(|name| !known.contains(name)) {
        return Err(Failure::unknown_service(unknown, &known));
    }
    let wanted = if args.services.is_empty() {
        known
    } else {
        args.services.clone()
    };
    let (sender, mut receiver) = tokio::sync::mpsc::channel(LINES_IN_FLIGHT);
    let options = LogOptions {
        tail: args.tail,
        follow: args.follow,
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
