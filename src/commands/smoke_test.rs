//! `smoke-test`: calls the endpoints and checks the answers.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Instant, SystemTime};

use super::choice::Purpose;
use super::failure::Failure;
use super::line;
use super::scene::Scene;
use super::session::Session;
use crate::cli::SmokeTestArgs;
use crate::config::model::{Kind, Reference, ServicePort};
use crate::engine::Addresses;
use crate::postgres::Server;
use crate::report::Answer;
use crate::smoke::{
    self, ByHand, CheckResult, Database, JUnit, Options, Places, RedisServer, Run, Selection,
};

pub(super) async fn run(session: &Session, args: &SmokeTestArgs) -> Result<Answer, Failure> {
    let scene = Scene::open(session, args.environment.as_ref(), Purpose::Use).await?;
    let checks = &scene.environment.checks;
    let selected =
        smoke::select(checks, &selection(args)).map_err(|why| Failure::unselected(&why, checks))?;
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
        selected: &selected,
        options: options(args),
        places: Places {
            reference: &|reference: &Reference| scene.wiring.outside(reference, &outside),
            address: &|port: &ServicePort| address(&outside, port),
            database: &|service: &str| database(&scene, &outside, service),
            redis: &|service: &str| redis(&scene, &outside, service),
            by_hand: &|what: ByHand<'_>| by_hand(&scene, what),
            engine: scene.engine.as_ref(),
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
    if results.iter().any(CheckResult::failed) {
        Err(Failure::checks_failed(answer))
    } else {
        Ok(Answer::Smoke(answer))
    }
}

fn selection(args: &SmokeTestArgs) -> Selection {
    Selection {
        names: args.filters.clone(),
        tags: args.tags.clone(),
        skip: args.skip.clone(),
    }
}

fn options(args: &SmokeTestArgs) -> Options {
    Options {
        jobs: usize::from(args.jobs),
        repeat: args.repeat,
        fail_fast: args.fail_fast,
        update_snapshots: args.update,
    }
}

fn write_junit(report: &JUnit<'_>, file: &Path, session: &Session) -> Result<(), Failure> {
    let file = session.request.directory.join(file);
    report
        .write(&file)
        .map_err(|error| Failure::of_report(&error))
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

fn database(scene: &Scene, outside: &Addresses, service: &str) -> Result<Database, String> {
    let desired = scene.desired.service(service);
    let database = desired.and_then(|service| service.database());
    let database = database.ok_or_else(|| format!("`{service}` is no postgres service"))?;
    let server = Server {
        address: server(outside, service, "postgres")?,
        user: database.user.clone(),
        password: database.password.clone(),
    };
    Ok(Database {
        server,
        name: database.name.clone(),
    })
}

fn redis(scene: &Scene, outside: &Addresses, service: &str) -> Result<RedisServer, String> {
    let declared = scene.environment.services.get(service);
    let Some(Kind::Redis(redis)) = declared.map(|service| &service.kind) else {
        return Err(format!("`{service}` is no redis service"));
    };
    Ok(RedisServer {
        address: server(outside, service, "redis")?,
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
