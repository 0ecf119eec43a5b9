//! Commands that several things of one run need: each runs once, whoever needs it, and who comes
//! meanwhile waits for it. In one folder they run one after the other, since what two of them make
//! there (an environment that both install into) is whole only when one alone makes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as Turn;

use super::failure::CommandFailure;
use super::program::run;
use crate::model::HostCommand;
use crate::tell::StepEvents;

/// How a command ended in this run; `None` before it has.
type End = Arc<Turn<Option<Result<(), CommandFailure>>>>;

/// The commands that one run of envctl has begun, each with what it was made from.
#[derive(Debug, Default)]
pub(crate) struct Once {
    begun: Mutex<Vec<(HostCommand, String, End)>>,
    /// Held by the command that runs in each folder.
    folders: Mutex<BTreeMap<PathBuf, Arc<Turn<()>>>>,
}

impl Once {
    /// Runs a command, unless an equal one ran in this run on equal inputs.
    pub(crate) async fn run(
        &self,
        command: &HostCommand,
        inputs: &str,
        step: &StepEvents,
    ) -> Result<(), CommandFailure> {
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
        let folder = self.turn_in(&command.working_dir);
        let _turn = if let Ok(free) = folder.try_lock() {
            free
        } else {
            let folder_name = command.working_dir.display();
            step.message(format!("waiting for what runs in {folder_name}"));
            folder.lock().await
        };
        step.message(format!("running {}", command.command.join(" ")));
        let ended = run(command, step).await;
        // One that is dropped half-way has not ended, and the next one runs it.
        *end = Some(ended.clone());
        ended
    }

    /// Waits until none of them runs.
    pub(crate) async fn settled(&self) {
        for end in self.ends() {
            drop(end.lock().await);
        }
    }

    fn ends(&self) -> Vec<End> {
        let begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.iter().map(|(_, _, end)| Arc::clone(end)).collect()
    }

    fn turn_in(&self, folder: &Path) -> Arc<Turn<()>> {
        // One that is not there fails by itself.
        let folder = fs_err::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(folders.entry(folder).or_default())
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;
    use crate::tell::{Events, StepId};

    /// A shell's script in a folder that is made for it.
    fn command(folder: PathBuf, script: &str, argument: &str) -> HostCommand {
        fs_err::create_dir_all(&folder).unwrap();
        let words = ["sh", "-c", script, argument];
        HostCommand {
            command: words.iter().map(|word| (*word).to_owned()).collect(),
            working_dir: folder,
            inputs: Vec::new(),
            environment: indexmap::IndexMap::new(),
        }
    }

    /// Runs commands side by side, all of which have to end well in time.
    async fn run_all(commands: &[HostCommand]) {
        let (events, _receiver) = Events::channel();
        let (once, step) = (Once::default(), events.step(StepId(0)));
        let runs = commands.iter().map(|command| once.run(command, "", &step));
        let ended = tokio::time::timeout(Duration::from_secs(10), join_all(runs)).await;
        for ended in ended.expect("none waits for ever") {
            assert!(ended.is_ok(), "{ended:?}");
        }
    }

    #[tokio::test]
    async fn commands_in_one_folder_run_one_after_the_other() {
        let root = tempfile::tempdir().unwrap();
        let script = "mkdir busy && sleep 0.1 && rmdir busy";
        let folders = ["one", "one", "one/../one"].map(|folder| root.path().join(folder));
        let commands = folders.into_iter().zip(["1", "2", "3"]);
        let commands = commands.map(|(folder, number)| command(folder, script, number));
        run_all(&commands.collect::<Vec<_>>()).await;
    }

    #[tokio::test]
    async fn commands_in_several_folders_run_side_by_side() {
        let root = tempfile::tempdir().unwrap();
        let script = "touch here; until [ -e \"../$0/here\" ]; do sleep 0.01; done";
        let one = command(root.path().join("one"), script, "two");
        let two = command(root.path().join("two"), script, "one");
        run_all(&[one, two]).await;
    }
}
