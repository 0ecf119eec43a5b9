//! One look at what a service offers: its health check, its ports, its own protocol. It remembers
//! what need not be asked again at each look.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::database;
use crate::engine::{self, Engine, Exec, ExecOutcome, ObservedService};
use crate::kinds::{POSTGRES, REDIS};
use crate::model::{Probe, Secret};
use crate::plan::desired::{DesiredService, Readiness};
use crate::plan::error::Error;
use crate::probe::{Attempt, Http, connect, connect_briefly, redis, refuses, status_line};

/// How long nothing but one refusal may come to a health check until it is believed.
const REFUSED: Duration = Duration::from_secs(5);

/// How often it must have come by then.
const REFUSALS: u32 = 8;

/// How long a service is not asked because nobody is seen to listen.
const SILENCE: Duration = Duration::from_secs(1);

/// Who looks at a service.
pub(super) struct Look<'a> {
    engine: &'a dyn Engine,
    service: &'a DesiredService,
    /// Made for the first request, since most services are asked otherwise.
    http: Option<Http>,
    /// By the names of the ports.
    addresses: BTreeMap<&'a str, SocketAddr>,
    refusal: Option<StandingRefusal>,
    /// Until when it is asked only where somebody listens; nothing where somebody was seen to.
    silent_until: Option<Instant>,
}

/// What a health check was answered again and again.
#[derive(Clone, Copy)]
struct StandingRefusal {
    status: u16,
    since: Instant,
    often: u32,
}

impl<'a> Look<'a> {
    pub(super) fn new(engine: &'a dyn Engine, service: &'a DesiredService) -> Self {
        Self {
            engine,
            service,
            http: None,
            addresses: BTreeMap::new(),
            refusal: None,
            silent_until: Some(Instant::now() + SILENCE),
        }
    }

    /// Takes the addresses from a look at the service that was just made, for a single question.
    pub(super) fn after(mut self, seen: &'a ObservedService) -> Self {
        let ports = seen.ports.iter();
        self.silent_until = None;
        self.addresses = ports
            .map(|(name, port)| (name.as_str(), port.reached()))
            .collect();
        self
    }

    /// Forgets what may be otherwise by now: the service was started again.
    pub(super) fn start_over(&mut self) {
        self.addresses.clear();
        self.refusal = None;
        self.silent_until = Some(Instant::now() + SILENCE);
    }

    /// Looks once, and changes nothing.
    pub(super) async fn look(&mut self) -> Attempt<String, Error> {
        let (engine, service) = (self.engine, self.service);
        if let Some(seen) = self.silence().await {
            return Attempt::NotYet(seen);
        }
        match &service.readiness {
            Readiness::Running | Readiness::Exit => Attempt::Done("it runs".to_owned()),
            Readiness::Ports(ports) => self.ports(ports).await,
            Readiness::Probe(Probe::Http { port, path }) => self.path(port, path).await,
            Readiness::Probe(Probe::Tcp { port }) => self.port(port).await,
            Readiness::Probe(Probe::Command(command)) => self.command(command).await,
            Readiness::Redis { password } => self.redis(password.as_ref()).await,
            Readiness::Postgres(login) => database::look(engine, login).await,
        }
    }

    /// Says that nobody listens yet where it is to be asked, until somebody was seen to: that costs
    /// far less than to ask.
    pub(super) async fn silence(&mut self) -> Option<String> {
        if Instant::now() > self.silent_until? {
            // Who is not seen to listen may answer all the same.
            self.silent_until = Some(Instant::now() + SILENCE);
            return None;
        }
        let (port, asked) = match &self.service.readiness {
            Readiness::Probe(Probe::Http { port, path }) => (port.as_str(), format!("GET {path}")),
            Readiness::Redis { .. } => (REDIS.name, "PING".to_owned()),
            Readiness::Postgres(_) => (POSTGRES.name, "a connection".to_owned()),
            Readiness::Probe(Probe::Tcp { .. } | Probe::Command(_))
            | Readiness::Ports(_)
            | Readiness::Running
            | Readiness::Exit => return None,
        };
        // What keeps it from being asked, the question itself tells.
        let address = self.address(port).await.ok()?;
        let silent = if self.engine.capabilities().proxied_ports {
            (self.listens(port).await == Some(false)).then_some("nothing listens behind it")
        } else {
            refuses(address).await.then_some("connection refused")
        };
        self.silent_until = self.silent_until.filter(|_| silent.is_some());
        silent.map(|seen| format!("{asked} on {address}: {seen}"))
    }

    async fn address(&mut self, port: &'a str) -> Result<SocketAddr, engine::Error> {
        if let Some(address) = self.addresses.get(port) {
            return Ok(*address);
        }
        let address = self.engine.address(&self.service.spec.name, port).await?;
        self.addresses.insert(port, address);
        Ok(address)
    }

    async fn path(&mut self, port: &'a str, path: &str) -> Attempt<String, Error> {
        let address = match self.address(port).await {
            Ok(address) => address,
            Err(error) => return Attempt::NotYet(error.to_string()),
        };
        let asked = format!("GET {path} on {address}");
        let http = self.http.get_or_insert_with(Http::new);
        match http.status(&format!("http://{address}{path}")).await {
            Ok(status) if status < 400 => Attempt::Done(format!("GET {path} answered {status}")),
            Ok(status) => self.refused(status, asked),
            Err(error) => {
                self.refusal = None;
                Attempt::NotYet(format!("{asked}: {error}"))
            }
        }
    }

    /// Believes an answer that says no when nothing else comes for a while: a path that is not
    /// there, or a login that is asked for, will not come by waiting.
    fn refused(&mut self, status: u16, asked: String) -> Attempt<String, Error> {
        let first = StandingRefusal {
            status,
            since: Instant::now(),
            often: 0,
        };
        let mut refusal = self.refusal.filter(|it| it.status == status);
        let refusal = refusal.get_or_insert(first);
        refusal.often += 1;
        self.refusal = Some(*refusal);
        let (since, often) = (refusal.since, refusal.often);
        if is_final(status) && often >= REFUSALS && since.elapsed() >= REFUSED {
            return Attempt::Hopeless(Error::Refused {
                service: self.service.spec.name.clone(),
                answer: status_line(status),
                asked,
                waited: since.elapsed(),
            });
        }
        Attempt::NotYet(format!("{asked}: answered {}", status_line(status)))
    }

    /// Looks at every declared port, as far as the first one that does not answer.
    async fn ports(&mut self, ports: &'a [String]) -> Attempt<String, Error> {
        for port in ports {
            let seen = self.port(port).await;
            if !matches!(seen, Attempt::Done(_)) {
                return seen;
            }
        }
        Attempt::Done(match ports {
            [one] => format!("port {one} answers"),
            several => format!("ports {} answer", several.join(", ")),
        })
    }

    async fn port(&mut self, port: &'a str) -> Attempt<String, Error> {
        let address = match self.address(port).await {
            Ok(address) => address,
            Err(error) => return Attempt::NotYet(error.to_string()),
        };
        let seen = match connect_briefly(address).await {
            Attempt::Done(()) if self.engine.capabilities().proxied_ports => {
                self.behind(port, address).await
            }
            seen => seen,
        };
        match seen {
            Attempt::Done(()) => Attempt::Done(format!("port {port} answers")),
            Attempt::NotYet(observation) => Attempt::NotYet(format!("port {port}: {observation}")),
            Attempt::Hopeless(never) => match never {},
        }
    }

    /// Looks behind a published port, at which the engine itself takes connections, whether or not
    /// anybody listens in the container. Where that cannot be seen, a connection has to stay open.
    async fn behind(
        &self,
        port: &str,
        address: SocketAddr,
    ) -> Attempt<(), std::convert::Infallible> {
        match self.listens(port).await {
            Some(true) => Attempt::Done(()),
            Some(false) => Attempt::NotYet("nothing listens behind it".to_owned()),
            None => connect(address, None).await,
        }
    }

    /// Whether anybody listens in the container; `None` where that cannot be seen.
    async fn listens(&self, port: &str) -> Option<bool> {
        let spec = &self.service.spec;
        let number = spec.ports.iter().find(|it| it.name == port)?.container;
        let listeners = self.engine.inside().ok()?.listeners(&spec.name);
        let listeners = listeners.await.ok()??;
        let at = |address: &SocketAddr| address.port() == number && !address.ip().is_loopback();
        Some(listeners.iter().any(at))
    }

    async fn command(&self, command: &[String]) -> Attempt<String, Error> {
        let exec = Exec {
            command: command.to_vec(),
            ..Exec::default()
        };
        let name = &self.service.spec.name;
        let run = async { self.engine.inside()?.exec(name, &exec).await };
        match run.await {
            Ok(outcome) if outcome.exit_code == 0 => {
                Attempt::Done("its check command exited 0".to_owned())
            }
            Ok(outcome) => Attempt::NotYet(check_failed(&outcome)),
            Err(error) => Attempt::NotYet(error.to_string()),
        }
    }

    async fn redis(&mut self, password: Option<&Secret>) -> Attempt<String, Error> {
        let address = match self.address(REDIS.name).await {
            Ok(address) => address,
            Err(error) => return Attempt::NotYet(error.to_string()),
        };
        match redis::ping(address, password.map(Secret::expose)).await {
            Attempt::Done(()) => Attempt::Done("it answered PING".to_owned()),
            Attempt::NotYet(observation) => Attempt::NotYet(format!("PING: {observation}")),
            Attempt::Hopeless(never) => match never {},
        }
    }
}

/// Whether a status says no for good. A few of the 400s say "later".
fn is_final(status: u16) -> bool {
    (400..500).contains(&status) && ![408, 425, 429].contains(&status)
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
