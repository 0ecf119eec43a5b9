//! `images prune`: takes away what envctl built or loaded and nothing uses any more, of whatever instance
//! and workspace.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::choice::{daemon, identity};
use super::failure::Failure;
use super::question::confirm;
use super::session::Session;
use crate::cli::{ImagesArgs, ImagesCommand, PruneArgs};
use crate::config::{self, environments, workspace};
use crate::engine::{Capabilities, Engine as _, Error, KeptImages, UnusedImage, docker};
use crate::model::EngineChoice;
use crate::plan::{Desired, DesiredImage};
use crate::tell::{Answer, LeftImage, PruneAnswer, RemovedImage, bytes};

pub(super) async fn run(session: &Session, args: &ImagesArgs) -> Result<Answer, Failure> {
    match &args.command {
        ImagesCommand::Prune(args) => prune(session, args).await,
    }
}

async fn prune(session: &Session, args: &PruneArgs) -> Result<Answer, Failure> {
    if session.request.engine == Some(EngineChoice::Process) {
        session.events.info("processes run from no images");
        return Ok(Answer::Prune(PruneAnswer::default()));
    }
    let daemon = session.unless_interrupted(daemon(session)).await?;
    let looking = async {
        let current = if args.all {
            Current::default()
        } else {
            current(session, daemon).await
        };
        let images = docker::unused(daemon, &current.keep).await?;
        current.tell(session);
        Ok::<_, Error>(images)
    };
    let images = session.unless_interrupted(Box::pin(looking)).await?;
    if images.is_empty() {
        return Ok(Answer::Prune(PruneAnswer::default()));
    }
    for image in &images {
        let text = format!("unused: {} ({})", image.name(), bytes(image.bytes));
        session.events.info(text);
    }
    let question = match images.as_slice() {
        [one] => format!("Remove the image {}?", one.name()),
        more => format!("Remove these {} images?", more.len()),
    };
    confirm(session, &question, "`images prune` removes images")?;
    let pruned = docker::prune(daemon, images, &session.cancel).await?;
    let answer = PruneAnswer {
        removed: pruned.removed.iter().map(removed).collect(),
        left: pruned.left.iter().map(left).collect(),
        freed_bytes: pruned.freed_bytes,
    };
    if session.cancel.is_cancelled() {
        let mut failure = Failure::interrupted();
        failure.answer = Some(Box::new(Answer::Prune(answer)));
        return Err(failure);
    }
    Ok(Answer::Prune(answer))
}

/// Returns how many images of the daemon nothing uses; nothing where it does not say.
pub(super) async fn count_unused(session: &Session) -> Option<usize> {
    let daemon = daemon(session).await.ok()?;
    let keep = current(session, daemon).await.keep;
    let images = docker::unused(daemon, &keep).await;
    images.ok().map(|images| images.len())
}

fn removed(image: &UnusedImage) -> RemovedImage {
    RemovedImage {
        image: image.name().to_owned(),
        id: image.id.clone(),
        bytes: image.bytes,
    }
}

fn left((image, because): &(UnusedImage, String)) -> LeftImage {
    LeftImage {
        image: image.name().to_owned(),
        id: image.id.clone(),
        because: because.clone(),
    }
}

/// The images that this workspace would take next.
#[derive(Default)]
struct Current {
    keep: KeptImages,
    /// Of what it is not known, each with why.
    unknown: Vec<String>,
}

impl Current {
    fn tell(&self, session: &Session) {
        if !self.unknown.is_empty() {
            let why = self.unknown.join("; ");
            let text = format!(
                "not all images that are current are known ({why}), so the newest of each name stays"
            );
            session.events.warning(text);
        }
    }

    fn does_not_know(&mut self, why: String) {
        self.unknown.push(why);
        self.keep.newest_of_each = true;
    }
}

/// Finds the current images of every environment of the workspace; what is young may be current of
/// another one.
async fn current(session: &Session, daemon: &docker::Daemon) -> Current {
    let mut current = Current::default();
    current.keep.young = true;
    let Ok(workspace) = workspace(&session.request.directory) else {
        current.does_not_know("there is no workspace here".to_owned());
        return current;
    };
    let entries = environments(&workspace);
    let looks = entries
        .iter()
        .map(|entry| of_environment(session, daemon, &entry.name));
    for (entry, found) in entries.iter().zip(join_all(looks).await) {
        match found {
            Ok(ids) => current.keep.ids.extend(ids),
            Err(why) => current.does_not_know(format!("{}: {why}", entry.name)),
        }
    }
    current
}

/// Returns the ids of an environment's current images, or why they are not known.
async fn of_environment(
    session: &Session,
    daemon: &docker::Daemon,
    name: &str,
) -> Result<BTreeSet<String>, String> {
    // The first mistake says enough here.
    let first = |mistakes: &dyn ToString| {
        let text = mistakes.to_string();
        text.lines().next().unwrap_or_default().to_owned()
    };
    let mut request = session.request.clone();
    request.environment = Some(name.to_owned());
    let invocation = config::invocation(&request).map_err(|mistakes| first(&mistakes))?;
    let loaded = config::load(&invocation).map_err(|mistakes| first(&mistakes))?;
    let environment = loaded.environment;
    let desired = Desired::new(&environment, &invocation.id, Capabilities::CONTAINERS);
    let mut images = desired.images.iter();
    if images.any(DesiredImage::is_unread) {
        return Err("a secret's command was not run".to_owned());
    }
    let identity = identity(&invocation, Vec::new());
    let docker = daemon.engine(identity);
    let current = docker.provider().current(&desired.provisions()).await;
    let current = current.map_err(|error| error.to_string())?;
    Ok(current.into_values().map(|image| image.id).collect())
}
