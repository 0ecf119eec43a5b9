//! Whether a reference names something that was declared, and what to write instead.

use super::mistake::Mistake;
use super::schema::KINDS;
use super::source::Origin;
use super::suggest;
use super::tree::{Node, Value};
use crate::model::{Reference, ServiceField};

/// Checks that a reference names something that was declared.
pub(super) fn known(reference: &Reference, root: &Node, at: &Origin) -> Result<(), Mistake> {
    let missing = |kind: &str, name: &str, known: Vec<&str>| {
        let hint = suggest::did_you_mean(name, known);
        let message = format!("there is no {kind} `{name}`");
        Err(Mistake::new(message).at(at).maybe_hint(hint))
    };
    let (service, field) = match reference {
        Reference::Image(name) => {
            let known = root.names("images");
            let is_known = known.contains(&name.as_str());
            return if is_known {
                Ok(())
            } else {
                missing("image", name, known)
            };
        }
        Reference::Service { service, field } => (service, field),
        Reference::Each(_) | Reference::Capture(_) => return Ok(()),
    };
    let Some(node) = root.get("services").and_then(|all| all.get(service)) else {
        return missing("service", service, root.names("services"));
    };
    let ports = node.names("ports");
    match field {
        ServiceField::Host => Ok(()),
        // What is wrong with its kind or its ports is a mistake already, and this follows from it.
        _ if is_unknown(node) => Ok(()),
        ServiceField::NamedPort(port) if ports.contains(&port.as_str()) => Ok(()),
        ServiceField::NamedPort(port) => {
            missing("port", &format!("services.{service}.ports.{port}"), ports)
        }
        ServiceField::File(file) => {
            let files = node.names("files");
            let path = format!("services.{service}.files.{file}");
            if files.contains(&file.as_str()) {
                Ok(())
            } else {
                missing("file", &path, files)
            }
        }
        // It names its ports itself, and each of them is looked at there.
        ServiceField::Url if node.get("url").is_some() => Ok(()),
        ServiceField::Url | ServiceField::Port | ServiceField::Addresses => {
            match ports.as_slice() {
                [_] => Ok(()),
                _ if ports.contains(&"http") => Ok(()),
                [] => {
                    let message = format!("`{service}` has no port, so it has no address");
                    Err(Mistake::new(message).at(at).hint(format!(
                        "declare one: `ports = {{ http = 3000 }}` in `[services.{service}]`"
                    )))
                }
                several => {
                    let message =
                        format!("`{service}` has several ports, and none is named `http`");
                    let first = several[0];
                    Err(Mistake::new(message)
                        .at(at)
                        .hint(format!("name one: `${{services.{service}.ports.{first}}}`")))
                }
            }
        }
    }
}

/// Whether nobody can say which ports a service has.
fn is_unknown(service: &Node) -> bool {
    let is_unusable = |key| {
        let node = service.get(key);
        node.is_some_and(|node| matches!(node.value, Value::Unusable))
    };
    let kind = service.get("kind").and_then(Node::text);
    kind.is_some_and(|kind| !KINDS.has(kind)) || is_unusable("kind") || is_unusable("ports")
}

/// Returns what to write instead of what is no reference.
pub(super) fn hint_for(inner: &str) -> String {
    let variable = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !inner.is_empty() && inner.chars().all(variable) {
        return format!(
            "`${{env:{inner}}}` reads a variable, `$${{{inner}}}` writes `${{{inner}}}`"
        );
    }
    if let Some(name) = inner.strip_prefix("secrets.") {
        return format!("did you mean `${{secret:{name}}}`?");
    }
    "there are `vars.NAME`, `env:NAME`, `env:NAME:-default`, `instance`, `workspace`, \
     `secret:NAME`, `images.NAME`, and `services.NAME` with `.url`, `.host`, `.port`, \
     `.ports.NAME`, `.addresses` or `.files.NAME`"
        .to_owned()
}
