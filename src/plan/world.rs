//! What the steps of a run share, and what each of them gives back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::desired::DesiredService;
use super::fill::Filler;
use super::wiring::Wiring;
use crate::engine::{Addresses, Engine, ImageHandle};
use crate::host::Digests;
use crate::tell::Events;

/// What every step may use.
pub struct World {
    pub engine: Arc<dyn Engine>,
    pub wiring: Wiring,
    /// The addresses of the services, where they are processes.
    pub addresses: Addresses,
    pub events: Events,
    pub cancel: CancellationToken,
    /// The images that are known to be current: seen before, or made by this run.
    pub images: Mutex<BTreeMap<String, ImageHandle>>,
    /// The digests of files that are known.
    pub digests: Digests,
    /// The databases that this run has loaded anew.
    pub loaded: Mutex<BTreeSet<String>>,
}

impl World {
    /// Returns what fills the declaration of a service.
    pub(super) fn filler<'a>(&'a self, service: &'a DesiredService) -> Filler<'a> {
        Filler {
            engine: self.engine.as_ref(),
            wiring: &self.wiring,
            addresses: &self.addresses,
            service,
        }
    }
}

/// What a step says when it ended well.
pub(super) enum Done {
    Changed(Option<String>),
    /// It waited for something and changed nothing.
    Seen(Option<String>),
    /// A service is ready; it can have been so for some time before that was seen.
    Ready {
        detail: String,
        late: Duration,
    },
    Unchanged(Option<String>),
}
