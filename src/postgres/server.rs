//! Where a server is, and which database of it is meant.

use std::fmt;
use std::net::SocketAddr;

use crate::model::Secret;

/// A server and the role that talks to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub address: SocketAddr,
    pub user: String,
    pub password: Secret,
}

/// One database of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub server: Server,
    pub database: String,
}

impl Server {
    /// Returns one database of this server.
    pub fn target(&self, database: impl Into<String>) -> Target {
        Target {
            server: self.clone(),
            database: database.into(),
        }
    }

    /// Returns the database from which `database` can be created, renamed and dropped.
    pub fn beside(&self, database: &str) -> Target {
        self.target(if database == "postgres" {
            "template1"
        } else {
            "postgres"
        })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.user, self.address)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.server, self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        let server = Server {
            address: "127.0.0.1:5432".parse().unwrap(),
            user: "app".to_owned(),
            password: Secret::new("hunter2"),
        };
        let target = server.target("rates");
        assert_eq!(target.to_string(), "app@127.0.0.1:5432/rates");
        assert!(!format!("{target:?}").contains("hunter2"));
        assert_eq!(server.beside("postgres").database, "template1");
    }
}
