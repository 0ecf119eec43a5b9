//! What the files of a workspace let envctl run on this machine.

use super::schema::{ROOT, Shape, Want};
use super::tree::{Node, Value, dotted};

/// A command or a program that the files name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its key: `services.api.process.command`.
    pub key: String,
    /// Its words, as they are written.
    pub words: String,
}

/// Lists them in the order of the declaration.
pub(crate) fn runs(root: &Node) -> Vec<Run> {
    let mut runs = Vec::new();
    collect(root, Shape::Table(&ROOT), "", &mut runs);
    runs
}

fn collect(node: &Node, shape: Shape, path: &str, runs: &mut Vec<Run>) {
    for (name, child) in node.table().into_iter().flatten() {
        let path = dotted(path, name);
        match shape {
            Shape::Table(fields) => match fields.shape(name) {
                Some(Shape::Value(want)) if is_run(want, &path) => runs.extend(run(child, path)),
                Some(shape) => collect(child, shape, &path, runs),
                None => {}
            },
            Shape::Named(named) => collect(child, named.each, &path, runs),
            Shape::Value(_) => {}
        }
    }
}

/// Whether the value of a key is run: a command on the host, a health check's, which a process has
/// on the host, a folder of programs, and a file that `hurl` runs.
fn is_run(want: Want, path: &str) -> bool {
    let in_section = |section: &str, end: &str| path.starts_with(section) && path.ends_with(end);
    want.is_on_host()
        || in_section("services.", ".healthcheck.command")
        || in_section("services.", ".process.bin_dir")
        || in_section("smoke.", ".hurl")
}

fn run(node: &Node, key: String) -> Option<Run> {
    let word = |node: &Node| match &node.value {
        Value::Text(text) | Value::Raw(text) => Some(text.clone()),
        Value::Template(template) => Some(template.to_string()),
        _ => None,
    };
    let words = match &node.value {
        Value::List(items) => {
            let words: Vec<String> = items.iter().filter_map(word).collect();
            shell_words::join(words)
        }
        _ => word(node)?,
    };
    Some(Run { key, words })
}
