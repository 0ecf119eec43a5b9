//! Calls to the daemon: deadlines, and what a failed one means. Knows nothing of instances.

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use bollard::ClientVersion;
use bollard::errors::Error as BollardError;

use super::Endpoint;
use super::transport::{self, Meter, TooLong, Unconnected};
use crate::engine::Error;

/// The engine's name in messages and in configuration.
pub(super) const ENGINE: &str = "docker";

/// How long a call may take that only looks or writes a little.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// What bollard waits for the first answer of a call that works for long (an upload, a stop);
/// such calls are bounded by what they wait for, and by the deadline of the step.
const LONG_CALL_TIMEOUT: Duration = Duration::from_hours(24);

/// How long a daemon whose answers break off is asked again, where nothing is changed by that.
pub(super) const STUMBLE: Duration = Duration::from_secs(5);

/// The wait before the first time; it doubles.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The daemon said no.
    #[error("{message}")]
    Refused { status: u16, message: String },
    /// The daemon reported a failure in the middle of its answer.
    #[error("{0}")]
    Reported(String),
    #[error("the daemon gave no answer within {} s", .0.as_secs())]
    Late(Duration),
    /// There is no connection to the daemon (any more).
    #[error("{0}")]
    Gone(String),
    /// This user may not open the daemon's socket.
    #[error("this user may not open it")]
    Denied,
    /// The answer broke off or could not be read.
    #[error("the daemon's answer broke off: {0}")]
    Broken(String),
    /// The answer is longer than any that can be right.
    #[error("the daemon's answer has no end: {0}")]
    Endless(TooLong),
}

impl Fault {
    /// Returns whether the answer was lost on its way, so that nobody knows what the daemon did.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Gone(_) | Self::Broken(_) => true,
            Self::Refused { .. }
            | Self::Reported(_)
            | Self::Late(_)
            | Self::Denied
            | Self::Endless(_) => false,
        }
    }

    /// Returns whether a call that only looks may end better when it is made again.
    fn is_passing(&self) -> bool {
        self.is_lost() || self.status().is_some_and(|status| status >= 500)
    }

    /// Returns the HTTP status of a refusal.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Reported(_)
            | Self::Late(_)
            | Self::Gone(_)
            | Self::Denied
            | Self::Broken(_)
            | Self::Endless(_) => None,
        }
    }
}

impl From<BollardError> for Fault {
    fn from(error: BollardError) -> Self {
        match error {
            BollardError::DockerResponseServerError {
                status_code,
                message,
            } => Self::Refused {
                status: status_code,
                message: message.trim().to_owned(),
            },
            BollardError::DockerStreamError { error } => Self::Reported(error.trim().to_owned()),
            BollardError::RequestTimeoutError => Self::Late(CALL_TIMEOUT),
            // The library's own error for it gives only what is behind it.
            BollardError::IOError { err } => of_connection(&err),
            other => of_connection(&other),
        }
    }
}

/// Returns whether an error comes from one of the operating system, of this kind.
pub(super) fn is_of(error: &(dyn StdError + 'static), kind: ErrorKind) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == kind) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Returns what an error says of the connection.
fn of_connection(error: &(dyn StdError + 'static)) -> Fault {
    if let Some(Unconnected(error)) = found(error) {
        return match error.kind() {
            ErrorKind::PermissionDenied => Fault::Denied,
            _ => Fault::Gone(error.to_string()),
        };
    }
    match found(error) {
        Some(endless) => Fault::Endless(*endless),
        None => Fault::Broken(deepest_cause(error)),
    }
}

/// Returns an error of ours that one of the operating system's carries.
fn found<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        let carried = io.and_then(|io| io.get_ref());
        if let Some(found) = carried.and_then(|carried| carried.downcast_ref()) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// Returns the text of the last error in a chain, which is the one that says something.
fn deepest_cause(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// The one holder of a bollard client.
#[derive(Clone, Debug)]
pub(super) struct Client {
    quick: bollard::Docker,
    long: bollard::Docker,
    endpoint: String,
    place: Endpoint,
    version: ClientVersion,
}

fn opened(place: &Endpoint, version: ClientVersion, meter: Option<Meter>) -> bollard::Docker {
    let docker = transport::open(place, &version, meter);
    docker.with_request_modifier(move |request| transport::with_version(request, version))
}

impl Client {
    /// Returns where the daemon is.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(super) fn new(place: Endpoint, version: ClientVersion) -> Self {
        let docker = opened(&place, version, None);
        Self {
            quick: docker.clone().with_timeout(CALL_TIMEOUT),
            long: docker.with_timeout(LONG_CALL_TIMEOUT),
            endpoint: place.to_string(),
            place,
            version,
        }
    }

    /// Returns a client for one call whose answer comes in pieces, and what is to be told of each
    /// that was taken.
    pub(super) fn streaming(&self) -> (bollard::Docker, Meter) {
        let meter = Meter::of_pieces();
        let docker = opened(&self.place, self.version, Some(meter.clone()));
        (docker.with_timeout(CALL_TIMEOUT), meter)
    }

    /// The same for a call whose first answer may take long.
    pub(super) fn long_streaming(&self) -> (bollard::Docker, Meter) {
        let (docker, meter) = self.streaming();
        (docker.with_timeout(LONG_CALL_TIMEOUT), meter)
    }

    /// Returns the path of the daemon's socket.
    pub(super) fn socket(&self) -> &str {
        self.endpoint
            .strip_prefix("unix://")
            .unwrap_or(&self.endpoint)
    }

    /// Returns bollard's client for calls that answer soon.
    pub(super) fn api(&self) -> &bollard::Docker {
        &self.quick
    }

    /// Returns bollard's client for calls whose first answer may take long.
    pub(super) fn long(&self) -> &bollard::Docker {
        &self.long
    }

    /// Awaits a call within the deadline.
    pub(super) async fn raw<T>(
        &self,
        call: impl Future<Output = Result<T, BollardError>>,
    ) -> Result<T, Fault> {
        match tokio::time::timeout(CALL_TIMEOUT, call).await {
            Ok(answer) => answer.map_err(Fault::from),
            Err(_) => Err(Fault::Late(CALL_TIMEOUT)),
        }
    }

    /// Awaits a call within the deadline; `doing` finishes "cannot …" when it fails.
    pub(super) async fn call<T>(
        &self,
        doing: &str,
        call: impl Future<Output = Result<T, BollardError>>,
    ) -> Result<T, Error> {
        self.raw(call)
            .await
            .map_err(|fault| self.error(doing, fault))
    }

    /// Awaits a call that only looks, and makes it again for a while where its answer breaks off
    /// or the daemon stumbles.
    pub(super) async fn read<T, C>(&self, doing: &str, call: impl Fn() -> C) -> Result<T, Error>
    where
        C: Future<Output = Result<T, BollardError>>,
    {
        let looked = self.look(call).await;
        looked.map_err(|fault| self.error(doing, fault))
    }

    /// As [`Self::read`], where "there is none" is an answer.
    pub(super) async fn find<T, C>(
        &self,
        doing: &str,
        call: impl Fn() -> C,
    ) -> Result<Option<T>, Error>
    where
        C: Future<Output = Result<T, BollardError>>,
    {
        match self.look(call).await {
            Ok(found) => Ok(Some(found)),
            Err(fault) if fault.status() == Some(404) => Ok(None),
            Err(fault) => Err(self.error(doing, fault)),
        }
    }

    async fn look<T, C>(&self, call: impl Fn() -> C) -> Result<T, Fault>
    where
        C: Future<Output = Result<T, BollardError>>,
    {
        let begun = Instant::now();
        let mut pause = LOOK_AGAIN;
        loop {
            let fault = match self.raw(call()).await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            if !fault.is_passing() || begun.elapsed() + pause > STUMBLE {
                return Err(fault);
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// Returns the room's error for a failed call.
    pub(super) fn error(&self, doing: &str, fault: Fault) -> Error {
        match fault {
            Fault::Gone(_) => Error::Unreachable {
                engine: ENGINE,
                endpoint: self.endpoint.clone(),
                source: Some(Box::new(fault)),
            },
            Fault::Denied => Error::Denied {
                engine: ENGINE,
                endpoint: self.endpoint.clone(),
            },
            Fault::Refused { .. }
            | Fault::Reported(_)
            | Fault::Late(_)
            | Fault::Broken(_)
            | Fault::Endless(_) => Error::Call {
                doing: doing.to_owned(),
                source: Box::new(fault),
            },
        }
    }
}
