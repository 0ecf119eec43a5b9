//! Images: a current local copy, else pulled, built or loaded, in this order.

mod archive;
mod bases;
mod build;
mod context;
mod dockerfile;
mod ensure;
mod expansion;
mod fingerprint;
mod ignore;
mod load;
mod local;
mod name;
mod note;
mod pull;
mod sniff;
mod source;
mod survey;
mod upload;

use std::collections::BTreeMap;
use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub(super) use ensure::horizon;
pub(super) use name::is_ours;

use super::client::Client;
use crate::engine::{Error, Handles, ImageOutcome, Prospect, Provider, Provision, Work};
use crate::host::Once;
use crate::model::Build;
use crate::tell::StepEvents;

/// The images of a daemon, as one workspace declares them.
#[derive(Debug)]
pub(super) struct Images {
    client: Client,
    /// The workspace's canonical path.
    workspace: PathBuf,
    /// Registries that gave no answer in this run, with the reason; they are not asked again.
    silent_registries: Mutex<BTreeMap<String, String>>,
    /// Where a survey looks for the programs of this machine, as in `PATH`.
    search_path: String,
    /// Where it is kept what images were last made from.
    notes: Option<PathBuf>,
    /// What was prepared in this run.
    prepared: Once,
    /// The builds of this run, equal ones one after the other: the second one has every step from
    /// the daemon's cache.
    builds: Mutex<Vec<(Build, TurnLock)>>,
}

/// Held by whoever has its turn.
pub(super) type TurnLock = Arc<tokio::sync::Mutex<()>>;

impl Images {
    pub(super) fn new(client: Client, workspace: &Path) -> Self {
        Self {
            client,
            workspace: workspace.to_owned(),
            silent_registries: Mutex::default(),
            search_path: String::new(),
            notes: None,
            prepared: Once::default(),
            builds: Mutex::default(),
        }
    }

    /// Looks for the programs of this machine in these folders, as in `PATH`.
    pub(super) fn searching(self, search_path: &str) -> Self {
        Self {
            search_path: search_path.to_owned(),
            ..self
        }
    }

    /// Notes in this cache folder what images were made from, so that the next build can name what
    /// changed.
    pub(super) fn noting(self, cache: &Path) -> Self {
        Self {
            notes: Some(cache.join("inputs")),
            ..self
        }
    }
}

impl Provider for Images {
    fn current<'a>(&'a self, provisions: &'a [Provision]) -> Work<'a, Handles> {
        Box::pin(local::current(self, provisions))
    }

    fn survey<'a>(&'a self, provisions: &'a [Provision]) -> Work<'a, Vec<Prospect>> {
        Box::pin(survey::survey(self, provisions))
    }

    fn provide<'a>(
        &'a self,
        provision: &'a Provision,
        bases: &'a Handles,
        step: &'a StepEvents,
    ) -> Work<'a, ImageOutcome> {
        match provision {
            Provision::Image(image) => Box::pin(ensure::ensure(self, image, bases, step)),
            Provision::Program(program) => Box::pin(ready(Err(no_programs(&program.service)))),
        }
    }
}

fn no_programs(service: &str) -> Error {
    Error::Start {
        service: service.to_owned(),
        reason: "it has no image, and this engine runs nothing else".to_owned(),
    }
}
