//! Every step that a command can take: a closed set.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::consent::Loss;
use super::data::{DataTask, Store, Wish};
use super::desired::{Database, DesiredService};
use super::images::DesiredImage;
use crate::engine::Provision;
use crate::seed::Brings;

/// One step, with all that it needs but what only the run can know.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Makes an image available from the first source that gives it.
    EnsureImage(Box<DesiredImage>),
    CreateNetwork,
    CreateVolume {
        name: String,
    },
    /// Creates a service that is started by a later step, so that it need not wait for what it
    /// depends on.
    Create {
        service: Box<DesiredService>,
    },
    /// Creates what is to be created and starts it.
    Service {
        service: Box<DesiredService>,
        change: Change,
    },
    /// Gives a running service other files, and tells it by a signal.
    Reload {
        service: Box<DesiredService>,
        /// A signal's name: `SIGHUP`.
        signal: String,
    },
    /// Starts a running service again, whose sessions ended with the databases that were swapped.
    Reconnect {
        service: Box<DesiredService>,
        /// Where none of these was loaded after all, it is left alone.
        databases: Vec<String>,
        /// Those that were loaded since it started, by a run that was killed.
        missed: Vec<String>,
    },
    /// Waits before the next replica is restarted.
    Pause {
        /// The replica that is back.
        name: String,
        delay: Duration,
    },
    /// Waits until a service is ready, seen from outside.
    AwaitReady {
        service: Box<DesiredService>,
        /// A volume of this run, which goes again when the database on it never answers.
        fresh_volume: Option<String>,
    },
    /// Looks once more whether all of these run: one that dies soon after its start is seen here.
    StillRunning {
        services: Vec<DesiredService>,
    },
    /// Loads the dump seeds and the migrations beside the database and swaps them in.
    Seed {
        store: Arc<Store>,
        /// What was asked, for its turn.
        wish: Wish,
        /// Whatever there is: this loses data.
        resets: bool,
    },
    /// Takes away what killed loads left beside a database.
    Tidy {
        database: Arc<Database>,
    },
    /// Applies the pending migrations.
    Migrate {
        store: Arc<Store>,
    },
    /// Runs a task that brings data into the database: a seed, or migrations.
    Bring {
        store: Arc<Store>,
        task: Box<DataTask>,
    },
    /// Runs a task to its end.
    Task {
        task: Box<DesiredService>,
        /// Whether what it prints is told line by line.
        told: bool,
        /// Not where it ended well before with the image or program of this run.
        unless_same: bool,
    },
    /// Stops a service, which stays.
    Stop {
        name: String,
    },
    /// Stops and removes a container.
    Remove {
        name: String,
        handle: String,
    },
    RemoveNetwork {
        handle: String,
    },
    /// Removes a volume: this loses data.
    RemoveVolume {
        name: String,
        handle: String,
    },
}

/// What happens to a service's container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Create,
    Recreate,
    /// Recreated only when the image of this run is not the one that it has.
    RecreateIfImageDiffers,
    Start,
}

/// What a step takes of the machine while it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Nothing: it waits for others, which may need any number of further steps.
    Wait,
    /// Little: what it told to end does so in its own time.
    End,
    Work,
}

impl Step {
    /// Returns what the step destroys that a user may want back.
    pub(super) fn loses(&self) -> Option<Loss> {
        match self {
            Self::RemoveVolume { .. } => Some(Loss::Volumes),
            Self::Seed {
                store,
                resets: true,
                ..
            } => Some(Loss::content_of(store.database.service())),
            Self::Seed { resets: false, .. }
            | Self::EnsureImage(_)
            | Self::CreateNetwork
            | Self::CreateVolume { .. }
            | Self::Create { .. }
            | Self::Service { .. }
            | Self::Reload { .. }
            | Self::Reconnect { .. }
            | Self::Pause { .. }
            | Self::AwaitReady { .. }
            | Self::StillRunning { .. }
            | Self::Tidy { .. }
            | Self::Migrate { .. }
            | Self::Bring { .. }
            | Self::Task { .. }
            | Self::Stop { .. }
            | Self::Remove { .. }
            | Self::RemoveNetwork { .. } => None,
        }
    }

    /// Returns what the step takes of the machine.
    pub(crate) fn effort(&self) -> Effort {
        match self {
            Self::AwaitReady { .. } | Self::Pause { .. } => Effort::Wait,
            Self::Stop { .. } | Self::Remove { .. } => Effort::End,
            _ => Effort::Work,
        }
    }

    /// Returns the phase of a run that the step belongs to, for the summary.
    pub fn phase(&self) -> &'static str {
        match self {
            Self::EnsureImage(image) => match image.spec {
                Provision::Image(_) => "images",
                Provision::Program(_) => "programs",
            },
            Self::CreateNetwork
            | Self::CreateVolume { .. }
            | Self::Create { .. }
            | Self::Service { .. }
            | Self::Reconnect { .. }
            | Self::Reload { .. } => "start",
            Self::AwaitReady { .. } | Self::Pause { .. } | Self::StillRunning { .. } => "ready",
            Self::Seed { .. } | Self::Tidy { .. } => "seed",
            Self::Migrate { .. } => "migrate",
            Self::Bring { task, .. } => match task.brings {
                Brings::Seed => "seed",
                Brings::Migrations => "migrate",
            },
            Self::Task { .. } => "tasks",
            Self::Stop { .. } => "stop",
            Self::Remove { .. } | Self::RemoveNetwork { .. } | Self::RemoveVolume { .. } => {
                "remove"
            }
        }
    }

    /// Returns the service or task that the step works on.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Create { service }
            | Self::Service { service, .. }
            | Self::Reconnect { service, .. }
            | Self::Reload { service, .. }
            | Self::AwaitReady { service, .. } => Some(&service.spec.name),
            Self::Seed { store, .. } | Self::Migrate { store } => Some(store.database.service()),
            Self::Tidy { database } => Some(database.service()),
            Self::Bring { task, .. } => Some(&task.task.spec.name),
            Self::Task { task, .. } => Some(&task.spec.name),
            Self::Pause { name, .. } | Self::Stop { name } | Self::Remove { name, .. } => {
                Some(name)
            }
            Self::EnsureImage(_)
            | Self::StillRunning { .. }
            | Self::CreateNetwork
            | Self::CreateVolume { .. }
            | Self::RemoveNetwork { .. }
            | Self::RemoveVolume { .. } => None,
        }
    }
}

impl fmt::Display for Step {
    /// Writes the step's title: `image postgres`, `ready db`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EnsureImage(image) => match &image.spec {
                Provision::Image(image) => write!(formatter, "image {}", image.name),
                Provision::Program(program) => write!(formatter, "program {}", program.service),
            },
            Self::CreateNetwork => formatter.write_str("network"),
            Self::CreateVolume { name } => write!(formatter, "volume {name}"),
            Self::Create { service } => write!(formatter, "create {}", service.spec.name),
            Self::Service { service, change } => {
                let verb = match change {
                    Change::Create => "create",
                    Change::Recreate => "recreate",
                    Change::RecreateIfImageDiffers => "update",
                    Change::Start => "start",
                };
                write!(formatter, "{verb} {}", service.spec.name)
            }
            Self::Reload { service, .. } => write!(formatter, "reload {}", service.spec.name),
            Self::Reconnect { service, .. } => write!(formatter, "restart {}", service.spec.name),
            Self::Pause { name, .. } => write!(formatter, "pause after {name}"),
            Self::AwaitReady { service, .. } => write!(formatter, "ready {}", service.spec.name),
            Self::StillRunning { .. } => formatter.write_str("still running"),
            Self::Seed { store, .. } => write!(formatter, "seed {}", store.database.service()),
            Self::Tidy { database } => write!(formatter, "tidy {}", database.service()),
            Self::Migrate { store } => write!(formatter, "migrate {}", store.database.service()),
            Self::Bring { store, task } => match task.brings {
                Brings::Seed => write!(formatter, "seed {} (task)", task.name),
                Brings::Migrations => {
                    write!(formatter, "migrate {} (task)", store.database.service())
                }
            },
            Self::Task { task, .. } => write!(formatter, "task {}", task.spec.name),
            Self::Stop { name } => write!(formatter, "stop {name}"),
            Self::Remove { name, .. } => write!(formatter, "remove {name}"),
            Self::RemoveNetwork { .. } => formatter.write_str("remove network"),
            Self::RemoveVolume { name, .. } => write!(formatter, "remove volume {name}"),
        }
    }
}
