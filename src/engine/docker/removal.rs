//! A removal that the daemon is asked for until what is to go is gone.

use std::time::{Duration, Instant};

use bollard::errors::Error as BollardError;
use tokio_util::sync::CancellationToken;

use super::client::{Fault, STUMBLE};
use super::{Docker, container};
use crate::engine::Error;
use crate::probe::{Attempt, Poll};

/// Asks until it is gone, for so long; `passing` are the statuses of refusals that pass by themselves.
/// What is there no more is not found the next time, since no other one gets its id.
pub(super) async fn until_gone<C>(
    docker: &Docker,
    what: &str,
    (within, passing): (Duration, &[u16]),
    ask: impl Fn() -> C,
) -> Result<(), Error>
where
    C: Future<Output = Result<(), BollardError>>,
{
    let never = CancellationToken::new();
    let mut turns = Poll::within(within).turns(&never);
    let mut losses = Losses::default();
    let end = loop {
        let attempt = async {
            let answer = docker.client.raw(ask()).await;
            judge(answer, passing, &mut losses)
        };
        if let Some(end) = turns.take(attempt, |_| {}).await {
            break end;
        }
    };
    container::settled(docker, &format!("remove the {what}"), end)
}

fn judge(answer: Result<(), Fault>, passing: &[u16], losses: &mut Losses) -> Attempt<(), Fault> {
    let Err(fault) = answer else {
        return Attempt::Done(());
    };
    if fault.is_lost() {
        return losses.add(fault);
    }
    losses.end();
    match fault.status() {
        Some(404) => Attempt::Done(()),
        Some(status) if passing.contains(&status) => Attempt::NotYet(fault.to_string()),
        _ => Attempt::Hopeless(fault),
    }
}

/// How long the answers are getting lost.
#[derive(Debug, Default)]
struct Losses(Option<Instant>);

impl Losses {
    /// Returns what one more means: the daemon stumbles, or is gone.
    fn add(&mut self, fault: Fault) -> Attempt<(), Fault> {
        let first = *self.0.get_or_insert_with(Instant::now);
        if matches!(fault, Fault::Gone(_)) || first.elapsed() > STUMBLE {
            Attempt::Hopeless(fault)
        } else {
            Attempt::NotYet(fault.to_string())
        }
    }

    /// Notes that an answer came.
    fn end(&mut self) {
        self.0 = None;
    }
}
