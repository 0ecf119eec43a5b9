//! The plan of `down`: made from what is seen alone, so that it needs no readable env.toml.

use super::graph::Plan;
use super::step::Step;
use crate::engine::{Observed, ObservedService};

/// Returns the plan that takes an instance away, what started last first.
pub fn teardown(observed: &Observed, volumes: bool) -> Plan {
    let mut plan = Plan {
        keep_going: true,
        ..Plan::default()
    };
    let mut services: Vec<&ObservedService> = observed.services.iter().collect();
    services.sort_by_key(|service| std::cmp::Reverse(service.order));
    let mut above: Vec<usize> = Vec::new();
    for level in services.chunk_by(|one, other| one.order == other.order) {
        let removed = level.iter().map(|service| {
            let (name, handle) = (service.name.clone(), service.handle.clone());
            plan.push(Step::Remove { name, handle }, "down", above.clone())
        });
        above = removed.collect();
    }
    let all: Vec<usize> = (0..plan.nodes.len()).collect();
    if let Some(handle) = &observed.network {
        plan.push(
            Step::RemoveNetwork {
                handle: handle.clone(),
            },
            "down",
            all.clone(),
        );
    }
    if volumes {
        for (name, handle) in &observed.volumes {
            let (name, handle) = (name.clone(), handle.clone());
            plan.push(
                Step::RemoveVolume { name, handle },
                "down --volumes",
                all.clone(),
            );
        }
    }
    plan
}
