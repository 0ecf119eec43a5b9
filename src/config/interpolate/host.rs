//! Commands on the host: what is filled into their arguments, and into the scripts of shells.

use super::super::mistake::Mistake;
use super::super::reference::{Ask, ask};
use super::super::shell;
use super::super::source::Origin;
use super::super::tree::{Node, Value};
use super::{Expander, ReadBy};
use crate::kinds::without_password;
use crate::model::{Reference, ServiceField};

impl Expander<'_> {
    /// Expands a command on the host, which nobody but a shell in it expands any further.
    pub(super) fn on_host(&mut self, node: &mut Node) {
        if let Value::List(items) = &mut node.value {
            let script = shell::script(items.iter().map(|item| item.text().unwrap_or_default()));
            for (index, item) in items.iter_mut().enumerate() {
                let is_script = script == Some(index);
                let reader = [ReadBy::Argument, ReadBy::Shell][usize::from(is_script)];
                self.leaf(item, reader);
            }
            return;
        }
        let words = shell_words::split(node.text().unwrap_or_default()).unwrap_or_default();
        let script = shell::script(words.iter().map(String::as_str));
        self.leaf(node, script.map_or(ReadBy::Words, |_| ReadBy::Shell));
    }

    /// Fills a hole in an argument of a program on the host, which every user of it can see.
    pub(super) fn argument(&mut self, inner: &str, at: &Origin, reader: ReadBy) -> Value {
        let text = format!("${{{inner}}}");
        let asked = ask(inner);
        let hint = "a `process` and a check get it in their `environment`";
        let hidden = match &asked {
            Some(Ask::Secret(_)) => Some("is secret"),
            Some(Ask::Later(reference)) => {
                has_password(reference, self.written).then_some("holds a password")
            }
            // What is split is looked at for signs of a shell, and this is one.
            None if reader == ReadBy::Words => return Value::Text(text),
            _ => None,
        };
        if let Some(hidden) = hidden.filter(|_| !self.in_secrets) {
            let why = "every user of this machine sees the arguments of a command";
            let message = format!("`{text}` {hidden}, and {why}");
            return self.wrong(Mistake::new(message).at(at).hint(hint));
        }
        if let (Some(Ask::Later(_)), true) = (&asked, self.in_secrets) {
            let message = format!("`{text}` is known only while the environment runs");
            return self.wrong(Mistake::new(message).at(at));
        }
        self.hole(inner, at)
    }

    /// Fills a hole in a shell's script, which is left to the shell unless none could fill it. A
    /// value would become a part of the program, whatever characters it holds.
    pub(super) fn script(&mut self, inner: &str, at: &Origin) -> Value {
        let text = format!("${{{inner}}}");
        let asked = ask(inner);
        let itself;
        let (name, hint) = match &asked {
            Some(Ask::Var(_)) => return self.hole(inner, at),
            Some(Ask::Later(_)) => (
                "an address",
                "hand it on behind the script, which calls it `$1`: \
                 `[\"sh\", \"-c\", \"exec serve --port \\\"$1\\\"\", \"sh\", \"${services.NAME.port}\"]`",
            ),
            Some(Ask::Secret(_)) => (
                "a secret",
                "a `process` and a check get it in their `environment`, and the script reads that: `$NAME`",
            ),
            Some(Ask::Env { name, .. }) => {
                itself = format!("the script reads it itself: `${name}`");
                ("a variable", &*itself)
            }
            Some(Ask::Instance | Ask::Workspace) | None => return Value::Text(text),
        };
        let message = format!("`{text}` stands in a shell's script, where {name} is not filled in");
        self.wrong(Mistake::new(message).at(at).hint(hint))
    }
}

/// Whether what a reference stands for holds the password of a database.
fn has_password(reference: &Reference, root: &Node) -> bool {
    let Reference::Service {
        service,
        field: ServiceField::Url,
    } = reference
    else {
        return false;
    };
    let service = root.get("services").and_then(|all| all.get(service));
    if let Some(url) = service.and_then(|service| service.get("url")?.text()) {
        return url.contains("${secret:") || without_password(url) != url;
    }
    let kind = service.and_then(|service| service.get("kind")?.text());
    match kind {
        Some("postgres") => true,
        Some("redis") => service.is_some_and(|service| service.get("password").is_some()),
        _ => false,
    }
}
