//! What commands on a running environment start from: its declaration, its engine, and both in
//! the words of a plan.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::choice::{Purpose, choose};
use super::failure::Failure;
use super::lock::{self, Lock};
use super::own_password;
use super::recall;
use super::remember;
use super::session::Session;
use super::trust;
use crate::config::Merged;
use crate::engine::{Addresses, Engine, MadeWith, Observed, ObservedService};
use crate::host::{Digests, Home};
use crate::kinds::POSTGRES;
use crate::model::{Environment, Invocation};
use crate::plan::{
    Consent, Database, Desired, DesiredService, Observation, Plan, Report, World, observe, password,
};
use crate::postgres::Server;
use crate::tell::Event;

/// An environment and the engine that it runs on.
pub(super) struct Scene {
    pub invocation: Invocation,
    pub environment: Environment,
    /// All layers of its declaration, for who still wants to show them.
    pub merged: Option<Merged>,
    pub engine: Arc<dyn Engine>,
    pub desired: Desired,
    /// The digests of files that are known.
    pub digests: Digests,
    pub opened: Instant,
    /// The parts of the command before its plan, each with when it ended.
    pub laps: Vec<(&'static str, Duration)>,
}

impl Scene {
    pub(super) async fn open(
        session: &Session,
        environment: Option<&String>,
        purpose: Purpose,
    ) -> Result<Self, Failure> {
        let (scene, _) = Self::made(session, environment, (purpose, None)).await?;
        Ok(scene)
    }

    /// Opens it once no other command changes the instance, which may decide on its engine too.
    pub(super) async fn hold(
        session: &Session,
        environment: Option<&String>,
        (purpose, verb): (Purpose, &str),
    ) -> Result<(Self, Lock), Failure> {
        let (scene, lock) = Self::made(session, environment, (purpose, Some(verb))).await?;
        Ok((scene, lock.expect("it was asked for")))
    }

    async fn made(
        session: &Session,
        environment: Option<&String>,
        (purpose, verb): (Purpose, Option<&str>),
    ) -> Result<(Self, Option<Lock>), Failure> {
        let opened = Instant::now();
        let mut invocation = remember::invocation(session, environment, purpose).await?;
        let mut loaded = trust::read(session, &invocation).await?;
        let mut laps = vec![("read the configuration", opened.elapsed())];
        let lock = match verb {
            Some(verb) => Some(lock::hold(session, &invocation.id, verb).await?),
            None => None,
        };
        laps.push(("wait for the lock", opened.elapsed()));
        if lock.as_ref().is_some_and(|lock| lock.waited) {
            let now = remember::invocation(session, environment, purpose).await?;
            if (&now.profiles, &now.sets) != (&invocation.profiles, &invocation.sets) {
                loaded = trust::read(session, &now).await?;
                invocation = now;
            }
        }
        remember::tell(session, &invocation);
        let unread = !loaded.unread.is_empty();
        let (mut environment, merged) = (loaded.environment, loaded.merged);
        let chosen = choose(session, &invocation, &environment, purpose).await;
        let (engine, mut desired) = match chosen {
            Ok(chosen) => chosen,
            Err(failure) => {
                // Nothing was made, so nothing needs the file.
                lock.into_iter().for_each(Lock::discard);
                return Err(failure);
            }
        };
        let was_killed = lock.as_ref().is_some_and(|lock| lock.was_killed);
        if was_killed && purpose == Purpose::Make && engine.capabilities().works_on {
            session.unless_interrupted(aftermath()).await?;
        }
        laps.push(("find the engine", opened.elapsed()));
        let own = (engine.as_ref(), &session.request.variables, &invocation.id);
        let make = verb.is_some() && purpose == Purpose::Make;
        let passwords = own_password::fill(&mut environment, own, make).await?;
        if !passwords.is_empty() {
            let texts = passwords.iter().map(|it| it.expose().to_owned());
            (session.lent.mask)(texts.collect());
            desired = Desired::new(&environment, &invocation.id, engine.capabilities());
        }
        if unread {
            recall::mask(session, engine.as_ref(), &environment).await;
        }
        let scene = Self {
            desired,
            digests: digests(session),
            invocation,
            environment,
            merged: Some(merged),
            engine,
            opened,
            laps,
        };
        Ok((scene, lock))
    }

    /// Returns the place of a service or task in the declaration; what is not declared is last.
    pub(super) fn place_of(&self, declared: &str) -> usize {
        let services = &self.environment.services;
        let place = services.get_index_of(declared);
        place.unwrap_or_else(|| {
            let task = self.environment.tasks.get_index_of(declared);
            task.map_or(usize::MAX, |task| services.len() + task)
        })
    }

    pub(super) async fn observe(&self, session: &Session) -> Result<Observation, Failure> {
        let engine = self.engine.as_ref();
        let looking = observe(engine, &self.desired, self.invocation.reach, &self.digests);
        session.unless_interrupted(looking).await
    }

    /// Runs a plan of this environment that loses nothing.
    pub(super) async fn run(
        &self,
        session: &Session,
        verb: &str,
        plan: (&Plan, &Observation),
    ) -> Result<Report, Failure> {
        self.run_agreed(session, verb, plan, &Consent::to_nothing())
            .await
    }

    /// Runs a plan that loses what somebody agreed to lose; fails as its first failure does.
    pub(super) async fn run_agreed(
        &self,
        session: &Session,
        verb: &str,
        (plan, observation): (&Plan, &Observation),
        consent: &Consent,
    ) -> Result<Report, Failure> {
        let world = self.world(session, observation);
        let report = execute(&world, (&self.invocation, verb), plan, consent).await?;
        settle(&self.invocation, verb, report)
    }

    /// Returns what the steps of a run share.
    pub(super) fn world(&self, session: &Session, observation: &Observation) -> World {
        World {
            engine: Arc::clone(&self.engine),
            wiring: self.desired.wiring.clone(),
            addresses: observation.engine.addresses.clone(),
            events: session.events.clone(),
            cancel: session.cancel.clone(),
            images: Mutex::new(observation.images.clone()),
            digests: self.digests.clone(),
            loaded: Mutex::default(),
        }
    }

    /// Notes what a part of the command took, for `--timings`.
    pub(super) fn lap(&mut self, name: &'static str) {
        self.laps.push((name, self.opened.elapsed()));
    }

    /// Warns where the instance was made with other profiles or `--set` values than these.
    pub(super) fn warn_of_differences(&self, session: &Session, observed: &Observed) {
        let made = remember::newest(session, &self.invocation.id, observed.outline());
        let asked = self.layers();
        let differs = |made: &MadeWith| (&*made.profiles, &*made.sets) != asked;
        if let Some(made) = made.filter(differs) {
            let made_with = remember::flags(&made.profiles, &made.sets);
            let made_with = made_with.unwrap_or_else(|| "no profile and no --set".to_owned());
            session.events.warning(format!(
                "the instance was made with {made_with}, which differs from this command's"
            ));
        }
    }

    /// Returns the profiles and `--set` values of this command.
    pub(super) fn layers(&self) -> (&[String], &[String]) {
        (&self.environment.profiles, &self.invocation.sets)
    }

    /// Returns the `postgres` service that is meant: the named one, or the only one.
    pub(super) fn postgres(
        &self,
        name: Option<&str>,
    ) -> Result<(&DesiredService, &Database), Failure> {
        let services = self.desired.services.iter();
        let all: Vec<(&DesiredService, &Database)> = services
            .filter_map(|service| Some((service, service.database.as_deref()?)))
            .collect();
        let named = |(service, _): &&(&DesiredService, &Database)| {
            name.is_none_or(|name| name == service.spec.name)
        };
        let mut found = all.iter().filter(named);
        if let (Some(only), None) = (found.next(), found.next()) {
            return Ok(*only);
        }
        let known = all.iter().map(|(service, _)| service.spec.name.clone());
        Err(Failure::no_single_postgres(
            name,
            &known.collect::<Vec<_>>(),
        ))
    }

    /// Returns where a running `postgres` service can be reached.
    pub(super) async fn server(&self, database: &Database) -> Result<Server, Failure> {
        let address = self
            .engine
            .address(database.service(), POSTGRES.name)
            .await
            .map_err(|error| Failure::not_up(&self.invocation, error))?;
        Ok(Server {
            address,
            user: database.login.user.clone(),
            password: password(self.engine.as_ref(), &database.login).await?,
        })
    }

    /// Returns every address that is published now.
    pub(super) async fn outside(&self) -> Addresses {
        let services = self.desired.services.iter();
        let looks = services.map(|service| self.engine.seen(&service.spec.name));
        let seen = join_all(looks).await;
        published(seen.iter().flatten().flatten())
    }
}

/// Returns the addresses at which running services were seen to be published.
pub(super) fn published<'a>(seen: impl Iterator<Item = &'a ObservedService>) -> Addresses {
    seen.flat_map(ObservedService::addresses).collect()
}

/// Waits until a daemon has done what a command that was killed asked of it just before: a network
/// that is not there yet would be made twice.
async fn aftermath() -> Result<(), Failure> {
    tokio::time::sleep(lock::REQUEST).await;
    Ok(())
}

/// Returns the digests of files that this user has.
pub(super) fn digests(session: &Session) -> Digests {
    Digests::of(Home::of(&session.request.variables).ok().as_ref())
}

/// Fails as the first failure of a run did.
pub(super) fn settle(
    invocation: &Invocation,
    verb: &str,
    report: Report,
) -> Result<Report, Failure> {
    if report.failures.is_empty() && !report.interrupted {
        Ok(report)
    } else {
        Err(Failure::of_run(invocation, verb, &report))
    }
}

/// Runs a plan, however it goes; not where it would lose what nobody agreed to lose.
pub(super) async fn execute(
    world: &World,
    (invocation, verb): (&Invocation, &str),
    plan: &Plan,
    consent: &Consent,
) -> Result<Report, Failure> {
    world.events.send(Event::RunStarted {
        command: verb.split(' ').next().unwrap_or(verb).to_owned(),
        environment: invocation.id.environment.clone(),
        instance: invocation.id.instance.clone(),
        steps: plan.nodes.len(),
    });
    Ok(crate::plan::run(plan, world, consent).await?)
}
