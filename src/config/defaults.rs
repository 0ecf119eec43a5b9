//! The lowest layer: what a key is when no layer sets it.

use std::sync::Arc;

use super::schema::{CHECK, Fields, Literal, PORT, SERVICE, TASK, is_version};
use super::source::{Origin, Source};
use super::tree::{Node, Table, Value};
use crate::kinds::{self, Facts, POSTGRES, REDIS};

/// Adds every default that is not set; it comes after merging, which gives the same result as a
/// lowest layer would, since defaults depend on what the other layers declare.
pub(crate) fn add(root: &mut Node) {
    let defaults = Defaults {
        source: Source::default_layer(),
    };
    defaults.each(root, "services", Defaults::service);
    defaults.each(root, "tasks", |defaults, task| {
        defaults.key(task, &TASK, "timeout");
    });
    defaults.each(root, "smoke", |defaults, check| {
        defaults.key(check, &CHECK, "timeout");
        defaults.key(check, &CHECK, "eventually");
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
            // Most tables get one value here and never grow again.
            table.reserve_exact(1);
            table.insert(key.to_owned(), Node::new(value, origin.clone(), origin));
        }
    }

    /// Adds what the schema says of a key.
    fn key(&self, table: &mut Table, fields: &Fields, key: &str) {
        match fields.key(key).and_then(|key| key.default) {
            Some(Literal::Text(text)) => self.text(table, key, text),
            Some(Literal::Integer(number)) => self.set(table, key, Value::Integer(number)),
            Some(Literal::Boolean(boolean)) => self.set(table, key, Value::Boolean(boolean)),
            None => {}
        }
    }

    fn text(&self, table: &mut Table, key: &str, text: &str) {
        self.set(table, key, Value::Text(text.to_owned()));
    }

    fn service(&self, service: &mut Table) {
        self.key(service, &SERVICE, "kind");
        match service.get("kind").and_then(Node::text) {
            Some("container") => self.key(service, &SERVICE, "replicas"),
            Some(name) => {
                if let Some(kind) = kinds::named(name) {
                    self.server(service, kind);
                }
            }
            None => {}
        }
        for key in ["restart", "stop_grace_period", "ready_timeout"] {
            self.key(service, &SERVICE, key);
        }
        let ports = service.get_mut("ports").and_then(Node::table_mut);
        for (_, port) in ports.into_iter().flatten() {
            if let Some(port) = port.table_mut() {
                self.key(port, &PORT, "host");
                self.key(port, &PORT, "bind");
            }
        }
    }

    /// Adds what only some servers have, then the one port of a server, which has its kind's name, and
    /// its official image.
    fn server(&self, service: &mut Table, facts: &Facts) {
        let kind = facts.name;
        if kind == POSTGRES.name {
            self.text(service, "user", "postgres");
            // As in the official image: the database is named after its user.
            if let (Some(user), None) = (service.get("user"), service.get("database")) {
                service.insert("database".to_owned(), user.clone());
            }
        }
        // A command of its own says this itself.
        if kind == REDIS.name && !service.contains_key("command") {
            self.key(service, &SERVICE, "persistence");
        }
        if let Some(signal) = facts.stop_signal {
            self.text(service, "stop_signal", signal);
        }
        match service.get("version") {
            None => self.text(service, "image", &format!("{kind}:{}", facts.version)),
            Some(node) => {
                // One that is wrong is one mistake, not two.
                let text = node
                    .text()
                    .filter(|text| is_version(text) || text.contains("${"));
                let image = text.map(|text| node.beside(Value::Text(format!("{kind}:{text}"))));
                if let (Some(image), false) = (image, service.contains_key("image")) {
                    service.insert("image".to_owned(), image);
                }
                self.key(service, &SERVICE, "strict_version");
            }
        }
        self.set(service, "ports", Value::Table(Table::default()));
        let ports = service.get_mut("ports").and_then(Node::table_mut);
        if let Some(ports) = ports {
            self.set(ports, kind, Value::Table(Table::default()));
            let port = ports.get_mut(kind).and_then(Node::table_mut);
            if let Some(port) = port {
                self.set(port, "container", Value::Integer(facts.port.into()));
            }
        }
    }
}
