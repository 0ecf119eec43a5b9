//! Commands that several things of one run need: each runs once, whoever needs it, and who comes
//! meanwhile waits for it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as Turn;

use super::failure::Failure;
use super::program::run;
use crate::config::model::HostCommand;
use crate::report::StepEvents;

/// How a command ended in this run; `None` before it has.
type End = Arc<Turn<Option<Result<(), Failure>>>>;

/// The commands that one run of envctl has begun, each with what it was made from.
#[derive(Debug, Default)]
pub(in crate::engine) struct Once {
    begun: Mutex<Vec<(HostCommand, String, End)>>,
}

impl Once {
    /// Runs a command, unless an equal one ran in this run on equal inputs.
    pub(in crate::engine) async fn run(
        &self,
        command: &HostCommand,
        inputs: &str,
        step: &StepEvents,
    ) -> Result<(), Failure> {
        let end = self.end_of(command, inputs);
        let mut end = if let Ok(free) = end.try_lock() {
            free
        } else {
            let words = command.command.join(" ");
            step.message(format!("waiting for {words}, which runs already"));
            end.lock().await
        };
        if let Some(end) = &*end {
            return end.clone();
        }
        step.message(format!("running {}", command.command.join(" ")));
        let ended = run(command, step).await;
        // One that is dropped half-way has not ended, and the next one runs it.
        *end = Some(ended.clone());
        ended
    }

    /// Waits until none of them runs.
    pub(in crate::engine) async fn settled(&self) {
        for end in self.ends() {
            drop(end.lock().await);
        }
    }

    fn ends(&self) -> Vec<End> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.iter().map(|(_, _, end)| Arc::clone(end)).collect()
    }

    fn end_of(&self, command: &HostCommand, inputs: &str) -> End {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let known = begun
            .iter()
            .find(|(other, of, _)| other == command && of == inputs);
        if let Some((_, _, end)) = known {
            return Arc::clone(end);
        }
        let end = End::default();
        begun.push((command.clone(), inputs.to_owned(), Arc::clone(&end)));
        end
    }
}
