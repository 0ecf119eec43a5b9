//! `logs`: what the services print, in order of time. It reads no env.toml.

use std::collections::BTreeSet;

use futures_util::future::{join, try_join_all};
use tokio::sync::mpsc::channel;

use super::choice::found;
use super::failure::Failure;
use super::follow::Following;
use super::recall;
use super::remember;
use super::running::{known, meant};
use super::session::Session;
use super::weave::weave;
use crate::cli::LogsArgs;
use crate::engine::{LogLine, LogOptions, Observed};
use crate::tell::{Answer, Event, LogLook};

/// How many lines may be on their way before a service's log waits.
const LINES_IN_FLIGHT: usize = 256;

pub(super) async fn run(session: &Session, args: &LogsArgs) -> Result<Answer, Failure> {
    let invocation = session.invocation(args.environment.as_ref())?;
    let engine = found(session, &invocation).await?;
    let seen = session.unless_interrupted(engine.observe()).await?;
    if seen.services.is_empty() {
        return Err(Failure::nothing_runs(&invocation));
    }
    // Without a readable env.toml nobody knows what is secret, and the lines are wanted all the same.
    if let Ok(loaded) = session.load(&remember::as_made(session, &invocation, seen.outline())) {
        recall::mask(session, engine.as_ref(), &loaded.environment).await;
    }
    let wanted = wanted(&seen, &args.services)?;
    let options = LogOptions {
        tail: args.tail,
        follow: args.follow,
        from: args.since,
        ..LogOptions::default()
    };
    let picky = args.since.is_some() || args.until.is_some() || args.grep.is_some();
    let wants = |line: &LogLine| wants(args, line);
    let following = Following::new(session, engine.as_ref(), &invocation.id, picky);
    let (senders, receivers): (Vec<_>, Vec<_>) =
        wanted.iter().map(|_| channel(LINES_IN_FLIGHT)).unzip();
    let read = async {
        let logs = wanted.iter().zip(senders);
        let logs = logs.map(|(name, sender)| following.tell(name, options.clone(), &wants, sender));
        try_join_all(logs).await
    };
    let shown = Shown::of(session, args, &wanted);
    let show = weave(receivers, args.follow, |line| shown.one(line));
    tokio::select! {
        biased;
        () = session.cancel.cancelled() => Err(Failure::read_enough()),
        (result, ()) = join(read, show) => {
            result?;
            Ok(Answer::Silent)
        }
    }
}

/// Whether a line is asked for, by what it says and when it came.
fn wants(args: &LogsArgs, line: &LogLine) -> bool {
    let LogsArgs {
        since, until, grep, ..
    } = args;
    let after = since.is_none_or(|since| line.at.is_none_or(|at| at >= since));
    let before = until.is_none_or(|until| line.at.is_none_or(|at| at <= until));
    let matches = grep.as_ref().is_none_or(|grep| grep.is_match(&line.line));
    after && before && matches
}

/// How lines are shown.
struct Shown<'a> {
    session: &'a Session,
    look: LogLook,
}

impl<'a> Shown<'a> {
    fn of(session: &'a Session, args: &'a LogsArgs, wanted: &BTreeSet<String>) -> Self {
        let widths = wanted.iter().map(|name| name.chars().count());
        Self {
            session,
            look: LogLook {
                column: widths.max().unwrap_or(0),
                without_name: args.no_prefix,
                with_time: args.timestamps,
            },
        }
    }

    fn one(&self, line: LogLine) {
        let time = line.at.map(humantime::format_rfc3339_millis);
        self.session.events.send(Event::LogLine {
            service: line.service,
            stderr: line.stderr,
            time: time.map(|time| time.to_string()),
            line: line.line,
            look: self.look,
        });
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
