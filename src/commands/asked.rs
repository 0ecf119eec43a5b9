//! What a command asked of databases, decided; or why it cannot be.

use super::failure::Failure;
use super::run::task;
use super::scene::Scene;
use crate::plan::{Decided, Observation, Refusal, Wish, decide, unmet};

/// Decides what a wish means for every database. Fails where something is refused, and where what a
/// task depends on does not run.
pub(super) fn asked<'a>(
    scene: &'a Scene,
    observation: &'a Observation,
    wish: Wish,
) -> Result<Vec<Decided<'a>>, Failure> {
    let all = decide(&scene.desired, observation, wish);
    for decided in &all {
        let (invocation, service) = (&scene.invocation, decided.database.service());
        match decided.decision.refusal() {
            Some(Refusal::Unseen) => {
                return Err(Failure::unseen(invocation, service, observation));
            }
            Some(Refusal::NeedsReset(reason)) => {
                return Err(Failure::needs_reset(invocation, service, reason));
            }
            None => {}
        }
        for name in decided.task_names() {
            let unmet = unmet(task(scene, name)?, observation);
            if !unmet.is_empty() {
                return Err(Failure::unmet(invocation, ("task", name), &unmet));
            }
        }
    }
    Ok(all)
}
