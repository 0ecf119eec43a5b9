//! The lowest layer: what a key is when no layer sets it.

use std::sync::Arc;

use super::source::{Origin, Source};
use super::tree::{Node, Table, Value};

/// The port that a PostgreSQL server listens on in its container.
pub(crate) const POSTGRES_PORT: i64 = 5432;

/// Adds every default that is not set; it comes after merging, which gives the same result as a
/// lowest layer would, since defaults depend on what the other layers declare.
pub(crate) fn add(root: &mut Node) {
    let defaults = Defaults {
        source: Source::default_layer(),
    };
    defaults.each(root, "services", Defaults::service);
    defaults.each(root, "tasks", |defaults, task| {
        defaults.text(task, "timeout", "10m");
    });
    defaults.each(root, "smoke", |defaults, check| {
        defaults.text(check, "timeout", "10s");
        defaults.set(check, "eventually", Value::Boolean(false));
    });
}

struct Defaults {
    source: Arc<Source>,
}

impl Defaults {
    fn each(&self, root: &mut Node, kind: &str, apply: impl Fn(&Self, &mut Table)) {
        let things = root.table_mut().and_then(|root| root.get_mut(kind));
        for thing in things.and_then(Node::table_mut).into_iter().flatten() {
            if let Some(table) = thing.1.table_mut() {
                apply(self, table);
            }
        }
    }

    fn set(&self, table: &mut Table, key: &str, value: Value) {
        if !table.contains_key(key) {
            let origin = Origin::new(&self.source, 0..0);
            table.insert(key.to_owned(), Node::new(value, origin.clone(), origin));
        }
    }

    fn text(&self, table: &mut Table, key: &str, text: &str) {
        self.set(table, key, Value::Text(text.to_owned()));
    }

    fn service(&self, service: &mut Table) {
        self.text(service, "kind", "container");
        let kind = service.get("kind").and_then(Node::text);
        if kind == Some("postgres") {
            self.postgres(service);
        }
        self.text(service, "restart", "no");
        self.text(service, "stop_grace_period", "10s");
        self.text(service, "ready_timeout", "60s");
        let ports = service.get_mut("ports").and_then(Node::table_mut);
        for (_, port) in ports.into_iter().flatten() {
            if let Some(port) = port.table_mut() {
                self.text(port, "host", "any");
                self.text(port, "bind", "127.0.0.1");
            }
        }
    }

    fn postgres(&self, service: &mut Table) {
        self.text(service, "user", "postgres");
        self.text(service, "password", "postgres");
        // As in the official image: the database is named after its user.
        if let (Some(user), None) = (service.get("user"), service.get("database")) {
            service.insert("database".to_owned(), user.clone());
        }
        // SIGTERM waits for its clients to leave.
        self.text(service, "stop_signal", "SIGINT");
        self.set(service, "ports", Value::Table(Table::new()));
        let ports = service.get_mut("ports").and_then(Node::table_mut);
        if let Some(ports) = ports {
            self.set(ports, "postgres", Value::Table(Table::new()));
            let port = ports.get_mut("postgres").and_then(Node::table_mut);
            if let Some(port) = port {
                self.set(port, "container", Value::Integer(POSTGRES_PORT));
            }
        }
    }
}
