//! `down`: takes an instance away and proves that nothing is left. It reads no env.toml.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::choice::found;
use super::failure::Failure;
use super::lock;
use super::question::confirm;
use super::scene::run_plan;
use super::session::Session;
use crate::cli::DownArgs;
use crate::engine::Observed;
use crate::plan::{Wiring, World, teardown};
use crate::report::{Answer, DownAnswer};

pub(super) async fn run(session: &Session, args: &DownArgs) -> Result<Answer, Failure> {
    let invocation = session.invocation(args.environment.as_ref())?;
    let lock = lock::hold(session, &invocation.id, "down").await?;
    let engine = found(session, &invocation).await?;
    let before = session.unless_interrupted(engine.observe(&[])).await?;
    if args.volumes && !before.volumes.is_empty() {
        let names: Vec<&str> = before.volumes.keys().map(String::as_str).collect();
        let question = format!(
            "Remove {} of {} (instance {}) with all data in it?",
            names.join(", "),
            invocation.id.environment,
            invocation.id.instance
        );
        confirm(session, &question, "down --volumes")?;
    }
    let plan = teardown(&before, args.volumes);
    let world = World {
        engine: engine.clone(),
        wiring: Wiring::default(),
        addresses: before.addresses.clone(),
        events: session.events.clone(),
        cancel: session.cancel.clone(),
        images: Mutex::new(BTreeMap::new()),
    };
    run_plan(&world, &invocation, "down", &plan).await?;
    let after = engine.observe(&[]).await?;
    let kept = if args.volumes { 0 } else { after.volumes.len() };
    let answer = DownAnswer {
        environment: invocation.id.environment.clone(),
        instance: invocation.id.instance.clone(),
        engine: engine.name().to_owned(),
        containers: before.services.len(),
        networks: usize::from(before.network.is_some()),
        volumes: if args.volumes {
            before.volumes.len()
        } else {
            0
        },
        kept_volumes: kept,
        left: left(&after) - kept,
    };
    if answer.left > 0 {
        return Err(Failure::left_over(&invocation, &answer));
    }
    if answer.kept_volumes == 0 {
        lock.discard();
    }
    Ok(Answer::Down(answer))
}

fn left(observed: &Observed) -> usize {
    observed.services.len() + usize::from(observed.network.is_some()) + observed.volumes.len()
}
