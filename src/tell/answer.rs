//! The answers of commands: plain values that a renderer turns into a table or into JSON.

use serde::Serialize;
use serde_json::{Map, Value};

/// What a command was asked for; it goes to standard output.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// Nothing to print.
    Silent,
    /// A command had standard output to itself, so that nothing is added to it.
    Lent {
        code: u8,
    },
    /// How a task ended.
    Exit {
        code: u8,
    },
    /// A text that is printed as it is (a resolved configuration, a completion script).
    Text {
        text: String,
    },
    /// The address of a service, with its password where that was asked for: it is not masked.
    Url {
        url: String,
    },
    Up(UpAnswer),
    Down(DownAnswer),
    Plan(PlanAnswer),
    Status(StatusAnswer),
    /// What each engine says to an environment.
    Doctor(DoctorAnswer),
    Smoke(SmokeAnswer),
    /// The smoke checks that a service's own document suggests.
    Proposal(ProposalAnswer),
    /// The environments of the workspace.
    Environments(EnvironmentsAnswer),
    /// The instances of the machine.
    Instances(InstancesAnswer),
    /// Images that are gone.
    Prune(PruneAnswer),
    /// What all layers of a configuration came to.
    Configuration(ConfigurationAnswer),
    /// Where one value of a configuration comes from.
    Explanation(ConfigurationAnswer),
    /// The JSON Schema of the files of a configuration.
    Schema(ConfigurationAnswer),
    /// Rows of a query or of the migrations.
    Table(TableAnswer),
}

impl Answer {
    /// Returns the exit code of a command that ended well: that of the program that it ran, if any.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Lent { code } | Self::Exit { code } => *code,
            _ => 0,
        }
    }
}

/// The environments of the workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EnvironmentsAnswer {
    pub environments: Vec<EnvironmentAnswer>,
}

/// The instances of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InstancesAnswer {
    pub instances: Vec<InstanceAnswer>,
}

/// One instance of the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstanceAnswer {
    pub environment: String,
    pub instance: String,
    /// `None` where it is not known.
    pub workspace: Option<String>,
    pub workspace_is_gone: bool,
    pub engine: String,
    pub services: usize,
    /// How many of the services run.
    pub running: usize,
    pub volumes: usize,
    /// What `down --instance-id` takes.
    pub id: String,
}

/// What `images prune` removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PruneAnswer {
    pub removed: Vec<RemovedImage>,
    /// What the engine refused to remove.
    pub left: Vec<LeftImage>,
    /// How much room the engine has more than before; `None` where it does not say.
    pub freed_bytes: Option<u64>,
}

/// One image that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RemovedImage {
    pub image: String,
    pub id: String,
    /// With what it shared with others.
    pub bytes: u64,
}

/// One image that is still there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftImage {
    pub image: String,
    pub id: String,
    pub because: String,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnvironmentAnswer {
    pub name: String,
    pub description: Option<String>,
}

/// Something of a configuration, for a person and for a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConfigurationAnswer {
    /// What a person reads.
    #[serde(skip)]
    pub text: String,
    /// The same as an object.
    #[serde(flatten)]
    pub object: Map<String, Value>,
}

/// What `up`, `build`, `seed` and `migrate` did.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UpAnswer {
    pub environment: String,
    pub instance: String,
    /// How many steps changed something; 0 is "nothing to do".
    pub changed: usize,
    pub endpoints: Vec<ServiceAddress>,
    pub phases: Vec<PhaseTime>,
    pub elapsed_s: f64,
}

/// An address that a user can call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceAddress {
    pub service: String,
    /// `http`, `postgres`: the port's name.
    pub port: String,
    /// A URL without a password.
    pub url: String,
    /// A command line to try: `envctl psql -e rates`.
    pub try_it: Option<String>,
}

/// How long one phase took (`images`, `database`, `seed`, `services`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseTime {
    pub name: String,
    pub elapsed_s: f64,
}

/// What `down` removed, and the proof that nothing is left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DownAnswer {
    pub environment: String,
    pub instance: String,
    pub engine: String,
    /// Containers, or processes.
    pub containers: usize,
    pub networks: usize,
    pub volumes: usize,
    /// Volumes that were kept because `--volumes` was not given.
    pub kept_volumes: usize,
    /// Objects with this instance's labels that are still there.
    pub left: usize,
}

/// Every step that a command would take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PlanAnswer {
    pub environment: String,
    pub instance: String,
    pub steps: Vec<PlannedStep>,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedStep {
    /// From 1.
    pub number: usize,
    pub title: String,
    pub cause: String,
    /// The numbers of the steps that must end well first.
    pub after: Vec<usize>,
    pub loses_data: bool,
}

/// What runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StatusAnswer {
    pub environment: String,
    pub instance: String,
    pub engine: String,
    pub services: Vec<ServiceStatus>,
    pub volumes: Vec<String>,
}

/// One service as it is seen now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceStatus {
    pub service: String,
    /// `service` or `task`.
    pub role: String,
    /// `running`, `exited (1)`, `created`, `missing`.
    pub state: String,
    pub image: String,
    /// `127.0.0.1:3000 -> 3000`.
    pub ports: Vec<String>,
    /// What else is to be known: `seeded from dump`, `differs from env.toml`.
    pub notes: Vec<String>,
}

/// What each engine says to an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DoctorAnswer {
    /// `None` where there is none, or it cannot be read.
    pub environment: Option<String>,
    pub engines: Vec<EngineReport>,
    /// The engine that `auto` takes.
    pub takes: Option<String>,
    /// Why it takes that one, or none.
    pub why: String,
    /// How many images `images prune` would remove; `None` where Docker does not say.
    pub unused_images: Option<usize>,
}

/// One engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EngineReport {
    pub engine: String,
    /// Whether it can run the environment.
    pub usable: bool,
    /// Where it is, or why it cannot be used.
    pub text: String,
    pub parts: Vec<PartReport>,
}

/// An image or a program that an environment needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartReport {
    pub name: String,
    pub usable: bool,
    /// Where it comes from, or what stands in the way.
    pub text: String,
    /// The command that mends it.
    pub hint: Option<String>,
}

/// The results of the smoke checks.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SmokeAnswer {
    pub environment: String,
    pub instance: String,
    pub checks: Vec<CheckAnswer>,
    pub elapsed_s: f64,
}

/// The result of one smoke check.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CheckAnswer {
    pub check: String,
    /// `passed`, `failed` or `skipped`.
    pub verdict: CheckVerdict,
    /// Why it was not made.
    pub because: Option<String>,
    /// Whether it needed a second attempt, or passed in some runs only.
    pub flaky: bool,
    pub attempts: u32,
    /// How often it was made (`--repeat`), and how often it failed then.
    pub runs: u32,
    pub failed_runs: u32,
    pub elapsed_s: f64,
    /// Where it was declared: `envs/rates/env.toml:52`.
    pub place: Option<String>,
    /// The service that it asks, if it asks one.
    pub service: Option<String>,
    /// What did not hold.
    pub failures: Vec<FailedExpectation>,
    /// A line that does the same by hand: `curl …`.
    pub reproduce: Option<String>,
    /// What its service logged while it was made.
    pub log: Vec<String>,
}

/// How a smoke check ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    #[default]
    Passed,
    Failed,
    Skipped,
}

/// An expectation that did not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FailedExpectation {
    /// What was looked at: `status`, `$.rates[0].day`.
    pub what: String,
    pub expected: String,
    pub actual: String,
    /// Expected against actual, line by line, where both have several.
    pub difference: Option<String>,
}

/// The smoke checks that are proposed, and what was left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProposalAnswer {
    pub environment: String,
    pub instance: String,
    /// The documents that were read.
    pub documents: Vec<ProposalDocument>,
    pub checks: Vec<ProposedCheck>,
    pub left_out: Vec<LeftOutOperation>,
    /// The file that they were to be written to: `envs/rates/env.toml`.
    pub file: Option<String>,
}

/// An OpenAPI document of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProposalDocument {
    pub service: String,
    /// A path on the service, or a file.
    pub place: String,
}

/// A smoke check that would pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProposedCheck {
    pub check: String,
    pub service: String,
    /// As the document writes it: `/ports/{code}`.
    pub path: String,
    pub values: Vec<ProposedValue>,
    /// Its tables, as they belong into the environment's file.
    pub toml: String,
}

/// What a proposed check sends for a parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProposedValue {
    pub parameter: String,
    pub value: String,
    /// `db ports.code`, `the document's example`.
    pub from: String,
}

/// An operation that no check is proposed for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOutOperation {
    pub service: String,
    pub method: String,
    pub path: String,
    pub because: String,
}

/// Columns and rows of text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableAnswer {
    pub columns: Vec<String>,
    /// One row each; `None` is SQL's NULL.
    pub rows: Vec<Vec<Option<String>>>,
}
