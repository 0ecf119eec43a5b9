//! A task from its start to its end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::desired::DesiredService;
use super::error::Error;
use super::launch::{launch, make};
use super::world::{Done, World};
use crate::engine::{LogLine, LogOptions, ServiceState};
use crate::probe::{Attempt, Exhausted, Poll};
use crate::tell::{Event, StepEvents};

/// How many lines may be on their way before the task's log waits.
const LINES_IN_FLIGHT: usize = 256;

/// How long the last lines of a task may take to come once it has ended.
const LAST_LINES_TIMEOUT: Duration = Duration::from_secs(3);

/// Where what a task prints goes, line by line.
#[derive(Clone, Copy)]
pub(super) enum Telling<'a> {
    /// Nowhere; it is in the task's log.
    Nowhere,
    /// To the streams of the command that asked for it.
    Streams,
    /// To the step, as what a build prints.
    Output(&'a StepEvents),
}

/// Whether a task ended well as it is declared now, with the image or program of this run.
pub(super) async fn ended_well(task: &DesiredService, world: &World) -> Result<bool, Error> {
    let launch = launch(task, world)?;
    let seen = world.engine.seen(&task.spec.name).await?;
    Ok(seen.is_some_and(|seen| {
        seen.hash == launch.hash && matches!(seen.state, ServiceState::Exited { code: 0, .. })
    }))
}

/// Runs a task to its end; where it is told, what it prints is sent line by line.
pub(super) async fn run_task(
    (task, told): (&DesiredService, bool),
    world: &World,
    events: &StepEvents,
) -> Result<Done, Error> {
    let launch = launch(task, world)?;
    make(task, &launch, world).await?;
    let telling = if told {
        Telling::Streams
    } else {
        Telling::Nowhere
    };
    follow(task, telling, world, events).await
}

/// Waits for the end of a task that was started, and tells what it prints.
pub(super) async fn follow(
    task: &DesiredService,
    telling: Telling<'_>,
    world: &World,
    events: &StepEvents,
) -> Result<Done, Error> {
    let ended = end(task, world, events);
    if matches!(telling, Telling::Nowhere) {
        return ended.await;
    }
    let output = TaskOutput {
        task: &task.spec.name,
        world,
        telling,
        told: <[AtomicUsize; 2]>::default(),
    };
    let ended = {
        let telling = output.tell(true);
        tokio::pin!(ended, telling);
        tokio::select! {
            ended = &mut ended => {
                let _ = tokio::time::timeout(LAST_LINES_TIMEOUT, &mut telling).await;
                ended
            }
            () = &mut telling => ended.await,
        }
    };
    // An engine may end a log that is followed before its last line.
    let _ = tokio::time::timeout(LAST_LINES_TIMEOUT, output.tell(false)).await;
    ended
}

/// Waits for a task's end, and stops one that takes too long or is interrupted.
async fn end(task: &DesiredService, world: &World, events: &StepEvents) -> Result<Done, Error> {
    let engine = world.engine.as_ref();
    let name = &task.spec.name;
    let ended = Poll::within(task.ready_timeout).until(
        &world.cancel,
        async || match engine.state(name).await {
            Ok(Some(
                state @ (ServiceState::Exited { .. } | ServiceState::Dead | ServiceState::Lost),
            )) => Attempt::Done(state),
            Ok(_) => Attempt::NotYet("it runs".to_owned()),
            Err(error) => Attempt::Hopeless(error),
        },
        |observation| events.message(observation),
    );
    match ended.await {
        Ok((ServiceState::Exited { code: 0, .. }, _)) => Ok(Done::Changed(None)),
        Ok((state, _)) => Err(Error::Task {
            task: name.clone(),
            state,
        }),
        Err(exhausted) => {
            // Best effort: what ended the wait is what to report.
            let _ = engine.stop(name).await;
            Err(match exhausted {
                Exhausted::Cancelled => Error::Interrupted,
                Exhausted::Hopeless(error) => error.into(),
                Exhausted::TimedOut { waited, .. } => Error::TaskTimeout {
                    task: name.clone(),
                    waited,
                },
            })
        }
    }
}

/// What a task prints, told as it comes.
struct TaskOutput<'a> {
    task: &'a str,
    world: &'a World,
    telling: Telling<'a>,
    /// How many lines of standard output and of standard error were told.
    told: [AtomicUsize; 2],
}

impl TaskOutput<'_> {
    /// Sends the lines of the task's log that were not sent before.
    async fn tell(&self, follow: bool) {
        let (sender, mut receiver) = tokio::sync::mpsc::channel::<LogLine>(LINES_IN_FLIGHT);
        let options = LogOptions {
            follow,
            ..LogOptions::default()
        };
        let forward = async {
            let mut known = [0, 1].map(|stream| self.told[stream].load(Ordering::Relaxed));
            while let Some(line) = receiver.recv().await {
                let stream = usize::from(line.stderr);
                if known[stream] > 0 {
                    known[stream] -= 1;
                    continue;
                }
                self.told[stream].fetch_add(1, Ordering::Relaxed);
                match self.telling {
                    Telling::Nowhere => {}
                    Telling::Streams => self.world.events.send(Event::TaskLine {
                        task: line.service,
                        stderr: line.stderr,
                        line: line.line,
                    }),
                    Telling::Output(events) => events.output(line.line),
                }
            }
        };
        let engine = &self.world.engine;
        let reading = async { engine.inside()?.logs(self.task, options, sender).await };
        let (read, ()) = futures_util::future::join(reading, forward).await;
        if let Err(error) = read {
            let warning = format!("what `{}` prints cannot be shown: {error}", self.task);
            self.world.events.warning(warning);
        }
    }
}
