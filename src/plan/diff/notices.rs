//! What a person should know of a plan beside its steps.

use super::Diff;
use crate::engine::{Provision, other_version};
use crate::plan::desired::DesiredService;

impl<'a> Diff<'a> {
    /// Tells of what is left as it is since nobody can say whether it differs.
    pub(super) fn tell_of_uncertain(&mut self, wanted: &[&'a DesiredService]) {
        let uncertain = wanted.iter().filter(|service| {
            let image = self.observation.images.get(&service.image);
            let seen = self.seen(service);
            seen.is_some_and(|seen| service.is_uncertain(seen, image))
        });
        let names: Vec<&str> = uncertain.map(|it| it.spec.name.as_str()).collect();
        if !names.is_empty() {
            self.plan.notices.push(format!(
                "whether {} changed cannot be known without running the command of a secret",
                names.join(", ")
            ));
        }
    }

    /// Tells of a server that starts in another version than the declared one. Of one that is
    /// still to be had, the step that gets it tells.
    pub(super) fn warn_of_version(&mut self, service: &DesiredService) {
        let mut provisions = self.desired.images.iter().map(|image| &image.spec);
        let provision = provisions.find(|provision| provision.name() == service.image);
        let handle = self.observation.images.get(&service.image);
        if let (Some(Provision::Program(program)), Some(handle)) = (provision, handle)
            && let Some(warning) = other_version(program, handle)
        {
            let name = &service.spec.name;
            self.plan.notices.push(format!("{name}: {warning}"));
        }
    }
}
