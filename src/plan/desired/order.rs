//! What starts before what.

use std::collections::BTreeMap;

use crate::model::Environment;

/// Returns each name's distance from what depends on nothing: equals do not wait for each other.
pub(super) fn start_order(environment: &Environment) -> BTreeMap<&str, u32> {
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, service) in &environment.services {
        edges.insert(
            name,
            service.depends_on.keys().map(String::as_str).collect(),
        );
    }
    for (name, task) in &environment.tasks {
        edges.insert(name, task.depends_on.keys().map(String::as_str).collect());
    }
    let mut order: BTreeMap<&str, u32> = edges.keys().map(|name| (*name, 0)).collect();
    // The declaration has no cycle, so this settles after as many rounds as there are names.
    for _ in 0..edges.len() {
        for (name, before) in &edges {
            let deepest = before.iter().filter_map(|other| order.get(other)).max();
            let depth = deepest.map_or(0, |depth| depth + 1);
            order.insert(name, depth);
        }
    }
    order
}
