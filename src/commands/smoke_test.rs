//! `smoke-test`: calls the endpoints and checks the answers.

use std::path::Path;
use std::time::{Instant, SystemTime};

use super::choice::Purpose;
use super::failure::Failure;
use super::scene::Scene;
use super::session::Session;
use crate::cli::SmokeTestArgs;
use crate::config::model::{Reference, SqlCheck};
use crate::engine::Addresses;
use crate::postgres::Server;
use crate::report::Answer;
use crate::smoke::{self, CheckResult, Database, JUnit, Places, Run};

pub(super) async fn run(session: &Session, args: &SmokeTestArgs) -> Result<Answer, Failure> {
    let scene = Scene::open(session, args.environment.as_ref(), Purpose::Use).await?;
    let checks = &scene.environment.checks;
    let names: Vec<String> = checks.keys().cloned().collect();
    if names.is_empty() {
        return Err(Failure::unknown_check("", &names));
    }
    if let Some(unknown) = args.filters.iter().find(|name| !names.contains(name)) {
        return Err(Failure::unknown_check(unknown, &names));
    }
    let observed = session
        .unless_interrupted(scene.engine.observe(&[]))
        .await?;
    if observed.services.is_empty() {
        return Err(Failure::nothing_runs(&scene.invocation));
    }
    scene.warn_of_differences(session, &observed);
    let outside = scene.outside().await;
    let (started, start) = (SystemTime::now(), Instant::now());
    let results = smoke::run(Run {
        checks,
        only: &args.filters,
        places: Places {
            reference: &|reference: &Reference| scene.wiring.outside(reference, &outside),
            base_url: &|service: &str, port: &str| address(&outside, service, port),
            database: &|service: &str| database(&scene, &outside, service),
            psql: &|check: &SqlCheck| psql(&scene, check),
        },
        secrets: &scene.environment.secrets,
        events: &session.events,
        cancel: &session.cancel,
    })
    .await;
    if session.cancel.is_cancelled() {
        return Err(Failure::interrupted());
    }
    let elapsed = start.elapsed();
    let id = &scene.invocation.id;
    if let Some(file) = &args.junit {
        let (environment, instance) = (id.environment.as_str(), id.instance.as_str());
        let report = JUnit {
            environment,
            instance,
            started,
            elapsed,
            results: &results,
        };
        write_junit(&report, file, session)?;
    }
    let answer = smoke::answer(&id.environment, &id.instance, &results, elapsed);
    if results.iter().all(|result: &CheckResult| result.passed) {
        Ok(Answer::Smoke(answer))
    } else {
        Err(Failure::checks_failed(answer))
    }
}

fn write_junit(report: &JUnit<'_>, file: &Path, session: &Session) -> Result<(), Failure> {
    let file = session.request.directory.join(file);
    report
        .write(&file)
        .map_err(|error| Failure::of_report(&error))
}

fn address(outside: &Addresses, service: &str, port: &str) -> Result<String, String> {
    outside
        .get(&(service.to_owned(), port.to_owned()))
        .map(|address| format!("http://{address}"))
        .ok_or_else(|| format!("port `{port}` of `{service}` is not published now: is it up?"))
}

fn database(scene: &Scene, outside: &Addresses, service: &str) -> Result<Database, String> {
    let desired = scene.desired.service(service);
    let database = desired.and_then(|service| service.database());
    let database = database.ok_or_else(|| format!("`{service}` is no postgres service"))?;
    let address = outside.get(&(service.to_owned(), "postgres".to_owned()));
    let address = address.ok_or_else(|| format!("`{service}` is not published now: is it up?"))?;
    let (user, password) = (database.user.clone(), database.password.clone());
    let server = Server {
        address: *address,
        user,
        password,
    };
    Ok(Database {
        server,
        name: database.name.clone(),
    })
}

/// Returns the words of a command line that runs a check's query by hand, up to `-c`.
fn psql(scene: &Scene, check: &SqlCheck) -> Vec<String> {
    let id = &scene.invocation.id;
    let mut words = vec![
        "envctl",
        "psql",
        "-e",
        &id.environment,
        "--service",
        &check.service,
    ];
    if !id.is_default() {
        words.extend(["-i", &id.instance]);
    }
    words.into_iter().map(ToOwned::to_owned).collect()
}
