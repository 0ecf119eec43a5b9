//! What can go wrong in an engine; facts only. Hints and exit codes are `commands/failure.rs`'s.

use std::fmt;
use std::path::PathBuf;

use crate::host::NoHome;

/// A failure of an engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No daemon answered.
    #[error("no {engine} engine answers at {endpoint}")]
    Unreachable {
        engine: &'static str,
        endpoint: String,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The daemon's socket is there, and this user may not open it.
    #[error("this user may not use the {engine} engine at {endpoint}")]
    Denied {
        engine: &'static str,
        endpoint: String,
    },
    /// The daemon answers, but cannot be used (too old, not on this machine).
    #[error("the {engine} engine at {endpoint} cannot be used: {reason}")]
    Unusable {
        engine: &'static str,
        endpoint: String,
        reason: String,
    },
    /// No source gave the image; one line for each that was tried.
    #[error("image `{image}` cannot be had")]
    Image {
        image: String,
        /// (`pull postgres:13.5`, `no route to the registry`) in the order tried.
        attempts: Vec<(String, String)>,
        /// The last lines that the failed command or build printed.
        output: Vec<String>,
    },
    /// What a service runs from cannot be built, found or fetched.
    #[error("the program of `{service}` cannot be had: {reason}")]
    Program {
        service: String,
        reason: String,
        /// What to do about it.
        hint: Option<String>,
        /// The last lines that the failed build printed.
        output: Vec<String>,
    },
    /// What a server needs before its first start could not be made.
    #[error("`{service}` cannot be prepared: {reason}")]
    Prepare {
        service: String,
        reason: String,
        /// The last lines that the failed program printed.
        output: Vec<String>,
    },
    /// A host port is not free.
    #[error("port {port} of `{service}` is taken on {bind}")]
    PortTaken {
        service: String,
        /// The port's name: `http`.
        name: String,
        port: u16,
        bind: String,
        holder: PortHolder,
    },
    /// Nothing was created for the service.
    #[error("`{service}` is not there")]
    NoService { service: String },
    /// The service has no such port, or it is not published (yet).
    #[error("port `{port}` of `{service}` is not published")]
    NoPort { service: String, port: String },
    /// The service is not running, so nothing can be run in it.
    #[error("`{service}` is not running")]
    NotRunning { service: String },
    /// Somebody else's container has the name.
    #[error("the name of the container for `{service}`, {name}, is taken")]
    NameTaken {
        service: String,
        name: String,
        /// The first digits of the id of the container that has it.
        id: String,
        /// The instance that it belongs to, if any.
        instance: Option<String>,
    },
    /// A container could not be started.
    #[error("`{service}` cannot be started: {reason}")]
    Start { service: String, reason: String },
    /// The engine refused a call or broke off.
    #[error("cannot {doing}")]
    Call {
        /// `create the network`: finishes "cannot …".
        doing: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<NoHome> for Error {
    fn from(reason: NoHome) -> Self {
        Self::Call {
            doing: "find the folder of the user's state".to_owned(),
            source: reason.into(),
        }
    }
}

/// A service of an instance that holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBy {
    /// The instance's id.
    pub id: String,
    pub service: String,
    pub workspace: Option<PathBuf>,
}

impl fmt::Display for HeldBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, service, .. } = self;
        write!(formatter, "`{service}` of envctl's instance {id}")?;
        match &self.workspace {
            Some(workspace) => write!(formatter, " from {}", workspace.display()),
            None => Ok(()),
        }
    }
}

/// Who holds a port, as far as it can be known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortHolder {
    /// Another container: its name, and the service that it is when that is one of ours.
    Container {
        name: String,
        of: Option<HeldBy>,
    },
    /// A process of this machine, and the service that it is of when that is one of ours.
    Process {
        pid: u32,
        command: String,
        of: Option<HeldBy>,
    },
    Unknown,
}

impl fmt::Display for PortHolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container { name, of: None } => write!(formatter, "container {name}"),
            Self::Container { name, of: Some(of) } => write!(formatter, "container {name}: {of}"),
            Self::Process {
                pid,
                command,
                of: None,
            } => write!(formatter, "process {pid} ({command})"),
            Self::Process {
                pid,
                command,
                of: Some(of),
            } => write!(formatter, "process {pid} ({command}): {of}"),
            Self::Unknown => formatter.write_str("a process that cannot be seen from here"),
        }
    }
}
