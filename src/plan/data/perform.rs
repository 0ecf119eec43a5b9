//! The steps on what a database holds. Each looks once more when its turn comes, and does no more than
//! is decided then.

use super::decide::{ALL_APPLIED, Case};
use super::decision::{Decision, PartDecision, Seen, Wish};
use super::store::{DataTask, Store};
use super::view::{self, Material};
use crate::plan::desired::{Database, DesiredService};
use crate::plan::error::Error;
use crate::plan::launch::{image_of, interruptible, launch, lock, make};
use crate::plan::login::server;
use crate::plan::task::{Telling, follow};
use crate::plan::world::{Done, World};
use crate::postgres::{self, Server};
use crate::seed::{self, Brings, LoadOutcome, TaskWork};
use crate::tell::StepEvents;

/// What a step may use when its turn has come.
#[derive(Clone, Copy)]
pub(in crate::plan) struct Turn<'a> {
    pub world: &'a World,
    pub events: &'a StepEvents,
}

impl Turn<'_> {
    async fn server(self, database: &Database) -> Result<Server, Error> {
        server(self.world.engine.as_ref(), &database.login).await
    }

    /// Reads what belongs into a database.
    async fn material(self, database: &Database, migrations: bool) -> Result<Material, Error> {
        // To read a large dump takes its time.
        let reading = Material::read(database, migrations, &self.world.digests);
        interruptible(self.world, reading).await
    }

    /// Looks at a database, and decides by what is there now.
    async fn decide<'s>(
        self,
        server: &Server,
        store: &'s Store,
        material: &Material,
        wish: Wish,
    ) -> Result<Decision<'s>, Error> {
        let images = lock(&self.world.images).clone();
        let view = view::look(server, store, material, (&images, &self.world.digests)).await?;
        let view = view.map_err(|error| Error::of_look(store.database.service(), error))?;
        let case = Case {
            database: &store.database,
            seen: Seen::View(&view),
            wish,
            migrating_may_change: false,
        };
        Ok(case.decide())
    }

    fn warn(self, notice: Option<String>) {
        if let Some(notice) = notice {
            self.world.events.warning(notice);
        }
    }
}

/// Says that a part stays as it is, unless it is to be done.
fn left(verdict: Option<&PartDecision>) -> Option<Done> {
    match verdict {
        Some(PartDecision::Do(_)) => None,
        verdict => Some(Done::Unchanged(verdict.and_then(PartDecision::why_not))),
    }
}

/// Loads the declared data; with `resets`, whatever is there.
pub(in crate::plan) async fn load(
    store: &Store,
    wish: Wish,
    resets: bool,
    turn: Turn<'_>,
) -> Result<Done, Error> {
    let database = &store.database;
    let server = turn.server(database).await?;
    let material = turn.material(database, wish.migrates()).await?;
    // A reset need not know what it throws away.
    if !resets {
        let decision = turn.decide(&server, store, &material, wish).await?;
        if decision.resets {
            let because = "what it holds by now only a reset would replace";
            return Ok(Done::Unchanged(Some(because.to_owned())));
        }
        if let Some(left) = left(decision.load.as_ref()) {
            let refused = decision.refusal().map(|refusal| {
                let why = refusal.to_string();
                format!("{} was not seeded: {why}", database.service())
            });
            turn.warn(decision.dump_notice.or(refused));
            return Ok(left);
        }
    }
    let Material {
        declared,
        fingerprint,
    } = &material;
    let (events, cancel) = (turn.events, &turn.world.cancel);
    let loaded = seed::load(&server, declared, fingerprint, events, cancel).await;
    if let Err(seed::Error::ChangedMeanwhile { file }) = &loaded {
        // Or what was known of it was wrong.
        turn.world.digests.forget(file);
    }
    let loaded = loaded?;
    lock(&turn.world.loaded).insert(database.service().to_owned());
    Ok(told(database.service(), &loaded, turn))
}

/// Says what a load brought.
fn told(service: &str, loaded: &LoadOutcome, turn: Turn<'_>) -> Done {
    for role in &loaded.roles_created {
        turn.world.events.info(format!(
            "{service}: role {role} was created, which the dump names"
        ));
    }
    let migrations = match loaded.migrations_applied.len() {
        0 => String::new(),
        1 => ", 1 migration".to_owned(),
        count => format!(", {count} migrations"),
    };
    Done::Changed(Some(format!(
        "{} rows, {} statements{migrations}",
        loaded.rows, loaded.statements
    )))
}

/// Takes away what killed loads left beside a database.
pub(in crate::plan) async fn tidy(database: &Database, turn: Turn<'_>) -> Result<Done, Error> {
    let server = turn.server(database).await?;
    let Some(kept) = seed::tidy(&server, database.name()).await? else {
        let because = "another load is under way";
        return Ok(Done::Unchanged(Some(because.to_owned())));
    };
    for name in &kept {
        let text = format!("`{name}` could not be dropped; the next seed tries again");
        turn.world.events.warning(text);
    }
    Ok(if kept.is_empty() {
        Done::Changed(None)
    } else {
        Done::Unchanged(Some("not all of it could be taken away".to_owned()))
    })
}

/// Applies the pending migrations of a folder.
pub(in crate::plan) async fn migrate(store: &Store, turn: Turn<'_>) -> Result<Done, Error> {
    let database = &store.database;
    let server = turn.server(database).await?;
    let material = turn.material(database, true).await?;
    let decision = turn
        .decide(&server, store, &material, Wish::Migrate)
        .await?;
    if let Some(left) = left(decision.migrate.as_ref()) {
        turn.warn(decision.dump_notice);
        return Ok(left);
    }
    let target = server.target(database.name());
    let migrations = &material.declared.migrations;
    let applied = postgres::migrate(&target, migrations, turn.events, &turn.world.cancel)
        .await
        .map_err(Error::Migration)?;
    if applied.is_empty() {
        return Ok(Done::Unchanged(Some(ALL_APPLIED.to_owned())));
    }
    let names = applied
        .iter()
        .map(|migration| format!("V{}__{}", migration.version, migration.name));
    Ok(Done::Changed(Some(names.collect::<Vec<_>>().join(", "))))
}

/// Runs a task unless what it brings is in.
pub(in crate::plan) async fn bring(
    store: &Store,
    task: &DataTask,
    turn: Turn<'_>,
) -> Result<Done, Error> {
    let database = &store.database;
    let server = turn.server(database).await?;
    let material = turn.material(database, false).await?;
    let wish = match task.brings {
        Brings::Seed => Wish::Send,
        Brings::Migrations => Wish::Migrate,
    };
    let decision = turn.decide(&server, store, &material, wish).await?;
    let verdict = match task.brings {
        Brings::Seed => {
            let mut sent = decision.send.iter();
            let sent = sent.find(|(seed, _)| seed.name == task.name);
            sent.map(|(_, verdict)| verdict)
        }
        Brings::Migrations => decision.migrate.as_ref(),
    };
    if let Some(left) = left(verdict) {
        return Ok(left);
    }
    let image = image_of(&task.task, turn.world)?;
    let work = task.work(Some(&image), &turn.world.digests).await?;
    send(task, &work, (&server, database.name()), turn).await
}

/// Runs a task, and records when it begins and that it ended well.
async fn send(
    task: &DataTask,
    work: &TaskWork,
    (server, database): (&Server, &str),
    turn: Turn<'_>,
) -> Result<Done, Error> {
    let Turn { world, events } = turn;
    seed::begin(server, database, work).await?;
    let fail = |failure, ran| match failure {
        Error::Interrupted => Error::Interrupted,
        failure => Error::Data {
            name: task.name.clone(),
            brings: task.brings,
            ran,
            failure: Box::new(failure),
        },
    };
    if let Err(failure) = start(&task.task, world).await {
        // An interruption may come when it runs already; whatever else kept it from running, so
        // that nothing of it is in. The first error is the one to tell.
        if !matches!(failure, Error::Interrupted) {
            let _ = seed::forget(server, database, work).await;
        }
        return Err(fail(failure, false));
    }
    let ended = async {
        let done = follow(&task.task, Telling::Output(events), world, events).await?;
        seed::finish(server, database, work).await?;
        Ok(done)
    };
    ended.await.map_err(|failure| fail(failure, true))
}

async fn start(task: &DesiredService, world: &World) -> Result<(), Error> {
    let launch = launch(task, world)?;
    make(task, &launch, world).await
}
