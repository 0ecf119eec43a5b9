//! The dispatch: one line for each command, and a runtime for those that need one.

use std::sync::{Arc, Mutex, PoisonError};

use super::failure::{Failure, FailureKind};
use super::interrupt::until_interrupted;
use super::session::Session;
use super::{
    build, completions, config, doctor, down, exec, images, instances, list, logs, migrate, plan,
    psql, restart, run as run_task, seed, shortage, smoke_test, status, supervise, up, url,
};
use crate::cli::Command;
use crate::model::Reach;
use crate::tell::{Answer, Diagnostic, Failed};

/// Runs one command to its end.
pub fn run(mut session: Session, command: &Command) -> Result<Answer, Box<Failed>> {
    session.request.reach = reach(command);
    session.command = command.name();
    session.checks = matches!(command, Command::SmokeTest(_));
    let mut result = match command {
        Command::Config(args) => config::run(&session, args),
        Command::List(args) if !args.all => list::run(&session, args),
        Command::Completions(args) => Ok(completions::run(args)),
        Command::Supervise(args) => supervise::run(&session, args),
        _ => block_on(&session, command),
    };
    if let Err(failure) = &mut result {
        shortage::name(&session, failure);
    }
    // The renderer ends when the last handle is gone.
    drop(session);
    result.map_err(|failure| Box::new(failure.into_failed()))
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

fn block_on(session: &Session, command: &Command) -> Result<Answer, Failure> {
    // The runtime panics where it gets no thread, and waits for ever where it gets too few.
    threads_can_be_made().map_err(|error| Failure::of_io(&error))?;
    // A command waits for answers: a thread that waits for all of them itself is not woken by
    // another one for each. What works has threads of its own.
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build();
    let runtime = runtime.map_err(|error| Failure::of_io(&error))?;
    let cancel = session.cancel.clone();
    // What these started is the user's to see to, and their streams carry nothing else.
    let cleans_up = match command {
        Command::Logs(_) | Command::Exec(_) => false,
        Command::Psql(args) => args.command.is_some(),
        _ => true,
    };
    let events = cleans_up.then(|| session.events.clone());
    let work = until_interrupted(
        Box::pin(dispatch(session, command)),
        session.request.timeout,
        (cancel, events, Arc::clone(&session.lent)),
    );
    let result = runtime.block_on(work);
    // After a second Ctrl-C, threads may still be in the middle of a call.
    runtime.shutdown_background();
    result
}

/// Finds out whether the system makes as many threads as a command needs at the least.
fn threads_can_be_made() -> std::io::Result<()> {
    const THREADS: usize = 6;
    let barrier = Arc::new(Mutex::new(()));
    let held = barrier.lock().unwrap_or_else(PoisonError::into_inner);
    let threads = (0..THREADS).map(|_| {
        let barrier = Arc::clone(&barrier);
        // Each stays until all are there.
        std::thread::Builder::new().spawn(move || drop(barrier.lock()))
    });
    let threads: std::io::Result<Vec<_>> = threads.collect();
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
        Command::List(_) => instances::list(session).await,
        Command::Images(args) => images::run(session, args).await,
        Command::Config(_) | Command::Completions(_) | Command::Supervise(_) => {
            let diagnostic = Diagnostic::new("this command needs no runtime");
            Err(Failure::new(FailureKind::Other, diagnostic))
        }
    }
}
