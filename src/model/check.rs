//! Smoke checks as they were declared: what is done. What must come of it is in `expect`.

use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use super::{Expect, Json, Pattern, Spot, Template};

/// One smoke test; a table with `each` is one for each case.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The table's name, which all its cases share.
    pub declared: String,
    /// Where it was declared.
    pub place: Option<Spot>,
    pub action: Action,
    pub expect: Expect,
    /// What later checks read as `${capture.NAME}`.
    pub captures: IndexMap<String, Capture>,
    pub flow: Flow,
    /// How long it is tried again.
    pub timeout: Duration,
    /// Whether a wrong answer, too, is tried again until the timeout.
    pub eventually: bool,
}

/// How a check stands to the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Declared names of the checks that must have passed before.
    pub depends_on: Vec<String>,
    /// Checks that are made right before this one, as parts of it.
    pub setup: Vec<String>,
    /// Checks that are made right after this one, however it ended.
    pub teardown: Vec<String>,
    pub tags: Vec<String>,
    /// Whether another check names it as its `setup`, `teardown` or `meanwhile`, so that it is
    /// made only there.
    pub is_step: bool,
}

/// What a check does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    Http(Box<HttpAction>),
    WebSocket(Box<WebSocketAction>),
    Sql(SqlAction),
    Redis(RedisAction),
    Tcp(TcpAction),
    Exec(ExecAction),
    Command(CommandAction),
    Hurl(HurlAction),
}

impl Action {
    /// Returns the service that is asked, if it is one.
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::Http(action) => Some(&action.call.port.service),
            Self::WebSocket(action) => Some(&action.call.port.service),
            Self::Sql(action) => Some(&action.service),
            Self::Redis(action) => Some(&action.service),
            Self::Tcp(action) => Some(&action.port.service),
            Self::Exec(action) => Some(&action.service),
            Self::Command(_) => None,
            Self::Hurl(action) => action.port.as_ref().map(|port| port.service.as_str()),
        }
    }

    /// Returns the check that is made while this one waits.
    pub fn meanwhile(&self) -> Option<&str> {
        match self {
            Self::WebSocket(action) => action.meanwhile.as_deref(),
            _ => None,
        }
    }
}

/// A port of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    pub service: String,
    /// The port's name; the service's only port, or `http`, unless set.
    pub port: String,
}

/// What every request over HTTP has, a WebSocket's too.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub port: ServicePort,
    /// Starts with `/`; may hold a query.
    pub path: Template,
    /// Added to the path's query, percent-encoded.
    pub query: IndexMap<String, Template>,
    pub headers: IndexMap<String, Template>,
    pub auth: Option<Auth>,
    /// TLS where it is set, plain HTTP where not.
    pub tls: Option<DeclaredTls>,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// RFC 7617.
    Basic { user: Template, password: Template },
    /// RFC 6750.
    Bearer(Template),
}

/// How a connection is secured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredTls {
    /// A PEM file with the authorities to trust; the system's where it is not set.
    pub ca: Option<PathBuf>,
    /// Whether any certificate is taken.
    pub insecure: bool,
    /// The name that the certificate is for, where it is not the address.
    pub server_name: Option<String>,
    /// PEM files of the client's own certificate and key.
    pub client_cert: Option<PathBuf>,
    pub client_key: Option<PathBuf>,
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpAction {
    pub call: Call,
    /// In capitals: `GET`.
    pub method: String,
    pub body: Option<RequestBody>,
    /// How many redirects are followed.
    pub redirects: u32,
}

/// A request's body.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestBody {
    /// Sent as it is.
    Text(Template),
    /// Sent as JSON, with that content type unless a header says otherwise.
    Json(Json),
    /// `application/x-www-form-urlencoded`
    Form(IndexMap<String, Template>),
    /// The content of a file.
    File(PathBuf),
    /// `multipart/form-data`
    Multipart(IndexMap<String, FormPart>),
}

/// A part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormPart {
    pub content: PartContent,
    /// The name that the server is told; a file's own unless set.
    pub file_name: Option<String>,
    pub content_type: Option<String>,
}

/// What a part of a multipart body holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartContent {
    Text(Template),
    File(PathBuf),
}

/// A WebSocket connection (RFC 6455): what is sent, and what is done while it is open.
#[derive(Clone, Debug, PartialEq)]
pub struct WebSocketAction {
    pub call: Call,
    pub subprotocol: Option<String>,
    /// Sent in this order: texts as they are, everything else as JSON.
    pub send: Vec<Json>,
    /// The check that is made once the connection is open.
    pub meanwhile: Option<String>,
}

/// A query on a `postgres` service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlAction {
    pub service: String,
    /// Another database than the service's own.
    pub database: Option<String>,
    pub query: String,
}

/// A command to a `redis` service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisAction {
    pub service: String,
    pub words: Vec<Template>,
}

/// A connection to a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpAction {
    pub port: ServicePort,
    pub send: Option<Template>,
}

/// A command beside a running service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecAction {
    pub service: String,
    pub words: Vec<Template>,
    pub environment: IndexMap<String, Template>,
    pub stdin: Option<Template>,
    pub user: Option<String>,
}

/// A command on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandAction {
    pub words: Vec<Template>,
    pub working_dir: PathBuf,
    pub environment: IndexMap<String, Template>,
    pub stdin: Option<Template>,
}

/// A file for the program `hurl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HurlAction {
    pub file: PathBuf,
    /// Whose URL becomes the variable `base_url`.
    pub port: Option<ServicePort>,
    pub variables: IndexMap<String, Template>,
}

/// What is kept of an answer for later checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    pub from: CaptureFrom,
    /// A regular expression; its first group is kept, or all that it matches.
    pub pattern: Option<Pattern>,
    /// Whether it is masked wherever it is shown.
    pub secret: bool,
}

/// Where a captured value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaptureFrom {
    /// What a JSONPath (RFC 9535) selects.
    Json(String),
    /// A header, its name in lower case.
    Header(String),
    /// The whole text.
    Text,
}
