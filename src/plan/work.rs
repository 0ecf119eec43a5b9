//! How each step is done. Nothing here chooses: what depends on the run's findings is said by
//! the step's own type.

use std::fmt::Write as _;
use std::time::Duration;

use futures_util::future::try_join_all;

use super::data::{Turn, bring, load, migrate, tidy};
use super::desired::DesiredService;
use super::error::Error;
use super::images::DesiredImage;
use super::launch::{interruptible, launch, lock, make, unknown};
use super::ready::{self, Proof, Ready};
use super::step::{Change, Step};
use super::task::{ended_well, run_task};
use super::world::{Done, World};
use crate::engine::{
    Addresses, Engine, MadeFile, Provenance, Provision, Removal, Resource, ServiceState,
};
use crate::tell::StepEvents;

pub(super) async fn perform(
    step: &Step,
    world: &World,
    events: &StepEvents,
) -> Result<Done, Error> {
    let engine = world.engine.as_ref();
    let turn = Turn { world, events };
    match step {
        Step::EnsureImage(image) => ensure_image(image, world, events).await,
        Step::CreateNetwork => ensure(world, Resource::Network).await,
        Step::CreateVolume { name } => ensure(world, Resource::Volume(name.clone())).await,
        Step::Create { service } => create(service, world).await,
        Step::Service { service, change } => run_service(service, *change, world).await,
        Step::Reload { service, signal } => reload(service, signal, world).await,
        Step::Reconnect {
            service,
            databases,
            missed,
        } => reconnect(service, (databases, missed), world).await,
        Step::Pause { delay, .. } => pause(*delay, world).await,
        Step::AwaitReady {
            service,
            fresh_volume,
        } => await_ready(service, fresh_volume.as_deref(), world, events).await,
        Step::StillRunning { services } => still_running(services, world, events).await,
        Step::Seed {
            store,
            wish,
            resets,
        } => load(store, *wish, *resets, turn).await,
        Step::Tidy { database } => tidy(database, turn).await,
        Step::Migrate { store } => migrate(store, turn).await,
        Step::Bring { store, task } => bring(store, task, turn).await,
        Step::Task {
            task,
            unless_same: true,
            ..
        } if ended_well(task, world).await? => {
            Ok(Done::Unchanged(Some("what it runs is the same".to_owned())))
        }
        Step::Task { task, told, .. } => run_task((task, *told), world, events).await,
        // Once it is told, a service stops whether somebody waits for that or not; a run that starts
        // meanwhile would take it for one that stays.
        Step::Stop { name } => {
            engine.stop(name).await?;
            Ok(Done::Changed(None))
        }
        Step::Remove { name, handle } => {
            engine.stop(name).await?;
            let handle = handle.clone();
            remove(world, Removal::Service { handle }).await
        }
        Step::RemoveNetwork { handle } => {
            remove(
                world,
                Removal::Network {
                    handle: handle.clone(),
                },
            )
            .await
        }
        Step::RemoveVolume { handle, .. } => {
            remove(
                world,
                Removal::Volume {
                    handle: handle.clone(),
                },
            )
            .await
        }
    }
}

async fn ensure(world: &World, resource: Resource) -> Result<Done, Error> {
    interruptible(world, world.engine.ensure(&resource)).await?;
    Ok(Done::Changed(None))
}

async fn remove(world: &World, what: Removal) -> Result<Done, Error> {
    interruptible(world, world.engine.remove(&what)).await?;
    Ok(Done::Changed(None))
}

async fn ensure_image(
    image: &DesiredImage,
    world: &World,
    events: &StepEvents,
) -> Result<Done, Error> {
    let known = lock(&world.images).clone();
    let work = world.engine.provider().provide(&image.spec, &known, events);
    let outcome = interruptible(world, work).await?;
    let name = image.spec.name();
    for attempt in outcome.passed_over {
        world.events.detail(format!("{name}: {attempt}"));
    }
    if let Some(warning) = outcome.warning {
        world.events.warning(warning);
    }
    let reference = outcome.handle.reference.clone();
    let since = outcome.since.map(|since| format!(", since {since}"));
    let since = since.unwrap_or_default();
    lock(&world.images).insert(name.to_owned(), outcome.handle);
    Ok(match outcome.source {
        Provenance::Local | Provenance::Found => Done::Unchanged(Some(reference)),
        Provenance::Pulled => Done::Changed(Some(match image.spec {
            Provision::Image(_) => format!("pulled {reference}"),
            Provision::Program(_) => format!("fetched {reference}"),
        })),
        Provenance::Built => Done::Changed(Some(format!("built {reference}{since}"))),
        Provenance::Loaded => Done::Changed(Some(format!("loaded {reference}{since}"))),
    })
}

/// Gives a service the files that it should have now, and has it read them.
async fn reload(service: &DesiredService, signal: &str, world: &World) -> Result<Done, Error> {
    let files = world.filler(service).files();
    let files = files.map_err(|reason| unknown(service, reason))?;
    let work = world
        .engine
        .inside()?
        .reload(&service.spec.name, &files, signal);
    interruptible(world, work).await?;
    Ok(Done::Changed(None))
}

/// Starts a service again if one of these databases was loaded, now or earlier: its sessions ended
/// then.
async fn reconnect(
    service: &DesiredService,
    (databases, missed): (&[String], &[String]),
    world: &World,
) -> Result<Done, Error> {
    let loaded = lock(&world.loaded).clone();
    let swapped = databases.iter().filter(|name| loaded.contains(*name));
    let swapped = missed.iter().chain(swapped);
    let swapped: Vec<&str> = swapped.map(String::as_str).collect();
    if swapped.is_empty() {
        return Ok(Done::Unchanged(Some(
            "its database is as it was".to_owned(),
        )));
    }
    let (engine, name) = (world.engine.as_ref(), &service.spec.name);
    let before = changing_addresses(engine, name).await;
    engine.stop(name).await?;
    // What was stopped for a moment is started whoever interrupts: `seed` would not.
    engine.start(name).await?;
    let mut said = format!("its sessions of {} ended", swapped.join(", "));
    for (place, address) in changing_addresses(engine, name).await {
        if before.get(&place) != Some(&address) {
            // Writing to a String cannot fail.
            let _ = write!(said, "; port {} is at {address} now", place.1);
        }
    }
    Ok(Done::Changed(Some(said)))
}

/// Returns where a service is published in front of a container: a free port of the host is another
/// one after each start.
async fn changing_addresses(engine: &dyn Engine, service: &str) -> Addresses {
    if !engine.capabilities().moving_ports {
        return Addresses::new();
    }
    let seen = engine.seen(service).await.ok().flatten();
    seen.map(|seen| seen.addresses()).unwrap_or_default()
}

/// Waits, so that whoever sends requests to a service sees that it is back.
async fn pause(delay: Duration, world: &World) -> Result<Done, Error> {
    tokio::select! {
        () = world.cancel.cancelled() => Err(Error::Interrupted),
        () = tokio::time::sleep(delay) => Ok(Done::Seen(None)),
    }
}

async fn run_service(
    service: &DesiredService,
    change: Change,
    world: &World,
) -> Result<Done, Error> {
    let engine = world.engine.as_ref();
    let name = &service.spec.name;
    if change == Change::Start {
        interruptible(world, engine.start(name)).await?;
        return Ok(Done::Changed(None));
    }
    let launch = launch(service, world)?;
    let create = match change {
        Change::Create | Change::Recreate => true,
        Change::Start => false,
        Change::RecreateIfImageDiffers => {
            let seen = interruptible(world, engine.seen(name)).await?;
            let digests = MadeFile::digests(&launch.files);
            if let Some(seen) = &seen
                && seen.hash == launch.hash
                && seen.state == ServiceState::Running
                && seen.defect.is_none()
            {
                if seen.files == digests {
                    return Ok(Done::Unchanged(Some("its image is the same".to_owned())));
                }
                if let Some(signal) = &service.upkeep.reload {
                    interruptible(world, engine.inside()?.reload(name, &launch.files, signal))
                        .await?;
                    return Ok(Done::Changed(Some("its files changed".to_owned())));
                }
            }
            seen.is_none_or(|seen| seen.hash != launch.hash || seen.files != digests)
        }
    };
    if create {
        make(service, &launch, world).await?;
    } else {
        interruptible(world, engine.start(name)).await?;
    }
    Ok(Done::Changed(None))
}

async fn create(service: &DesiredService, world: &World) -> Result<Done, Error> {
    let launch = launch(service, world)?;
    interruptible(world, world.engine.create(&service.spec, &launch)).await?;
    Ok(Done::Changed(None))
}

async fn await_ready(
    service: &DesiredService,
    fresh_volume: Option<&str>,
    world: &World,
    events: &StepEvents,
) -> Result<Done, Error> {
    let engine = world.engine.as_ref();
    let result = ready::wait(engine, service, Proof::Begun, (&world.cancel, events)).await;
    match result {
        Ok(Ready { detail, late }) => Ok(Done::Ready { detail, late }),
        Err(error) => {
            if let Some(volume) = fresh_volume {
                // What a server left half made would fail every later start.
                abandon_volume(engine, &service.spec.name, volume).await;
            }
            Err(error)
        }
    }
}

/// Looks once more at what should run by now.
async fn still_running(
    services: &[DesiredService],
    world: &World,
    events: &StepEvents,
) -> Result<Done, Error> {
    let engine = world.engine.as_ref();
    let waits = services
        .iter()
        .map(|service| ready::wait(engine, service, Proof::Lasting, (&world.cancel, events)));
    try_join_all(waits).await?;
    Ok(Done::Seen(None))
}

/// Takes away a data volume of this run whose server never answered, with its container.
async fn abandon_volume(engine: &dyn Engine, service: &str, volume: &str) {
    let Ok(observed) = engine.observe().await else {
        return;
    };
    for seen in observed.services.iter().filter(|seen| seen.name == service) {
        // Best effort: the failure that led here is the one to report.
        let _ = engine.stop(service).await;
        let _ = engine
            .remove(&Removal::Service {
                handle: seen.handle.clone(),
            })
            .await;
    }
    if let Some(handle) = observed.volumes.get(volume) {
        let _ = engine
            .remove(&Removal::Volume {
                handle: handle.clone(),
            })
            .await;
    }
}
