//! From a declared service to one that runs: what could be known only now is filled in.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::desired::DesiredService;
use super::error::Error;
use super::world::World;
use crate::engine::{Engine, ImageHandle, Launch, Removal, ServiceState};
use crate::model::{Secret, Template};

/// Returns the result of some work, or `Interrupted` as soon as the run is cancelled.
pub(super) async fn interruptible<T, E: Into<Error>>(
    world: &World,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Error> {
    tokio::select! {
        biased;
        () = world.cancel.cancelled() => Err(Error::Interrupted),
        result = work => result.map_err(Into::into),
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the image or program of a service, which is there by now.
pub(super) fn image_of(service: &DesiredService, world: &World) -> Result<ImageHandle, Error> {
    let image = lock(&world.images).get(&service.image).cloned();
    image.ok_or_else(|| Error::Template {
        service: service.spec.name.clone(),
        reason: format!("image `{}` is not there", service.image),
    })
}

/// Fills in what could be known only now.
pub(super) fn launch(service: &DesiredService, world: &World) -> Result<Launch, Error> {
    let fail = |reason| unknown(service, reason);
    let declared = world.filler(service);
    let fill = |template: &Template| declared.template(template).map_err(fail);
    let fill_all = |templates: &Option<Vec<Template>>| {
        let filled = templates
            .as_ref()
            .map(|list| list.iter().map(fill).collect());
        filled.transpose()
    };
    let image = image_of(service, world)?;
    let variables = service.spec.environment.iter();
    let variables = variables.map(|(name, value)| Ok((name.clone(), fill(value)?)));
    Ok(Launch {
        hash: service.launch_hash(&image.id, &world.addresses),
        image,
        command: fill_all(&service.spec.command)?,
        entrypoint: fill_all(&service.spec.entrypoint)?,
        environment: variables.collect::<Result<Vec<(String, Secret)>, Error>>()?,
        files: declared.files().map_err(fail)?,
    })
}

pub(super) fn unknown(service: &DesiredService, reason: String) -> Error {
    Error::Template {
        service: service.spec.name.clone(),
        reason,
    }
}

/// Creates a container and starts it, or leaves none.
pub(super) async fn make(
    service: &DesiredService,
    launch: &Launch,
    world: &World,
) -> Result<(), Error> {
    let engine = world.engine.as_ref();
    let name = &service.spec.name;
    let work = async {
        engine.create(&service.spec, launch).await?;
        engine.start(name).await
    };
    let result = interruptible(world, work).await;
    if result.is_err() {
        remove_unstarted(engine, name).await;
    }
    result
}

/// Removes a container that was created and never ran, so that a failed start leaves nothing.
pub(super) async fn remove_unstarted(engine: &dyn Engine, name: &str) {
    let Ok(Some(seen)) = engine.seen(name).await else {
        return;
    };
    if seen.state == ServiceState::Created {
        let handle = seen.handle;
        // The failure that led here is the one to report.
        let _ = engine.remove(&Removal::Service { handle }).await;
    }
}
