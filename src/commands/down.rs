//! `down`: takes an instance away and proves that nothing is left. It reads no env.toml.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::choice::found;
use super::explain;
use super::failure::{Failure, FailureKind};
use super::instances;
use super::lock;
use super::own_password;
use super::question::confirm;
use super::remember;
use super::scene::{execute, settle};
use super::session::Session;
use super::timings::Course;
use crate::cli::DownArgs;
use crate::config::{self, Mistakes};
use crate::engine::{Engine, Observed, ObservedService, Removal};
use crate::host::Digests;
use crate::model::Invocation;
use crate::plan::{Consent, Loss, Wiring, World, teardown};
use crate::tell::{Answer, DownAnswer};

/// How often what is there is looked at: a killed `up` may have left the engine a request, whose
/// container shows only after the first look.
const ROUNDS_MAX: u32 = 3;

pub(super) async fn run(session: &Session, args: &DownArgs) -> Result<Answer, Failure> {
    let invocation = match &args.instance_id {
        Some(id) => instances::invocation(session, id).await?,
        None => session.invocation(args.environment.as_ref())?,
    };
    let lock = lock::hold(session, &invocation.id, "down").await?;
    let engine = found(session, &invocation).await?;
    let before = session.unless_interrupted(engine.observe()).await?;
    let consent = Consent::to_nothing();
    let scope = DownScope {
        invocation: &invocation,
        volumes: args.volumes,
        was_killed: lock.was_killed,
        consent,
    };
    let (before, after) = take_away(session, scope, &engine, before).await?;
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
    engine.remove(&Removal::Remains).await?;
    if left(&before) == 0 && args.instance_id.is_none() {
        // Of an environment that is gone there may be something; here another one was meant.
        config::exists(&invocation).map_err(Mistakes::from)?;
    }
    // Where nothing was seen, an engine that does not answer may have it.
    if left(&before) > 0 {
        remember::forget(session, &invocation.id);
        if answer.kept_volumes == 0 {
            own_password::forget(&session.request.variables, &invocation.id);
        }
    }
    if answer.kept_volumes == 0 {
        lock.discard();
    }
    Ok(Answer::Down(answer))
}

/// Asks whether volumes may go, unless there are none or somebody agreed already.
fn agree(
    session: &Session,
    invocation: &Invocation,
    seen: &Observed,
    consent: &mut Consent,
) -> Result<(), Failure> {
    if seen.volumes.is_empty() || consent.covers(&Loss::Volumes) {
        return Ok(());
    }
    let names: Vec<&str> = seen.volumes.keys().map(String::as_str).collect();
    let question = format!(
        "Remove {} of {} (instance {}) with all data in it?",
        names.join(", "),
        invocation.id.environment,
        invocation.id.instance
    );
    confirm(session, &question, "`down --volumes` loses data")?;
    consent.add(Loss::Volumes);
    Ok(())
}

/// What goes, and how thoroughly it is looked for.
struct DownScope<'a> {
    invocation: &'a Invocation,
    volumes: bool,
    /// Whether a killed command may have asked for more.
    was_killed: bool,
    consent: Consent,
}

/// Removes what is seen until nothing new shows; returns all that was there, and what is left.
async fn take_away(
    session: &Session,
    scope: DownScope<'_>,
    engine: &Arc<dyn Engine>,
    mut before: Observed,
) -> Result<(Observed, Observed), Failure> {
    let DownScope {
        invocation,
        volumes,
        was_killed: mut wait,
        mut consent,
    } = scope;
    let mut seen = before.clone();
    let mut rounds = 0;
    loop {
        rounds += 1;
        if volumes {
            agree(session, invocation, &seen, &mut consent)?;
        }
        let plan = teardown(&seen, volumes);
        let world = World {
            engine: Arc::clone(engine),
            wiring: Wiring::default(),
            addresses: seen.addresses.clone(),
            events: session.events.clone(),
            cancel: session.cancel.clone(),
            images: Mutex::new(BTreeMap::new()),
            digests: Digests::default(),
            loaded: Mutex::default(),
        };
        let report = execute(&world, (invocation, "down"), &plan, &consent).await?;
        Course::new(&[], &plan, &report).tell(&session.events);
        let mut kinds = report.failures.iter().map(|it| explain::kind(&it.error));
        if kinds.any(|kind| kind == FailureKind::Engine) {
            // Who does not answer cannot be asked what is left.
            settle(invocation, "down", report)?;
            return Ok((before, seen));
        }
        let mut after = engine.observe().await?;
        let mut is_new = add(&mut before, &after);
        if wait && !is_new && !report.interrupted {
            wait = false;
            tokio::time::sleep(lock::REQUEST).await;
            after = engine.observe().await?;
            is_new = add(&mut before, &after);
        }
        if !is_new || report.interrupted || rounds == ROUNDS_MAX {
            settle(invocation, "down", report)?;
            return Ok((before, after));
        }
        seen = after;
    }
}

/// Adds what is there now to what was there before; returns whether any of it is new.
fn add(before: &mut Observed, now: &Observed) -> bool {
    let is_new = |service: &&ObservedService| {
        let same = |other: &ObservedService| other.handle == service.handle;
        !before.services.iter().any(same)
    };
    let services: Vec<ObservedService> = now.services.iter().filter(is_new).cloned().collect();
    let network = now.network.is_some() && now.network != before.network;
    let known = before.volumes.len();
    before.volumes.extend(now.volumes.clone());
    if network {
        before.network.clone_from(&now.network);
    }
    let is_new = network || !services.is_empty() || before.volumes.len() > known;
    before.services.extend(services);
    is_new
}

fn left(observed: &Observed) -> usize {
    observed.services.len() + usize::from(observed.network.is_some()) + observed.volumes.len()
}
