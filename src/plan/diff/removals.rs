//! What is there and should not be: containers that nothing declares, and replicas that are too
//! many.

use std::collections::BTreeSet;

use super::Diff;
use crate::engine::{ObservedService, Role};
use crate::plan::desired::DesiredService;
use crate::plan::step::Step;

impl Diff<'_> {
    /// Removes containers that nothing declares any more, and doubles of a crashed run.
    pub(super) fn remove_strays(&mut self, wanted: &[&DesiredService]) {
        let mut seen = BTreeSet::new();
        for service in &self.observation.engine.services {
            let declared = match service.role {
                Role::Service => wanted.iter().any(|other| other.spec.name == service.name),
                Role::Task => self.desired.service(&service.name).is_some(),
            };
            let cause = if self.is_surplus(service) {
                continue;
            } else if !declared {
                "no longer declared"
            } else if !seen.insert(&service.name) {
                "a second one of that name"
            } else {
                continue;
            };
            let (name, handle) = (service.name.clone(), service.handle.clone());
            let node = self
                .plan
                .push(Step::Remove { name, handle }, cause, Vec::new());
            self.removals.push(node);
        }
    }

    /// Whether it is a replica of a service that has fewer of them now.
    fn is_surplus(&self, seen: &ObservedService) -> bool {
        let mut declared = self.desired.services.iter().map(|service| &service.spec);
        seen.role == Role::Service
            && self.desired.service(&seen.name).is_none()
            && declared.any(|spec| spec.role == Role::Service && spec.service == seen.service)
    }

    /// Removes replicas that are too many, once nobody sends them anything any more.
    pub(super) fn remove_surplus(&mut self) {
        for seen in &self.observation.engine.services {
            if self.is_surplus(seen) {
                let (name, handle) = (seen.name.clone(), seen.handle.clone());
                let step = Step::Remove { name, handle };
                self.plan
                    .push(step, "one replica too many", self.readers.clone());
            }
        }
    }
}
