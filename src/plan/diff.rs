//! What has to happen so that what is seen becomes what is declared. Pure: no clock, no prompt,
//! no I/O.

mod contents;
mod making;
mod notices;
mod reconnect;
mod removals;
mod sowing;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use sowing::{Decided, decide};

use super::data::{Options, Store};
use super::desired::{Desired, DesiredService};
use super::graph::Plan;
use super::observation::Observation;
use super::step::{Change, Step};
use crate::engine::{Defect, ObservedService, Role, ServiceState};
use crate::model::{Condition, MountSource};

/// Returns the plan of `up`.
pub fn diff(desired: &Desired, observation: &Observation, options: Options) -> Plan {
    let mut diff = Diff::new(desired, observation, options);
    let bringing = diff.bringing();
    let wanted = diff.wanted(&bringing);
    diff.remove_strays(&wanted);
    diff.tell_of_uncertain(&wanted);
    let made = [&wanted[..], &bringing[..]].concat();
    let names = made.iter().map(|service| service.image.as_str()).collect();
    diff.ensure_images(&desired.needed_images(&names));
    diff.ensure_resources(&made);
    diff.note_loads();
    for service in &wanted {
        match service.spec.role {
            Role::Service => diff.service(service),
            Role::Task => diff.task(service),
        }
        // Whoever stands on it waits until it is back, where the load is planned by now.
        diff.reconnect_once_loaded(service);
    }
    for service in wanted {
        if diff.restarted.contains(service.spec.name.as_str()) {
            continue;
        }
        let change = diff.change(service).map(|(change, _)| change);
        diff.reconnect(service, change);
    }
    diff.remove_surplus();
    for database in diff.databases() {
        diff.send(database);
        diff.tidy(database);
    }
    let services = desired.services.iter();
    let services = services.filter(|it| it.spec.role == Role::Service);
    diff.plan.look_again(services.cloned().collect());
    diff.plan
}

impl Plan {
    /// Returns the plan of `build`: every declared image that is not there or not current.
    pub fn of_images(desired: &Desired, observation: &Observation) -> Self {
        let mut diff = Diff::new(desired, observation, Options::NOTHING);
        diff.ensure_images(&desired.images.iter().collect::<Vec<_>>());
        diff.plan
    }

    /// Returns the plan of `run`: a task, whatever it did before, and what it is made from.
    pub fn of_task(desired: &Desired, observation: &Observation, task: &DesiredService) -> Self {
        let mut diff = Diff::new(desired, observation, Options::NOTHING);
        diff.ensure_images(&desired.needed_images(&BTreeSet::from([task.image.as_str()])));
        diff.ensure_resources(&[task]);
        let mut after = diff.surroundings(task);
        after.extend(diff.dependencies(task));
        let step = Step::Task {
            task: Box::new(task.clone()),
            told: true,
            unless_same: false,
        };
        diff.plan.push(step, "asked for", after);
        diff.plan
    }
}

/// The plan so far, and which node stands for what.
struct Diff<'a> {
    desired: &'a Desired,
    observation: &'a Observation,
    options: Options,
    plan: Plan,
    images: BTreeMap<&'a str, usize>,
    /// The network is the empty name.
    resources: BTreeMap<&'a str, usize>,
    removals: Vec<usize>,
    /// What may send something to replicas that are too many, until it has read otherwise.
    readers: Vec<usize>,
    started: BTreeMap<&'a str, usize>,
    ready: BTreeMap<&'a str, usize>,
    stores: BTreeMap<&'a str, Arc<Store>>,
    /// The databases that are loaded, each with whether that is certain.
    swapped: BTreeMap<&'a str, bool>,
    /// What is away for a moment, since such a database or what it depends on is.
    restarted: BTreeSet<&'a str>,
}

impl<'a> Diff<'a> {
    fn new(desired: &'a Desired, observation: &'a Observation, options: Options) -> Self {
        Self {
            desired,
            observation,
            options,
            plan: Plan::default(),
            images: BTreeMap::new(),
            resources: BTreeMap::new(),
            removals: Vec::new(),
            readers: Vec::new(),
            started: BTreeMap::new(),
            ready: BTreeMap::new(),
            stores: BTreeMap::new(),
            swapped: BTreeMap::new(),
            restarted: BTreeSet::new(),
        }
    }

    /// Returns every service, and the tasks that one of them or of `bringing` depends on, in
    /// start order.
    fn wanted(&self, bringing: &[&'a DesiredService]) -> Vec<&'a DesiredService> {
        let needed = bringing.iter().flat_map(|task| task.depends_on.keys());
        let mut names: BTreeSet<&str> = needed.map(String::as_str).collect();
        for service in self.desired.services.iter().rev() {
            let name = service.spec.name.as_str();
            if service.spec.role == Role::Service || names.contains(name) {
                names.insert(name);
                names.extend(service.depends_on.keys().map(String::as_str));
            }
        }
        let wanted = |service: &&DesiredService| names.contains(service.spec.name.as_str());
        self.desired.services.iter().filter(wanted).collect()
    }

    fn ensure_resources(&mut self, wanted: &[&'a DesiredService]) {
        let network = self.desired.capabilities.network;
        if network && self.observation.engine.network.is_none() && !wanted.is_empty() {
            let node = self.plan.push(Step::CreateNetwork, "not there", Vec::new());
            self.resources.insert("", node);
        }
        for service in wanted {
            for volume in volumes(service) {
                let there = self.observation.engine.volumes.contains_key(volume);
                if !there && !self.resources.contains_key(volume) {
                    let step = Step::CreateVolume {
                        name: volume.to_owned(),
                    };
                    let node = self.plan.push(step, "not there", Vec::new());
                    self.resources.insert(volume, node);
                }
            }
        }
    }

    fn seen(&self, service: &DesiredService) -> Option<&'a ObservedService> {
        let services = &self.observation.engine.services;
        services.iter().find(|seen| seen.name == service.spec.name)
    }

    /// Returns the nodes of what a service is made of and in.
    fn surroundings(&self, service: &DesiredService) -> Vec<usize> {
        let mut after = self.removals.clone();
        after.extend(self.images.get(service.image.as_str()));
        after.extend(self.resources.get(""));
        after.extend(volumes(service).filter_map(|volume| self.resources.get(volume)));
        after
    }

    /// Returns the nodes of what a service depends on.
    fn dependencies(&self, service: &DesiredService) -> Vec<usize> {
        let nodes = service.depends_on.iter();
        let nodes = nodes.filter_map(|(name, condition)| match condition {
            Condition::Started => self.started.get(name.as_str()),
            Condition::Ready => self.ready.get(name.as_str()),
        });
        nodes.copied().collect()
    }

    fn service(&mut self, service: &'a DesiredService) {
        let name = service.spec.name.as_str();
        let changed = self.change(service);
        if let Some((change, cause)) = changed {
            let node = self.start(service, change, cause);
            self.started.insert(name, node);
            self.ready.insert(name, node);
            self.warn_of_version(service);
        }
        let goes_on = matches!(changed, None | Some((Change::Start, _)));
        let reloaded = goes_on && self.reload(service);
        let ready = self.observation.ready.get(name).copied().unwrap_or(false)
            || self.observation.unasked.contains(name);
        let waits = changed.is_some() || reloaded || !ready;
        // What is started again is waited for then.
        if waits && !self.reconnects(service, changed.map(|(change, _)| change)) {
            self.await_ready(service);
        }
        let made_anew = matches!(
            changed,
            Some((Change::Recreate | Change::RecreateIfImageDiffers, _))
        );
        if reloaded || made_anew {
            self.readers.extend(self.ready.get(name));
        }
        if let Some(database) = &service.database {
            self.database(database);
        }
    }

    /// Adds what brings a service to run; a new one is created while others get ready.
    fn start(&mut self, service: &'a DesiredService, change: Change, cause: &str) -> usize {
        let dependencies = self.dependencies(service);
        let mut after = self.surroundings(service);
        let boxed = Box::new(service.clone());
        if change == Change::Create && !dependencies.is_empty() {
            let create = Step::Create {
                service: boxed.clone(),
            };
            after = vec![self.plan.push(create, cause, after)];
            after.extend(dependencies);
            let step = Step::Service {
                service: boxed,
                change: Change::Start,
            };
            return self.plan.push(step, cause, after);
        }
        after.extend(dependencies);
        let step = Step::Service {
            service: boxed,
            change,
        };
        self.plan.push(step, cause, after)
    }

    /// Adds what has a running service read other files, where it has to; says whether it has.
    fn reload(&mut self, service: &'a DesiredService) -> bool {
        let name = service.spec.name.as_str();
        let Some(signal) = &service.upkeep.reload else {
            return false;
        };
        if !self.observation.stale_files.contains(name) {
            return false;
        }
        let step = Step::Reload {
            service: Box::new(service.clone()),
            signal: signal.clone(),
        };
        let mut after = self.dependencies(service);
        after.extend(self.started.get(name));
        let node = self.plan.push(step, "its files changed", after);
        self.started.insert(name, node);
        true
    }

    fn await_ready(&mut self, service: &'a DesiredService) {
        let name = service.spec.name.as_str();
        let volume = service.database.as_ref().map(|it| it.volume.as_str());
        let fresh = volume.filter(|volume| self.resources.contains_key(volume));
        let step = Step::AwaitReady {
            service: Box::new(service.clone()),
            fresh_volume: fresh.map(ToOwned::to_owned),
        };
        let after = self.started.get(name).copied().into_iter().collect();
        let node = self.plan.push(step, "not ready yet", after);
        self.ready.insert(name, node);
    }

    /// Whether a container or process is what is declared now, with this image or program.
    fn is_current(&self, service: &DesiredService, seen: &ObservedService, image: &str) -> bool {
        seen.hash == service.launch_hash(image, &self.observation.engine.addresses)
    }

    /// Returns what happens to a service's container, and why.
    fn change(&self, service: &DesiredService) -> Option<(Change, &'static str)> {
        let Some(seen) = self.seen(service) else {
            return Some((Change::Create, "not there"));
        };
        let capabilities = self.desired.capabilities;
        if capabilities.network && self.observation.engine.network.is_none() {
            return Some((Change::Recreate, "its network is gone"));
        }
        if seen.defect == Some(Defect::OffNetwork) {
            return Some((Change::Recreate, "it is not on the network"));
        }
        let (perhaps, changed) = if capabilities.images {
            ("its image may change", "its image changed")
        } else {
            ("its program may change", "its program changed")
        };
        match self.settled_image(&service.image) {
            image if service.is_uncertain(seen, image) => {}
            None => return Some((Change::RecreateIfImageDiffers, perhaps)),
            Some(image) if !self.is_current(service, seen, &image.id) => {
                let cause = if seen.image.id == image.id {
                    "its declaration changed"
                } else {
                    changed
                };
                return Some((Change::Recreate, cause));
            }
            Some(_) => {}
        }
        let stale = self.observation.stale_files.contains(&service.spec.name);
        if stale && (service.upkeep.reload.is_none() || seen.state != ServiceState::Running) {
            return Some((Change::Recreate, "its files changed"));
        }
        match seen.state {
            ServiceState::Running if seen.defect == Some(Defect::Unsupervised) => {
                Some((Change::Start, "its supervisor is gone"))
            }
            ServiceState::Running | ServiceState::Restarting => None,
            ServiceState::Created => Some((Change::Start, "created, never started")),
            ServiceState::Exited { .. } => Some((Change::Start, "it ended")),
            ServiceState::Paused => Some((Change::Recreate, "it is paused")),
            ServiceState::Lost => Some((Change::Start, "it ended while nobody watched it")),
            ServiceState::Dead => Some((Change::Recreate, "the engine gave up on it")),
        }
    }

    fn task(&mut self, task: &'a DesiredService) {
        let image = self.settled_image(&task.image);
        let seen = self.seen(task);
        let seen = seen.filter(|it| matches!(it.state, ServiceState::Exited { code: 0, .. }));
        let done = seen.is_some_and(|seen| {
            let current = image.is_some_and(|image| self.is_current(task, seen, &image.id));
            current || task.is_uncertain(seen, image)
        });
        if !done {
            let mut after = self.surroundings(task);
            after.extend(self.dependencies(task));
            let perhaps = seen.is_some() && image.is_none();
            let step = Step::Task {
                task: Box::new(task.clone()),
                told: false,
                unless_same: perhaps,
            };
            let cause = if perhaps {
                "what it runs may change"
            } else {
                "not done yet"
            };
            let node = self.plan.push(step, cause, after);
            self.started.insert(&task.spec.name, node);
            self.ready.insert(&task.spec.name, node);
        }
    }
}

/// Returns the names of the volumes that a service mounts.
fn volumes(service: &DesiredService) -> impl Iterator<Item = &str> {
    service
        .spec
        .mounts
        .iter()
        .filter_map(|mount| match &mount.source {
            MountSource::Volume(volume) => Some(volume.as_str()),
            MountSource::Bind(_) => None,
        })
}
