//! A load from its lock to its swap: all or nothing, while the old data keeps serving.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::postgres::{self, Applied, Brake, Server, on_thread};
use crate::tell::StepEvents;

use super::fill::Fill;
use super::keeper::Keeper;
use super::names::{Beside, name};
use super::shape::DatabaseShape;
use super::steward::Steward;
use super::swap::{check_free, swap};
use super::{Declared, Error, Fingerprint};

/// What a load brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOutcome {
    /// Of the dumps' files.
    pub bytes: u64,
    /// By COPY and INSERT.
    pub rows: u64,
    pub statements: u64,
    /// Roles that the dumps name and the server lacked.
    pub roles_created: Vec<String>,
    pub migrations_applied: Vec<Applied>,
    pub elapsed: Duration,
}

/// Brings the database to what is declared, whatever it holds now. A failed or cancelled load
/// leaves it as it is.
pub async fn load(
    server: &Server,
    declared: &Declared,
    fingerprint: &Fingerprint,
    step: &StepEvents,
    cancel: &CancellationToken,
) -> Result<LoadOutcome, Error> {
    let job = Job {
        server: server.clone(),
        declared: declared.clone(),
        fingerprint: fingerprint.clone(),
        step: step.clone(),
    };
    on_thread(cancel, move |brake| job.run(brake)).await
}

/// What a load is asked to do.
pub(super) struct Job {
    pub(super) server: Server,
    pub(super) declared: Declared,
    pub(super) fingerprint: Fingerprint,
    pub(super) step: StepEvents,
}

impl Job {
    fn run(&self, brake: &Brake) -> Result<LoadOutcome, Error> {
        let start = Instant::now();
        let database = &self.declared.database;
        let mut keeper = Keeper::wait(&self.server, database, brake, &self.step)?;
        keeper.heal()?;
        for kept in keeper.sweep()? {
            self.warn_of(&kept);
        }
        let old = DatabaseShape::of(&mut keeper, database)?;
        if old.is_some() {
            check_free(&mut keeper)?;
        }
        let default;
        let shape = if let Some(old) = &old {
            old
        } else {
            default = DatabaseShape::default_for(&mut keeper, &self.server.user)?;
            default
                .as_ref()
                .ok_or_else(|| postgres::Error::NoDatabase {
                    database: "template1".to_owned(),
                })?
        };
        let mut steward = self.steward(&mut keeper)?;
        let scratch = name(Beside::Scratch, database);
        let owner = steward.as_ref().map_or(&shape.owner, |it| &it.role);
        let mut roles_made = Vec::new();
        let filled = keeper
            .session
            .run(&shape.create(&scratch, owner))
            .map_err(Error::from)
            .and_then(|()| {
                let fill = Fill {
                    job: self,
                    scratch: &scratch,
                    owner: &shape.owner,
                    brake,
                };
                fill.run(steward.as_mut(), &mut roles_made)
            })
            .and_then(|loaded| {
                if brake.is_pulled() {
                    return Err(postgres::Error::Cancelled.into());
                }
                self.step.message("putting the new database into place");
                let away = swap(&mut keeper, &scratch, old.as_ref())?;
                Ok((loaded, away))
            });
        if filled.is_err() && keeper.drop_database(&scratch).is_err() {
            // What cannot be dropped now is dropped by the next load.
            self.warn_of(&scratch);
        }
        if let Some(steward) = &steward {
            // The next load tries again.
            let _ = Steward::dismiss(&mut keeper, &steward.role, &self.server.user);
        }
        match filled {
            Ok((mut loaded, away)) => {
                if let Some(away) = away
                    && keeper.drop_database(&away).is_err()
                {
                    self.warn_of(&away);
                }
                loaded.elapsed = start.elapsed();
                Ok(loaded)
            }
            Err(error) => {
                keeper.drop_roles(&roles_made);
                Err(error)
            }
        }
    }

    /// Makes the role that loads, unless every dump may do everything.
    fn steward(&self, keeper: &mut Keeper) -> Result<Option<Steward>, Error> {
        if self.declared.dumps.iter().all(|dump| dump.superuser) {
            return Ok(None);
        }
        Steward::appoint(keeper)
    }

    fn warn_of(&self, name: &str) {
        let text = format!("`{name}` could not be dropped; the next seed tries again");
        self.step.events.warning(text);
    }
}
