//! Readiness, seen from outside over the real protocol. For Postgres that is an answer to the
//! application's user on the application's database over TCP, since a server that sets itself up
//! listens on its local socket alone.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::declared::server;
use super::desired::{Database, DesiredService, Readiness};
use super::error::{Error, state_text};
use crate::config::model::{Probe, Reach, Secret};
use crate::engine::{self, Engine, Exec, ExecOutcome, ServiceState};
use crate::postgres::{self, ensure_database, password_sql};
use crate::probe::{Attempt, Exhausted, Http, Poll, connect, redis};
use crate::report::StepEvents;

/// How long a service that offers no probe must have run to count as ready.
const SETTLED: Duration = Duration::from_millis(300);

/// Looks once; `false` also where it cannot be seen, and `None` where that would run a command of
/// the workspace, or needs a secret that nobody knows.
pub(super) async fn look(
    engine: &dyn Engine,
    service: &DesiredService,
    reach: Reach,
) -> Option<bool> {
    let result = match &service.readiness {
        Readiness::Running | Readiness::Exit => return Some(true),
        Readiness::Probe(Probe::Command(_)) if reach == Reach::Look => return None,
        Readiness::Redis {
            password: Some(password),
        } if password.is_unread() => return None,
        Readiness::Probe(probe) => look_at_probe(engine, &service.spec.name, probe).await,
        Readiness::Redis { password } => {
            look_at_redis(engine, &service.spec.name, password.as_ref()).await
        }
        Readiness::Postgres(database) => {
            match look_at_postgres(engine, &service.spec.name, database).await {
                Attempt::Hopeless(Error::Unread { .. }) => return None,
                result => result,
            }
        }
    };
    Some(matches!(result, Attempt::Done(_)))
}

/// Waits until a service is ready and says how that was seen.
pub(super) async fn wait(
    engine: &dyn Engine,
    service: &DesiredService,
    cancel: &CancellationToken,
    events: &StepEvents,
) -> Result<String, Error> {
    let name = &service.spec.name;
    let begun = Mutex::new(Instant::now());
    let polled = Poll::within(service.ready_timeout)
        .until(
            cancel,
            async || attempt(engine, service, &begun).await,
            |observation| events.message(observation),
        )
        .await;
    match polled {
        Ok((detail, _)) => Ok(detail),
        Err(Exhausted::Cancelled) => Err(Error::Interrupted),
        Err(Exhausted::Hopeless(error)) => Err(error),
        Err(Exhausted::TimedOut {
            last,
            attempts,
            waited,
        }) => Err(Error::NotReady {
            service: name.clone(),
            last: last + &where_to_listen(engine, service),
            attempts,
            waited,
        }),
    }
}

/// Says to whom runs without a container that no port is forwarded to it.
fn where_to_listen(engine: &dyn Engine, service: &DesiredService) -> String {
    let (Readiness::Probe(Probe::Http { port, .. } | Probe::Tcp { port }), false) =
        (&service.readiness, engine.capabilities().containers)
    else {
        return String::new();
    };
    let name = &service.spec.service;
    format!("; a process has to listen on `${{services.{name}.ports.{port}}}` itself")
}

async fn attempt(
    engine: &dyn Engine,
    service: &DesiredService,
    begun: &Mutex<Instant>,
) -> Attempt<String, Error> {
    let name = &service.spec.name;
    let state = match engine.state(name).await {
        Ok(Some(state)) => state,
        Ok(None) => {
            return Attempt::Hopeless(
                engine::Error::NoService {
                    service: name.clone(),
                }
                .into(),
            );
        }
        Err(error) => return Attempt::Hopeless(error.into()),
    };
    match state {
        ServiceState::Running => {}
        // One that its restart policy starts again is `Restarting` in between.
        ServiceState::Exited { .. } | ServiceState::Dead | ServiceState::Lost => {
            return Attempt::Hopeless(Error::Ended {
                service: name.clone(),
                state,
            });
        }
        ServiceState::Restarting => {
            // Not before it runs for a while without ending.
            *begun.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
            return Attempt::NotYet("it ends, and is started again by its `restart`".to_owned());
        }
        _ => return Attempt::NotYet(state_text(&state)),
    }
    match &service.readiness {
        Readiness::Probe(probe) => look_at_probe(engine, name, probe).await,
        Readiness::Redis { password } => look_at_redis(engine, name, password.as_ref()).await,
        Readiness::Postgres(database) => prepare_postgres(engine, name, database).await,
        Readiness::Running | Readiness::Exit => {
            let begun = *begun.lock().unwrap_or_else(PoisonError::into_inner);
            if begun.elapsed() >= SETTLED {
                Attempt::Done("it runs".to_owned())
            } else {
                Attempt::NotYet("it just started".to_owned())
            }
        }
    }
}

async fn look_at_probe(
    engine: &dyn Engine,
    service: &str,
    probe: &Probe,
) -> Attempt<String, Error> {
    match probe {
        Probe::Http { port, path } => {
            let address = match engine.address(service, port).await {
                Ok(address) => address,
                Err(error) => return Attempt::NotYet(error.to_string()),
            };
            match Http::new()
                .get_status(&format!("http://{address}{path}"))
                .await
            {
                Attempt::Done(status) => Attempt::Done(format!("GET {path} answered {status}")),
                Attempt::NotYet(observation) => {
                    Attempt::NotYet(format!("GET {path} on {address}: {observation}"))
                }
                Attempt::Hopeless(error) => {
                    Attempt::NotYet(format!("GET {path} on {address}: {error}"))
                }
            }
        }
        Probe::Tcp { port } => match engine.address(service, port).await {
            Ok(address) => match connect(address, None).await {
                Attempt::Done(()) => Attempt::Done(format!("port {port} answers")),
                Attempt::NotYet(observation) => {
                    Attempt::NotYet(format!("port {port}: {observation}"))
                }
                Attempt::Hopeless(never) => match never {},
            },
            Err(error) => Attempt::NotYet(error.to_string()),
        },
        Probe::Command(command) => {
            let exec = Exec {
                command: command.clone(),
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

async fn look_at_postgres(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Attempt<String, Error> {
    let server = match server(engine, service, database).await {
        Ok(server) => server,
        Err(error @ Error::Unread { .. }) => return Attempt::Hopeless(error),
        Err(error) => return Attempt::NotYet(error.to_string()),
    };
    match postgres::probe(&server.target(&database.name)).await {
        Ok(version) => Attempt::Done(format!("PostgreSQL {}", version.text)),
        Err(error) if error.is_transient() => Attempt::NotYet(error.to_string()),
        Err(error) => Attempt::Hopeless(error.into()),
    }
}

/// Looks, and puts right what can be: a database that is missing, a password that is an old one.
async fn prepare_postgres(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Attempt<String, Error> {
    let seen = look_at_postgres(engine, service, database).await;
    let Attempt::Hopeless(Error::Postgres(error)) = seen else {
        return seen;
    };
    let mended = match error {
        postgres::Error::NoDatabase { .. } => make_database(engine, service, database).await,
        postgres::Error::WrongPassword { .. } | postgres::Error::NoLogin { .. } => {
            set_password(engine, service, database).await
        }
        error => Err(Error::Postgres(error)),
    };
    match mended {
        Ok(()) => look_at_postgres(engine, service, database).await,
        Err(error) => Attempt::Hopeless(error),
    }
}

async fn make_database(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Result<(), Error> {
    let server = server(engine, service, database).await?;
    crate::seed::heal(&server, &database.name).await?;
    ensure_database(&server, &database.name, &CancellationToken::new()).await?;
    Ok(())
}

/// Returns whom a PostgreSQL server trusts on its local socket: the user of its image; as a
/// process its own, which is the one that a command runs as.
pub fn trusted_user(engine: &dyn Engine) -> Option<String> {
    let containers = engine.capabilities().containers;
    containers.then(|| "postgres".to_owned())
}

/// Gives the stored role the declared password, over the container's local socket.
async fn set_password(
    engine: &dyn Engine,
    service: &str,
    database: &Database,
) -> Result<(), Error> {
    let run_as = |role: &str, sql| {
        let command = [
            "psql",
            "-X",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            role,
            "-d",
            "postgres",
        ];
        Exec {
            command: command.map(ToOwned::to_owned).to_vec(),
            stdin: Some(sql),
            user: trusted_user(engine),
            environment: Vec::new(),
        }
    };
    let sql = password_sql(&database.user, &database.password);
    // A data folder of another user name has that role as its owner; `postgres` is the usual one.
    let mut last = String::new();
    for role in [database.user.as_str(), "postgres"] {
        let outcome = engine.exec(service, &run_as(role, sql.clone())).await?;
        if outcome.exit_code == 0 {
            return Ok(());
        }
        last = String::from_utf8_lossy(&outcome.stderr).into_owned();
    }
    Err(Error::Template {
        service: service.to_owned(),
        reason: format!(
            "its password cannot be set on the stored role: {}",
            last.trim()
        ),
    })
}
