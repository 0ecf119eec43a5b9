//! A plan: steps, why each is there, and what each waits for.

use std::collections::BTreeSet;
use std::fmt;

use super::consent::Consent;
use super::desired::DesiredService;
use super::step::Step;
use crate::tell::PlannedStep;

/// A step in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedStep {
    pub step: Step,
    /// Why the step is there: `not there yet`, `its declaration changed`.
    pub cause: String,
    /// Indices of the nodes that must end well first; all are smaller than this node's.
    pub after: Vec<usize>,
}

/// Every step that a command will take, in an order that respects the edges.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub nodes: Vec<PlacedStep>,
    /// What a user should know and no step mends: stale seeds, foreign content.
    pub notices: Vec<String>,
    /// Whether steps are started after one has failed on which they do not depend.
    pub keep_going: bool,
}

impl Plan {
    /// Adds a step and returns its index.
    pub(super) fn push(
        &mut self,
        step: Step,
        cause: impl Into<String>,
        mut after: Vec<usize>,
    ) -> usize {
        after.sort_unstable();
        after.dedup();
        assert!(
            after.iter().all(|&index| index < self.nodes.len()),
            "an edge can only lead to a step that stands before"
        );
        self.nodes.push(PlacedStep {
            step,
            cause: cause.into(),
            after,
        });
        self.nodes.len() - 1
    }

    /// Adds a step that waits for nothing, for commands that take a single one.
    pub fn add(&mut self, step: Step, cause: &str) {
        self.push(step, cause, Vec::new());
    }

    /// Adds the last look at what runs by then, where anything was done at all.
    pub(super) fn look_again(&mut self, services: Vec<DesiredService>) {
        if self.nodes.is_empty() || services.is_empty() {
            return;
        }
        let waited_for: BTreeSet<usize> =
            self.nodes.iter().flat_map(|it| it.after.clone()).collect();
        let last = (0..self.nodes.len()).filter(|index| !waited_for.contains(index));
        let after = last.collect();
        self.push(
            Step::StillRunning { services },
            "once all of it is done",
            after,
        );
    }

    /// Returns the indices of every node that waits for `index`, directly or not.
    pub(crate) fn dependants(&self, index: usize) -> Vec<usize> {
        let mut blocked = vec![index];
        for (candidate, node) in self.nodes.iter().enumerate().skip(index + 1) {
            if node.after.iter().any(|before| blocked.contains(before)) {
                blocked.push(candidate);
            }
        }
        blocked.split_off(1)
    }

    /// Returns the titles of the steps that lose what nobody agreed to lose.
    pub(super) fn unagreed(&self, consent: &Consent) -> Vec<String> {
        let steps = self.nodes.iter().map(|node| &node.step);
        let unagreed = steps.filter(|step| {
            let loss = step.loses();
            loss.is_some_and(|loss| !consent.covers(&loss))
        });
        unagreed.map(ToString::to_string).collect()
    }

    /// Returns the steps as they are reported, numbered from 1.
    pub fn planned(&self) -> Vec<PlannedStep> {
        self.nodes
            .iter()
            .enumerate()
            .map(|(index, node)| PlannedStep {
                number: index + 1,
                title: node.step.to_string(),
                cause: node.cause.clone(),
                after: node.after.iter().map(|before| before + 1).collect(),
                loses_data: node.step.loses().is_some(),
            })
            .collect()
    }
}

impl fmt::Display for Plan {
    /// Writes a line for each step: `3 create db, not there yet [1 2]`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.planned() {
            let after: Vec<String> = step.after.iter().map(ToString::to_string).collect();
            let loses = if step.loses_data { " (loses data)" } else { "" };
            writeln!(
                formatter,
                "{} {}, {}{loses} [{}]",
                step.number,
                step.title,
                step.cause,
                after.join(" ")
            )?;
        }
        self.notices
            .iter()
            .try_for_each(|notice| writeln!(formatter, "! {notice}"))
    }
}
