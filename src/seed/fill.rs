//! What happens inside the scratch database: dumps, migrations, the record, statistics, and the
//! handing over of all of it.

use std::collections::HashSet;

use crate::postgres::{self, Brake, DatabaseSession, Target, identifier, migrate_here};

use super::dump::{Counts, LoadScene, load_dump};
use super::fingerprint::seed_digest;
use super::last::Last;
use super::load::{Job, LoadOutcome};
use super::progress::LoadProgress;
use super::steward::Steward;
use super::{Error, register};

/// One filling of a scratch database.
pub(super) struct Fill<'a> {
    pub(super) job: &'a Job,
    pub(super) scratch: &'a str,
    /// Who owns the database in the end.
    pub(super) owner: &'a str,
    pub(super) brake: &'a Brake,
}

/// What each seed brought, by its name.
type Seeds<'a> = Vec<(&'a String, Counts)>;

impl Fill<'_> {
    /// Fills it; `roles_made` hears of every role that is made for it, also when it fails.
    pub(super) fn run(
        &self,
        mut steward: Option<&mut Steward>,
        roles_made: &mut Vec<String>,
    ) -> Result<LoadOutcome, Error> {
        let target = self.job.server.target(self.scratch);
        if let Some(steward) = steward.as_deref_mut() {
            let session = DatabaseSession::open(&target, self.brake)?.without_limits()?;
            steward.settle(&mut session.for_own_words()?)?;
        }
        let steward = steward.as_deref();
        let roles = self.roles()?;
        let mut scene = LoadScene {
            server: &self.job.server,
            scratch: &target,
            database: &self.job.declared.database,
            brake: self.brake,
            roles_before: roles.clone(),
            roles,
            joined: HashSet::new(),
            steward: None,
            last: Vec::new(),
            roles_created: Vec::new(),
            roles_made,
        };
        let (mut loaded, seeds) = self.dumps(&mut scene, steward)?;
        loaded.roles_created = std::mem::take(&mut scene.roles_created);
        let last = std::mem::take(&mut scene.last);
        let its_own = self.as_loader(&target, steward);
        let declared = &self.job.declared;
        let mut own = DatabaseSession::open(&target, self.brake)?
            .without_limits()?
            .for_own_words()?;
        if let Some(steward) = steward {
            steward.hush(&mut own)?;
        }
        let mut session = DatabaseSession::open(&its_own, self.brake)?.without_limits()?;
        let migrations = register::migrations_of_dumps(&mut session)?;
        register::make(&mut own, &migrations)?;
        loaded.migrations_applied =
            migrate_here(&target, &declared.migrations, &self.job.step, self.brake)?;
        register::write(&mut own, &seeds)?;
        self.analyze(&mut session, steward.map(|_| &mut own))?;
        session.close();
        if let Some(steward) = steward {
            let to = (self.job.server.user.as_str(), self.owner, self.scratch);
            steward.hand_over(&mut own, to)?;
        }
        Last::run(last, &target, self.brake)?;
        register::write_place_taken(&mut own)?;
        Ok(loaded)
    }

    /// Loads the dumps in their order.
    fn dumps<'d>(
        &'d self,
        scene: &mut LoadScene<'d>,
        steward: Option<&'d Steward>,
    ) -> Result<(LoadOutcome, Seeds<'d>), Error> {
        let mut progress = LoadProgress::new(self.job.step.clone(), self.total());
        let mut loaded = LoadOutcome::default();
        let mut seeds = Vec::new();
        for dump in &self.job.declared.dumps {
            scene.steward = steward.filter(|_| !dump.superuser);
            let counts = load_dump(scene, &dump.file, &mut progress)
                .map_err(|error| error.of_seed(&dump.name, scene.steward.is_some()))?;
            let digest = seed_digest(&counts.digest);
            let mut expected = self.job.fingerprint.seeds.iter();
            if !expected.any(|seed| seed.name == dump.name && seed.digest == digest) {
                return Err(Error::ChangedMeanwhile {
                    file: dump.file.clone(),
                });
            }
            loaded.bytes += counts.bytes;
            loaded.rows += counts.rows;
            loaded.statements += counts.statements;
            seeds.push((&dump.name, counts));
        }
        Ok((loaded, seeds))
    }

    /// Returns the database as whoever loads knows it.
    fn as_loader(&self, target: &Target, steward: Option<&Steward>) -> Target {
        match steward {
            Some(steward) => steward.server(&self.job.server).target(&target.database),
            None => target.clone(),
        }
    }

    /// Collects the statistics as whoever loaded: what indexes compute is a dump's own code, and
    /// runs with the rights of the table's owner.
    fn analyze(
        &self,
        session: &mut DatabaseSession,
        own: Option<&mut DatabaseSession>,
    ) -> Result<(), Error> {
        self.job.step.message("collecting statistics");
        match session.run("ANALYZE") {
            Err(error @ postgres::Error::Statement { .. }) => self.warn_of_statistics(&error),
            other => return Ok(other?),
        }
        let Some(own) = own else { return Ok(()) };
        let tables = own.rows(
            "SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT LIKE 'pg\\_%' \
             AND n.nspname <> 'information_schema'",
        )?;
        for row in tables {
            let mut texts = row.into_iter().map(Option::unwrap_or_default);
            let mut text = || texts.next().unwrap_or_default();
            let (number, schema, table) = (text(), text(), text());
            let table = format!("{}.{}", identifier(&schema), identifier(&table));
            match session.run(&format!("ANALYZE {table}")) {
                // The server would try again by itself, as the owner that the table is about to
                // get, if it did not take it for unchanged.
                Err(postgres::Error::Statement { .. }) => own.run(&format!(
                    "SELECT pg_catalog.pg_stat_reset_single_table_counters({number})"
                ))?,
                other => other?,
            }
        }
        Ok(())
    }

    fn warn_of_statistics(&self, error: &postgres::Error) {
        let text = format!("the statistics could not be collected: {error}");
        self.job.step.events.warning(text);
    }

    fn roles(&self) -> Result<HashSet<String>, Error> {
        let beside = self.job.server.beside(&self.job.declared.database);
        let rows = DatabaseSession::open(&beside, self.brake)?
            .rows("SELECT rolname FROM pg_catalog.pg_roles")?;
        Ok(rows.into_iter().flatten().flatten().collect())
    }

    fn total(&self) -> u64 {
        let sizes = self.job.declared.dumps.iter().map(|dump| {
            // A file that cannot be read is told when it is opened.
            fs_err::metadata(&dump.file).map_or(0, |metadata| metadata.len())
        });
        sizes.sum()
    }
}
