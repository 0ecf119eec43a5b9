//! `smoke-test`: calls the endpoints and checks the answers.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Instant, SystemTime};

use super::choice::Purpose;
use super::discover;
use super::failure::Failure;
use super::hidden::secrets;
use super::line;
use super::scene::Scene;
use super::session::Session;
use super::smoke_reports::Targets;
use crate::cli::SmokeTestArgs;
use crate::engine::Addresses;
use crate::kinds::{POSTGRES, REDIS};
use crate::model::{Kind, Reference, ServicePort};
use crate::postgres::Server;
use crate::smoke::reports::Results;
use crate::smoke::{
    self, ByHand, CheckResult, Places, RedisServer, Selection, SmokeOptions, SmokeRun, Snapshots,
    SqlDatabase,
};
use crate::tell::Answer;

pub(super) async fn run(session: &Session, args: &SmokeTestArgs) -> Result<Answer, Failure> {
    if let Some(service) = &args.discover {
        return Box::pin(discover::run(session, args, service.as_deref())).await;
    }
    let targets = Targets::prepared(session, args)?;
    let mut scene = Scene::open(session, args.environment.as_ref(), Purpose::Use).await?;
    if args.report_dir.is_none() {
        // Nobody wants to see it, and there may be much of it.
        scene.merged = None;
    }
    let checks = &scene.environment.checks;
    let selected =
        smoke::select(checks, &selection(args)).map_err(|why| Failure::unselected(&why, checks))?;
    let observed = session.unless_interrupted(scene.engine.observe()).await?;
    if observed.services.is_empty() {
        return Err(Failure::nothing_runs(&scene.invocation));
    }
    scene.warn_of_differences(session, &observed);
    let outside = scene.outside().await;
    let (started, start) = (SystemTime::now(), Instant::now());
    let secrets = secrets(&scene.environment);
    let snapshots = Snapshots::new(args.update, &scene.invocation.workspace);
    let (checks, mask) = smoke::run(SmokeRun {
        checks,
        selected: &selected,
        options: options(args),
        snapshots: &snapshots,
        places: Places {
            reference: &|reference: &Reference| scene.desired.wiring.outside(reference, &outside),
            address: &|port: &ServicePort| address(&outside, port),
            database: &|service: &str| database(&scene, &outside, service),
            redis: &|service: &str| redis(&scene, &outside, service),
            by_hand: &|what: ByHand<'_>| by_hand(&scene, what),
            engine: scene.engine.as_ref(),
        },
        secrets: &secrets,
        events: &session.events,
        cancel: &session.cancel,
    })
    .await;
    let id = &scene.invocation.id;
    let results = Results {
        environment: &id.environment,
        instance: &id.instance,
        engine: scene.engine.name(),
        started,
        elapsed: start.elapsed(),
        interrupted: session.cancel.is_cancelled(),
        checks: &checks,
    };
    tell(session, &snapshots, &scene.invocation.workspace);
    let of = (&scene, &mask, observed.services.as_slice());
    let unwritten = targets.write(session, of, &results).await;
    end(session, &targets, &results, unwritten)
}

/// Says which snapshots were written.
fn tell(session: &Session, snapshots: &Snapshots, workspace: &Path) {
    for file in snapshots.written() {
        let file = file.strip_prefix(workspace).unwrap_or(&file);
        session
            .events
            .info(format!("snapshot {} written", file.display()));
    }
}

/// Returns how the command ends: what an interruption or a failed check says counts more than a
/// report that is not written.
fn end(
    session: &Session,
    targets: &Targets,
    results: &Results<'_>,
    unwritten: Vec<Failure>,
) -> Result<Answer, Failure> {
    let failed = results.checks.iter().any(CheckResult::failed);
    let report = targets.printed(results);
    if results.interrupted || failed {
        for failure in unwritten {
            let causes = failure.diagnostics.iter().flat_map(|it| &it.causes);
            let text = causes.fold(failure.to_string(), |text, cause| text + ": " + cause);
            session.events.warning(text);
        }
        if results.interrupted {
            return Err(Failure::interrupted().with_answer(report));
        }
        let answer = report.unwrap_or_else(|| answer(results));
        return Err(Failure::checks_failed(answer));
    }
    let answer = report.unwrap_or_else(|| answer(results));
    match unwritten.into_iter().next() {
        Some(failure) => Err(failure.with_answer(Some(answer))),
        None => Ok(answer),
    }
}

fn answer(results: &Results<'_>) -> Answer {
    let Results {
        environment,
        instance,
        checks,
        elapsed,
        ..
    } = *results;
    Answer::Smoke(smoke::answer(environment, instance, checks, elapsed))
}

fn selection(args: &SmokeTestArgs) -> Selection {
    Selection {
        names: args.filters.clone(),
        tags: args.tags.clone(),
        skip: args.skip.clone(),
    }
}

fn options(args: &SmokeTestArgs) -> SmokeOptions {
    SmokeOptions {
        jobs: usize::from(args.jobs),
        repeat: args.repeat,
        fail_fast: args.fail_fast,
    }
}

fn address(outside: &Addresses, port: &ServicePort) -> Result<SocketAddr, String> {
    let ServicePort { service, port } = port;
    outside
        .get(&(service.clone(), port.clone()))
        .copied()
        .ok_or_else(|| format!("port `{port}` of `{service}` is not published now: is it up?"))
}

/// Returns where the one port of a server is reached.
fn server(outside: &Addresses, service: &str, port: &str) -> Result<SocketAddr, String> {
    let address = outside.get(&(service.to_owned(), port.to_owned()));
    let address = address.copied();
    address.ok_or_else(|| format!("`{service}` is not published now: is it up?"))
}

fn database(scene: &Scene, outside: &Addresses, service: &str) -> Result<SqlDatabase, String> {
    let desired = scene.desired.service(service);
    let database = desired.and_then(|service| service.database.as_ref());
    let database = database.ok_or_else(|| format!("`{service}` is no postgres service"))?;
    let server = Server {
        address: server(outside, service, POSTGRES.name)?,
        user: database.login.user.clone(),
        password: database.login.password.clone(),
    };
    Ok(SqlDatabase {
        server,
        name: database.name().to_owned(),
    })
}

fn redis(scene: &Scene, outside: &Addresses, service: &str) -> Result<RedisServer, String> {
    let declared = scene.environment.services.get(service);
    let Some(Kind::Redis(redis)) = declared.map(|service| &service.kind) else {
        return Err(format!("`{service}` is no redis service"));
    };
    Ok(RedisServer {
        address: server(outside, service, REDIS.name)?,
        password: redis.password.clone(),
    })
}

/// Returns the words of a command line that does by hand what a check does.
fn by_hand(scene: &Scene, what: ByHand<'_>) -> Vec<String> {
    let id = &scene.invocation.id;
    let (verb, rest) = match what {
        ByHand::Sql(action) => ("psql", vec!["--service", &action.service]),
        ByHand::Exec(service) => ("exec", vec![service, "--"]),
    };
    let line = line::inside(id, verb);
    line.split(' ').chain(rest).map(ToOwned::to_owned).collect()
}
