//! The dispatch: one line for each command, and what the one who calls it has to know before.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::failure::Failure;
use super::session::Session;
use super::{
    build, completions, config, doctor, down, exec, images, instances, list, logs, migrate, plan,
    psql, restart, run as run_task, seed, shortage, smoke_test, status, supervise, up, url,
};
use crate::cli::Command;
use crate::model::Reach;
use crate::tell::{Answer, Failed};

/// How a command goes about its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Whether it waits for others, so that it can be told to stop.
    pub waits: bool,
    /// Whether it cleans up when it is told to stop. What the others started is the user's to see
    /// to, and their streams carry nothing else.
    pub cleans_up: bool,
}

/// Returns how a command goes about its work.
pub fn manner(command: &Command) -> Manner {
    let waits = match command {
        Command::Config(_) | Command::Completions(_) | Command::Supervise(_) => false,
        Command::List(args) => args.all,
        _ => true,
    };
    let cleans_up = match command {
        Command::Logs(_) | Command::Exec(_) => false,
        Command::Psql(args) => args.command.is_some(),
        _ => true,
    };
    Manner { waits, cleans_up }
}

/// Runs one command to its end. It can be called several times at once, each time with a session
/// of its own; its runtime has clocks and I/O (`enable_all`).
pub async fn perform(mut session: Session, command: &Command) -> Result<Answer, Box<Failed>> {
    session.request.reach = reach(command);
    session.command = command.name();
    session.checks = matches!(command, Command::SmokeTest(_));
    // The runtime waits for ever where it gets too few threads.
    let threads = if manner(command).waits {
        threads_can_be_made()
    } else {
        Ok(())
    };
    let mut result = match threads {
        Ok(()) => within_deadline(&session, command).await,
        Err(error) => Err(Failure::of_io(&error)),
    };
    if let Err(failure) = &mut result {
        shortage::name(&session, failure);
    }
    result.map_err(|failure| Box::new(failure.into_failed()))
}

/// Returns how a command ends that was not even left the time to clean up.
pub fn interrupted() -> Box<Failed> {
    Box::new(Failure::interrupted().into_failed())
}

/// Returns how a command ends that the system did not let begin.
pub fn failed_by(error: &io::Error) -> Box<Failed> {
    Box::new(Failure::of_io(error).into_failed())
}

/// Returns what a command may do with what a workspace declares: only those whose name says that
/// they run things do.
fn reach(command: &Command) -> Reach {
    match command {
        Command::Up(_)
        | Command::Build(_)
        | Command::Seed(_)
        | Command::Run(_)
        | Command::Restart(_) => Reach::Act,
        Command::Migrate(args) if !args.status => Reach::Act,
        Command::SmokeTest(args) if args.discover.is_none() => Reach::Act,
        Command::Migrate(_)
        | Command::SmokeTest(_)
        | Command::Config(_)
        | Command::Status(_)
        | Command::Plan(_)
        | Command::Doctor(_)
        | Command::Logs(_)
        | Command::Psql(_)
        | Command::Url(_)
        | Command::Exec(_)
        | Command::Down(_)
        | Command::List(_)
        | Command::Images(_)
        | Command::Completions(_)
        | Command::Supervise(_) => Reach::Look,
    }
}

/// Runs a command, and tells it to stop at its deadline.
async fn within_deadline(session: &Session, command: &Command) -> Result<Answer, Failure> {
    let late = Cell::new(None);
    let stop = async |timeout: Duration| -> Infallible {
        tokio::time::sleep(timeout).await;
        late.set(Some(timeout));
        if manner(command).cleans_up {
            let text = "the deadline of `--timeout` has passed; stopping and cleaning up";
            session.events.warning(text);
        }
        session.cancel.cancel();
        std::future::pending().await
    };
    let work = Box::pin(dispatch(session, command));
    let result = match session.request.timeout {
        None => work.await,
        Some(timeout) => tokio::select! {
            biased;
            result = work => result,
            never = stop(timeout) => match never {},
        },
    };
    result.map_err(|failure| match late.get() {
        Some(timeout) => failure.late(timeout),
        None => failure,
    })
}

/// Finds out whether the system makes as many threads as a command needs at the least.
fn threads_can_be_made() -> io::Result<()> {
    const THREADS: usize = 6;
    let barrier = Arc::new(Mutex::new(()));
    let held = barrier.lock().unwrap_or_else(PoisonError::into_inner);
    let threads = (0..THREADS).map(|_| {
        let barrier = Arc::clone(&barrier);
        // Each stays until all are there.
        std::thread::Builder::new().spawn(move || drop(barrier.lock()))
    });
    let threads: io::Result<Vec<_>> = threads.collect();
    drop(held);
    for thread in threads? {
        // It does nothing that could fail.
        let _ = thread.join();
    }
    Ok(())
}

async fn dispatch(session: &Session, command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Up(args) => up::run(session, args).await,
        Command::Build(args) => build::run(session, args).await,
        Command::Seed(args) => seed::run(session, args).await,
        Command::Migrate(args) => migrate::run(session, args).await,
        Command::SmokeTest(args) => Box::pin(smoke_test::run(session, args)).await,
        Command::Doctor(args) => doctor::run(session, args).await,
        Command::Down(args) => down::run(session, args).await,
        Command::Plan(args) => plan::run(session, args).await,
        Command::Status(args) => status::run(session, args).await,
        Command::Logs(args) => logs::run(session, args).await,
        Command::Exec(args) => exec::run(session, args).await,
        Command::Psql(args) => psql::run(session, args).await,
        Command::Url(args) => url::run(session, args).await,
        Command::Run(args) => run_task::run(session, args).await,
        Command::Restart(args) => restart::run(session, args).await,
        Command::List(args) if args.all => instances::list(session).await,
        Command::List(args) => list::run(session, args),
        Command::Images(args) => images::run(session, args).await,
        Command::Config(args) => config::run(session, args),
        Command::Completions(args) => Ok(completions::run(args)),
        Command::Supervise(args) => supervise::run(session, args).await,
    }
}
