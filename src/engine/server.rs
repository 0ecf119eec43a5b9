//! Servers that envctl knows, as every engine is told of them.

use serde::{Deserialize, Serialize};

use crate::kinds::{Facts, POSTGRES, REDIS};
use crate::model::{Part, Secret};

/// What a server that envctl knows is made with. Each engine makes of it what its way to run one needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerSpec {
    Postgres(PostgresSpec),
    /// Takes its settings from the command: `redis-server --appendonly yes`.
    Redis,
}

/// What a PostgreSQL server is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresSpec {
    /// The superuser, who owns the database.
    pub user: String,
    pub password: Secret,
    pub database: String,
    /// The folder of its data in a container.
    pub folder: Option<String>,
}

impl ServerSpec {
    pub(super) fn kind(&self) -> ServiceKind {
        match self {
            Self::Postgres(_) => ServiceKind::Postgres,
            Self::Redis => ServiceKind::Redis,
        }
    }

    /// Returns the variables by which its official image is told.
    pub(super) fn variables(&self) -> Vec<(&'static str, Part)> {
        let Self::Postgres(postgres) = self else {
            return Vec::new();
        };
        let text = |text: &String| Part::Text(text.clone());
        let mut variables = vec![
            ("POSTGRES_USER", text(&postgres.user)),
            (PASSWORD, Part::Secret(postgres.password.clone())),
            ("POSTGRES_DB", text(&postgres.database)),
        ];
        variables.extend(postgres.folder.as_ref().map(|it| ("PGDATA", text(it))));
        variables
    }
}

/// The variable by which an image is told the password.
const PASSWORD: &str = "POSTGRES_PASSWORD";

/// What a service was made with.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub variables: Vec<(String, Secret)>,
    /// The password of a PostgreSQL server.
    pub password: Option<Secret>,
}

impl Given {
    /// Returns the same of a service that was told all by its variables.
    pub(super) fn by(variables: Vec<(String, Secret)>) -> Self {
        let password = variables.iter().find(|(name, _)| name == PASSWORD);
        let password = password.map(|(_, password)| password.clone());
        Self {
            variables,
            password,
        }
    }
}

/// What the engine must know of a service to run it as a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceKind {
    /// Any program.
    #[default]
    Program,
    Postgres,
    Redis,
}

impl ServiceKind {
    /// Returns what is true of all servers of the kind; `None` of a program.
    pub(crate) fn facts(self) -> Option<&'static Facts> {
        match self {
            Self::Program => None,
            Self::Postgres => Some(&POSTGRES),
            Self::Redis => Some(&REDIS),
        }
    }
}
