//! What can be looked up while a check is made: addresses of what runs, and what earlier checks
//! kept.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;

use super::Unmet;
use crate::engine::Engine;
use crate::model::{Json, Matcher, Part, Reference, Secret, ServicePort, SqlAction, Template};
use crate::postgres;
use crate::tell::Mask;

/// Looks up what is known only while an instance runs. Errors are shown to the user.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    /// What fills a hole of a template.
    pub reference: &'a (dyn Fn(&Reference) -> Result<Secret, String> + Sync),
    /// A port of a service to where it is reached.
    pub address: &'a (dyn Fn(&ServicePort) -> Result<SocketAddr, String> + Sync),
    /// A `postgres` service to its server and its own database.
    pub database: &'a (dyn Fn(&str) -> Result<SqlDatabase, String> + Sync),
    /// A `redis` service to its server.
    pub redis: &'a (dyn Fn(&str) -> Result<RedisServer, String> + Sync),
    /// The words of a command that does by hand what a check does inside the environment:
    /// `envctl exec -e rates`.
    pub by_hand: &'a (dyn Fn(ByHand<'_>) -> Vec<String> + Sync),
    /// The service's log and its commands; nothing of it is needed by other checks.
    pub engine: &'a dyn Engine,
}

/// What is to be repeated by hand.
#[derive(Clone, Copy)]
pub enum ByHand<'a> {
    /// A query; `-c QUERY` is added.
    Sql(&'a SqlAction),
    /// A command beside this service; its words are added.
    Exec(&'a str),
}

/// A database that a SQL check asks.
#[derive(Clone, Debug)]
pub struct SqlDatabase {
    pub server: postgres::Server,
    /// The database of the service, for checks that name none.
    pub name: String,
}

/// A server that a Redis check asks.
#[derive(Clone, Debug)]
pub struct RedisServer {
    pub address: SocketAddr,
    pub password: Option<Secret>,
}

/// What one check sees: the running instance, and what the checks before it kept.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    pub(super) places: Places<'a>,
    pub(super) captured: BTreeMap<String, Value>,
    pub(super) cookies: crate::probe::Jar,
    pub(super) mask: Arc<Mask>,
}

impl Scope<'_> {
    /// Fills a text.
    pub(super) fn text(&self, template: &Template) -> Result<Secret, String> {
        template.fill(|reference| self.look_up(reference))
    }

    /// Fills a value; a capture that stands alone keeps its type.
    pub(super) fn json<'a>(&self, json: &'a Json) -> Result<Cow<'a, Value>, String> {
        json.fill(|template| match template.parts.as_slice() {
            [Part::Reference(Reference::Capture(name))] => self.capture(name).cloned(),
            _ => Ok(Value::from(self.text(template)?.expose())),
        })
    }

    /// Fills what is expected of one value.
    pub(super) fn matchers<'a>(&self, all: &'a [Matcher]) -> Result<Cow<'a, [Matcher]>, String> {
        if !all.iter().any(Matcher::has_holes) {
            return Ok(Cow::Borrowed(all));
        }
        let mut fill = |json: &Json| self.json(json).map(Cow::into_owned);
        all.iter()
            .map(|matcher| matcher.filled(&mut fill))
            .collect()
    }

    fn look_up(&self, reference: &Reference) -> Result<Secret, String> {
        match reference {
            Reference::Capture(name) => Ok(Secret::new(match self.capture(name)? {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            })),
            reference => (self.places.reference)(reference),
        }
    }

    fn capture(&self, name: &str) -> Result<&Value, String> {
        let value = self.captured.get(name);
        value.ok_or_else(|| format!("no check before it has kept `{name}`"))
    }

    /// Returns the failure of a check that could not be made.
    pub(super) fn impossible(&self, expected: &str, reason: &str) -> Unmet {
        Unmet {
            what: "check".to_owned(),
            expected: expected.to_owned(),
            actual: self.mask.apply(reason),
            difference: None,
        }
    }
}
