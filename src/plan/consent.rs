//! What a plan loses, and who agreed to that. The executor asks here before its first step, so that no
//! step that loses data runs unasked, whichever command plans it.

use std::collections::BTreeSet;

/// Something that a step destroys and a user may want back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// What the volumes of the instance hold.
    Volumes,
    /// What the database of a service holds.
    Content { service: String },
}

/// What somebody agreed to lose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent(BTreeSet<Loss>);

impl Loss {
    pub fn content_of(service: &str) -> Self {
        Self::Content {
            service: service.to_owned(),
        }
    }
}

impl Consent {
    /// Returns that of somebody who was asked nothing.
    pub fn to_nothing() -> Self {
        Self::default()
    }

    /// Adds what somebody agreed to.
    pub fn add(&mut self, loss: Loss) {
        self.0.insert(loss);
    }

    pub fn covers(&self, loss: &Loss) -> bool {
        self.0.contains(loss)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::engine::process::process_in;
    use crate::engine::{Engine as _, Resource};
    use crate::host::Digests;
    use crate::plan::diff::tests::{green, rates};
    use crate::plan::{
        Observation, Options, Plan, Wiring, Wish, World, decide, diff, run, teardown,
    };
    use crate::tell::Events;

    #[tokio::test]
    async fn no_step_that_loses_data_runs_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Arc::new(process_in(folder.path()));
        let volume = Resource::Volume("db-data".to_owned());
        engine.ensure(&volume).await.unwrap();
        let (events, told) = Events::channel();
        let world = World {
            engine: engine.clone(),
            wiring: Wiring::default(),
            addresses: BTreeMap::new(),
            events,
            cancel: CancellationToken::new(),
            images: Mutex::default(),
            digests: Digests::default(),
            loaded: Mutex::default(),
        };
        let plan = teardown(&engine.observe().await.unwrap(), true);
        let mut consent = Consent::to_nothing();
        consent.add(Loss::content_of("db"));
        let error = run(&plan, &world, &consent).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "nobody agreed to what this loses: remove volume db-data"
        );
        assert!(told.try_recv().is_err());
        assert_eq!(engine.observe().await.unwrap().volumes.len(), 1);
        consent.add(Loss::Volumes);
        let report = run(&plan, &world, &consent).await.unwrap();
        assert!(report.failures.is_empty());
        assert!(engine.observe().await.unwrap().volumes.is_empty());
    }

    #[test]
    fn a_reset_is_agreed_to_for_each_database() {
        let desired = rates();
        let seen = green(&desired);
        let decided = decide(&desired, &seen, Wish::Seed { reset: true });
        let plan = Plan::of_seeds(&desired, &seen, &decided);
        let mut consent = Consent::to_nothing();
        consent.add(Loss::Volumes);
        consent.add(Loss::content_of("other"));
        assert_eq!(plan.unagreed(&consent), ["seed db"]);
        consent.add(Loss::content_of("db"));
        assert!(plan.unagreed(&consent).is_empty());
    }

    #[test]
    fn up_never_needs_an_answer() {
        let all = Options {
            seed: true,
            migrate: true,
        };
        let plan = diff(&rates(), &Observation::default(), all).to_string();
        assert!(plan.contains("seed db"), "{plan}");
        assert!(!plan.contains("loses data"), "{plan}");
    }
}
