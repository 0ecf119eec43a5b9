//! `run`: a task once, whatever it did before, with what it prints on the streams that it prints
//! to.

use super::choice::Purpose;
use super::exec::exit_code;
use super::failure::Failure;
use super::scene::{Scene, execute};
use super::session::Session;
use crate::cli::RunArgs;
use crate::engine::{Role, ServiceState};
use crate::plan::{self, Consent, DesiredService, Plan, Report, unmet};
use crate::tell::Answer;

pub(super) async fn run(session: &Session, args: &RunArgs) -> Result<Answer, Failure> {
    let command = (Purpose::Use, "run");
    let (scene, _lock) = Scene::hold(session, args.environment.as_ref(), command).await?;
    let task = task(&scene, &args.task)?;
    let observation = scene.observe(session).await?;
    scene.warn_of_differences(session, &observation.engine);
    let unmet = unmet(task, &observation);
    if !unmet.is_empty() {
        return Err(Failure::unmet(
            &scene.invocation,
            ("task", &args.task),
            &unmet,
        ));
    }
    let plan = Plan::of_task(&scene.desired, &observation, task);
    let world = scene.world(session, &observation);
    let report = execute(
        &world,
        (&scene.invocation, "run"),
        &plan,
        &Consent::to_nothing(),
    )
    .await?;
    let code = match ended(&report) {
        Some(code) => code,
        None if report.failures.is_empty() && report.interrupted => {
            return Err(Failure::interrupted());
        }
        None if report.failures.is_empty() => 0,
        None => return Err(Failure::of_run(&scene.invocation, "run", &report)),
    };
    Ok(Answer::Exit { code })
}

/// Returns a declared task that the engine can run.
pub(super) fn task<'a>(scene: &'a Scene, name: &str) -> Result<&'a DesiredService, Failure> {
    let found = scene.desired.service(name);
    if let Some(task) = found.filter(|it| it.spec.role == Role::Task) {
        return Ok(task);
    }
    let path = format!("tasks.{name}");
    let mut unfit = scene.desired.unfit.iter();
    if let Some(unfit) = unfit.find(|unfit| unfit.path == path) {
        let unfit = std::slice::from_ref(unfit);
        return Err(Failure::unfit(scene.engine.name(), unfit));
    }
    let known: Vec<String> = scene.environment.tasks.keys().cloned().collect();
    let failure = Failure::undeclared("task", name, &known);
    Err(failure.unless_environment(&scene.invocation, name))
}

/// Returns the exit code of a task that ran to an end that is not a good one.
fn ended(report: &Report) -> Option<u8> {
    report
        .failures
        .iter()
        .find_map(|failure| match failure.error {
            plan::Error::Task {
                state: ServiceState::Exited { code, .. },
                ..
            } => Some(exit_code(code)),
            _ => None,
        })
}
