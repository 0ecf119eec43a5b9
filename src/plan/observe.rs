//! All reads of a command in one place: what the engine has, what is ready, what is in the
//! databases. Every probe is one attempt; nothing waits here.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::data::{DatabaseView, Material, Store, look};
use super::desired::{Desired, DesiredService};
use super::error::Error;
use super::fill::Filler;
use super::login::server_at;
use super::observation::Observation;
use super::ready;
use crate::engine::{Engine, MadeFile, Observed, ObservedService, Role, ServiceState};
use crate::host::Digests;
use crate::model::Reach;
use crate::seed;

/// Looks once at everything that `desired` names, and runs nothing of it unless it may.
pub async fn observe(
    engine: &dyn Engine,
    desired: &Desired,
    reach: Reach,
    digests: &Digests,
) -> Result<Observation, Error> {
    let specs = desired.provisions();
    let observed = engine.observe(&specs).await?;
    let looks = desired
        .services
        .iter()
        .filter_map(|service| Some((service, running(&observed, &service.spec.name)?)))
        .map(async |(service, seen)| {
            let name = service.spec.name.clone();
            let view = view(engine, (service, seen), (desired, &observed), digests).await;
            let ready = match &view {
                // What was just answered is not asked again.
                Ok(View::Seen(view)) if view.seeds != seed::State::NoDatabase => {
                    Some(ready::stays(service, seen))
                }
                _ => ready::look(engine, service, (seen, reach)).await,
            };
            (name, ready, view)
        });
    let seen = join_all(looks).await;
    let mut observation = Observation {
        stale_files: stale_files(engine, desired, &observed),
        ready: BTreeMap::new(),
        unasked: BTreeSet::new(),
        databases: BTreeMap::new(),
        unreadable: BTreeMap::new(),
        engine: observed,
    };
    for (name, ready, database) in seen {
        match ready {
            Some(ready) => _ = observation.ready.insert(name.clone(), ready),
            None => _ = observation.unasked.insert(name.clone()),
        }
        match database? {
            View::Seen(database) => _ = observation.databases.insert(name, database),
            View::Unreadable(why) => _ = observation.unreadable.insert(name, why),
            View::None => {}
        }
    }
    Ok(observation)
}

/// Returns what was seen of a service, if it runs.
fn running<'a>(observed: &'a Observed, name: &str) -> Option<&'a ObservedService> {
    observed.services.iter().find(|seen| {
        let runs = seen.state == ServiceState::Running;
        runs && seen.name == name && seen.role == Role::Service
    })
}

/// Returns the services whose files are not what they should be. Where that cannot be known yet,
/// since something has no address, they are not.
fn stale_files(engine: &dyn Engine, desired: &Desired, observed: &Observed) -> BTreeSet<String> {
    let services = desired.services.iter();
    let with_files = services.filter(|service| !service.upkeep.files.is_empty());
    let stale = with_files.filter(|service| {
        let mut all = observed.services.iter();
        let Some(seen) = all.find(|seen| seen.name == service.spec.name) else {
            return false;
        };
        let filler = Filler {
            engine,
            wiring: &desired.wiring,
            addresses: &observed.addresses,
            service,
        };
        let files = filler.files();
        files.map_or(true, |files| {
            // Of one with a secret that was not read nothing can be said.
            let (unread, known): (Vec<_>, Vec<_>) =
                files.into_iter().partition(|file| file.content.is_unread());
            let mut compared = seen.files.clone();
            compared.retain(|name, _| unread.iter().all(|file| file.spec.name != *name));
            compared != MadeFile::digests(&known)
        })
    });
    stale.map(|service| service.spec.name.clone()).collect()
}

/// What a look at a service's database gave.
enum View {
    Seen(DatabaseView),
    /// The server answers, and says why not.
    Unreadable(String),
    /// It does not answer, or is no database.
    None,
}

/// Returns what a `postgres` service holds.
async fn view(
    engine: &dyn Engine,
    (service, seen): (&DesiredService, &ObservedService),
    (desired, observed): (&Desired, &Observed),
    digests: &Digests,
) -> Result<View, Error> {
    let Some(database) = &service.database else {
        return Ok(View::None);
    };
    let Some(port) = seen.ports.get("postgres") else {
        return Ok(View::None);
    };
    let Ok(server) = server_at(port.reached(), engine, &database.login).await else {
        return Ok(View::None);
    };
    let store = Store::new(desired, database);
    let material = Material::read(database, true, digests).await?;
    let known = (&observed.images, digests);
    Ok(match look(&server, &store, &material, known).await? {
        Ok(view) => View::Seen(view),
        // A server that does not answer now is waited for by a step.
        Err(error) if error.is_silence() => View::None,
        Err(error) => View::Unreadable(error.told()),
    })
}
