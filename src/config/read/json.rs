//! Values that are compared or sent as JSON, with holes for secrets, addresses and captures.

use serde_json::{Map, Value as Plain};

use super::section::Section;
use crate::config::mistake::Mistake;
use crate::config::tree::{Node, Value};
use crate::model::{Hole, Json};

/// Reads a value as JSON; a number without an end has none.
pub(super) fn read(section: &Section<'_>, node: &Node) -> Option<Json> {
    let mut holes = Vec::new();
    let value = value(section, node, "", &mut holes)?;
    Some(Json { value, holes })
}

fn value(
    section: &Section<'_>,
    node: &Node,
    pointer: &str,
    holes: &mut Vec<Hole>,
) -> Option<Plain> {
    match &node.value {
        Value::Template(template) => {
            holes.push(Hole {
                pointer: pointer.to_owned(),
                template: template.clone(),
            });
            Some(Plain::Null)
        }
        Value::Float(number) if !number.is_finite() => {
            let message = "a number without an end cannot stand in JSON";
            section.reader.report(Mistake::new(message).at(&node.at));
            None
        }
        Value::List(items) => {
            let item = |(index, item): (usize, &Node)| {
                value(section, item, &format!("{pointer}/{index}"), holes)
            };
            items.iter().enumerate().map(item).collect()
        }
        Value::Table(table) => {
            let mut object = Map::new();
            for (key, node) in table {
                let pointer = format!("{pointer}/{}", escaped(key));
                object.insert(key.clone(), value(section, node, &pointer, holes)?);
            }
            Some(Plain::Object(object))
        }
        Value::Unusable => None,
        plain => Some(plain.to_json()),
    }
}

/// Writes a key as a part of a JSON Pointer (RFC 6901).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
