//! One look at what a service offers: its health check, its ports, its own protocol.

use super::database;
use crate::config::model::{Probe, Secret};
use crate::engine::{Engine, Exec, ExecOutcome};
use crate::plan::desired::{DesiredService, Readiness};
use crate::plan::error::Error;
use crate::probe::{Attempt, Http, connect, redis};

/// Looks once, and changes nothing.
pub(super) async fn look(engine: &dyn Engine, service: &DesiredService) -> Attempt<String, Error> {
    let name = &service.spec.name;
    match &service.readiness {
        Readiness::Running | Readiness::Exit => Attempt::Done("it runs".to_owned()),
        Readiness::Ports(ports) => look_at_ports(engine, service, ports).await,
        Readiness::Probe(probe) => look_at_probe(engine, service, probe).await,
        Readiness::Redis { password } => look_at_redis(engine, name, password.as_ref()).await,
        Readiness::Postgres(database) => database::look(engine, name, database).await,
    }
}

async fn look_at_probe(
    engine: &dyn Engine,
    service: &DesiredService,
    probe: &Probe,
) -> Attempt<String, Error> {
    match probe {
        Probe::Http { port, path } => look_at_path(engine, &service.spec.name, port, path).await,
        Probe::Tcp { port } => look_at_port(engine, service, port).await,
        Probe::Command(command) => look_by(engine, &service.spec.name, command).await,
    }
}

async fn look_at_path(
    engine: &dyn Engine,
    service: &str,
    port: &str,
    path: &str,
) -> Attempt<String, Error> {
    let address = match engine.address(service, port).await {
        Ok(address) => address,
        Err(error) => return Attempt::NotYet(error.to_string()),
    };
    let url = format!("http://{address}{path}");
    match Http::new().get_status(&url).await {
        Attempt::Done(status) => Attempt::Done(format!("GET {path} answered {status}")),
        Attempt::NotYet(observation) => {
            Attempt::NotYet(format!("GET {path} on {address}: {observation}"))
        }
        Attempt::Hopeless(error) => Attempt::NotYet(format!("GET {path} on {address}: {error}")),
    }
}

/// Looks at every declared port, as far as the first one that does not answer.
async fn look_at_ports(
    engine: &dyn Engine,
    service: &DesiredService,
    ports: &[String],
) -> Attempt<String, Error> {
    for port in ports {
        let seen = look_at_port(engine, service, port).await;
        if !matches!(seen, Attempt::Done(_)) {
            return seen;
        }
    }
    let noun = if ports.len() == 1 { "port" } else { "ports" };
    let verb = if ports.len() == 1 {
        "answers"
    } else {
        "answer"
    };
    Attempt::Done(format!("{noun} {} {verb}", ports.join(", ")))
}

async fn look_at_port(
    engine: &dyn Engine,
    service: &DesiredService,
    port: &str,
) -> Attempt<String, Error> {
    let name = &service.spec.name;
    let address = match engine.address(name, port).await {
        Ok(address) => address,
        Err(error) => return Attempt::NotYet(error.to_string()),
    };
    match connect(address, None).await {
        Attempt::Done(()) => {}
        Attempt::NotYet(observation) => {
            return Attempt::NotYet(format!("port {port}: {observation}"));
        }
        Attempt::Hopeless(never) => match never {},
    }
    if engine.capabilities().containers && !is_served(engine, service, port).await {
        return Attempt::NotYet(format!("port {port}: nothing listens behind it"));
    }
    Attempt::Done(format!("port {port} answers"))
}

/// Whether somebody listens behind a published port, at which the engine itself takes connections
/// before and whether or not anybody does. Where that cannot be seen, it counts that the
/// connection was not closed.
async fn is_served(engine: &dyn Engine, service: &DesiredService, port: &str) -> bool {
    let mut ports = service.spec.ports.iter();
    let Some(number) = ports.find(|it| it.name == port).map(|it| it.container) else {
        return true;
    };
    match engine.listeners(&service.spec.name).await {
        Ok(Some(listeners)) => listeners
            .iter()
            .any(|address| address.port() == number && !address.ip().is_loopback()),
        Ok(None) | Err(_) => true,
    }
}

async fn look_by(engine: &dyn Engine, service: &str, command: &[String]) -> Attempt<String, Error> {
    let exec = Exec {
        command: command.to_vec(),
        ..Exec::default()
    };
    match engine.exec(service, &exec).await {
        Ok(outcome) if outcome.exit_code == 0 => {
            Attempt::Done("its check command exited 0".to_owned())
        }
        Ok(outcome) => Attempt::NotYet(check_failed(&outcome)),
        Err(error) => Attempt::NotYet(error.to_string()),
    }
}

/// Says how a check command failed, with the last that it printed.
fn check_failed(outcome: &ExecOutcome) -> String {
    let code = format!("its check command exited {}", outcome.exit_code);
    let printed = [&outcome.stderr, &outcome.stdout].map(|bytes| String::from_utf8_lossy(bytes));
    let mut lines = printed.iter().flat_map(|text| text.lines().rev());
    match lines.find(|line| !line.trim().is_empty()) {
        Some(line) => format!("{code}: {}", line.trim()),
        None => code,
    }
}

async fn look_at_redis(
    engine: &dyn Engine,
    service: &str,
    password: Option<&Secret>,
) -> Attempt<String, Error> {
    let address = match engine.address(service, "redis").await {
        Ok(address) => address,
        Err(error) => return Attempt::NotYet(error.to_string()),
    };
    match redis::ping(address, password.map(Secret::expose)).await {
        Attempt::Done(()) => Attempt::Done("it answered PING".to_owned()),
        Attempt::NotYet(observation) => Attempt::NotYet(format!("PING: {observation}")),
        Attempt::Hopeless(never) => match never {},
    }
}
