//! All reads of a command in one place: what the engine has, what is ready, what is in the
//! databases. Every probe is one attempt; nothing waits here.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::data::{Material, Store, compared};
use super::desired::{Desired, DesiredService};
use super::error::Error;
use super::fill::Filler;
use super::login::server_at;
use super::observation::Observation;
use super::ready;
use crate::engine::{Engine, MadeFile, Observed, ObservedService, Role, ServiceState};
use crate::host::Digests;
use crate::kinds::POSTGRES;
use crate::model::Reach;
use crate::seed::{self, Survey};

/// Looks once at everything that `desired` names, and runs nothing of it unless it may.
pub async fn observe(
    engine: &dyn Engine,
    desired: &Desired,
    reach: Reach,
    digests: &Digests,
) -> Result<Observation, Error> {
    let provisions = desired.provisions();
    let images = async { Ok(engine.provider().current(&provisions).await?) };
    let looks = async {
        let observed = engine.observe().await?;
        let services = desired.services.iter();
        let running =
            services.filter_map(|service| Some((service, running(&observed, &service.spec.name)?)));
        let looks = running.map(async |(service, seen)| {
            let held = held(engine, (service, seen), desired, digests).await;
            let ready = match &held {
                // What was just answered is not asked again.
                Ok(Held::Seen { survey, .. }) if survey.state != seed::State::NoDatabase => {
                    Some(ready::stays(service, seen))
                }
                _ => ready::look(engine, service, (seen, reach)).await,
            };
            (service.spec.name.clone(), ready, held)
        });
        let seen = join_all(looks).await;
        Ok::<_, Error>((observed, seen))
    };
    // What is in a database does not depend on the images: only what it is compared with does.
    let (images, (observed, seen)) = tokio::try_join!(images, looks)?;
    let mut observation = Observation {
        stale_files: stale_files(engine, desired, &observed),
        engine: observed,
        images,
        ..Observation::default()
    };
    for (name, ready, held) in seen {
        match ready {
            Some(ready) => _ = observation.ready.insert(name.clone(), ready),
            None => _ = observation.unasked.insert(name.clone()),
        }
        match held? {
            Held::Seen {
                survey,
                store,
                material,
            } => {
                let known = (&observation.images, digests);
                let view = compared(*survey, &store, &material, known).await?;
                observation.databases.insert(name, view);
            }
            Held::Unreadable(why) => _ = observation.unreadable.insert(name, why),
            Held::None => {}
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
enum Held {
    Seen {
        survey: Box<Survey>,
        store: Box<Store>,
        material: Material,
    },
    /// The server answers, and says why not.
    Unreadable(String),
    /// It does not answer, or is no database.
    None,
}

/// Returns what a `postgres` service holds.
async fn held(
    engine: &dyn Engine,
    (service, seen): (&DesiredService, &ObservedService),
    desired: &Desired,
    digests: &Digests,
) -> Result<Held, Error> {
    let Some(database) = &service.database else {
        return Ok(Held::None);
    };
    let Some(port) = seen.ports.get(POSTGRES.name) else {
        return Ok(Held::None);
    };
    let Ok(server) = server_at(port.reached(), engine, &database.login).await else {
        return Ok(Held::None);
    };
    let material = Material::read(database, true, digests).await?;
    let survey = seed::survey(&server, &material.declared, &material.fingerprint).await;
    Ok(match survey {
        Ok(survey) => Held::Seen {
            survey: Box::new(survey),
            store: Box::new(Store::new(desired, database)),
            material,
        },
        // A server that does not answer now is waited for by a step.
        Err(error) if error.is_silence() => Held::None,
        Err(error) => Held::Unreadable(error.told()),
    })
}
