//! How much a configuration may become: a few hundred bytes that double each other would
//! otherwise take all memory of the machine.

use super::mistake::Mistake;
use super::source::Origin;
use super::tree::{Node, Value};
use crate::model::Part;

/// The most that one value may be expanded to: as much as a file may hold.
const VALUE_BYTES_MAX: usize = 4 << 20;
/// The most that all expanded values may be together, and all cases of checks.
const TOTAL_BYTES_MAX: usize = 64 << 20;
/// What a value takes beside its text.
const NODE_BYTES: usize = 64;

/// Counts what a configuration becomes.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    total: usize,
    /// Whether it was said that it is too much.
    said: bool,
}

impl Bounds {
    /// Whether so much was made that no more may be.
    pub(crate) fn are_reached(&self) -> bool {
        self.total > TOTAL_BYTES_MAX
    }

    /// Counts a value at `at` that grew from `before` to `bytes`; the error, which is `None` when
    /// it was said before, is that it is too much.
    pub(crate) fn check(
        &mut self,
        before: usize,
        bytes: usize,
        at: &Origin,
    ) -> Result<(), Option<Mistake>> {
        let message = if bytes > VALUE_BYTES_MAX {
            let most = VALUE_BYTES_MAX >> 20;
            format!("this becomes more than {most} MiB, which no value may be")
        } else {
            self.total += bytes - before;
            if !self.are_reached() {
                return Ok(());
            }
            if std::mem::replace(&mut self.said, true) {
                return Err(None);
            }
            let most = TOTAL_BYTES_MAX >> 20;
            format!("with this, the configuration becomes more than {most} MiB, which none may be")
        };
        let hint =
            "each `${…}` is a copy of what it names, and each case of `each` one of its check";
        Err(Some(Mistake::new(message).at(at).hint(hint)))
    }
}

/// Returns about how many bytes a value takes.
pub(crate) fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Raw(text) => text.len(),
        Value::Template(template) => template.parts.iter().map(part).sum(),
        Value::List(items) => items.iter().map(of_node).sum(),
        Value::Table(table) => table
            .iter()
            .map(|(key, node)| key.len() + of_node(node))
            .sum(),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Unusable => 0,
    }
}

/// Returns about how many bytes a node takes with all that is below it.
pub(crate) fn of_node(node: &Node) -> usize {
    NODE_BYTES + size(&node.value)
}

fn part(part: &Part) -> usize {
    match part {
        Part::Text(text) => text.len(),
        Part::Secret(secret) => secret.expose().len(),
        Part::Reference(_) => NODE_BYTES,
    }
}
