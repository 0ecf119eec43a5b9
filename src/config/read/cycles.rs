//! Circles in what refers to what.

use std::collections::BTreeSet;

/// Finds every cycle once; each begins and ends with the same name.
pub(super) fn cycles<'a>(
    names: impl Iterator<Item = &'a str>,
    next: impl Fn(&str) -> Vec<String>,
) -> Vec<Vec<String>> {
    let mut done = BTreeSet::new();
    let mut found = Vec::new();
    for name in names {
        let mut trail = Vec::new();
        follow(name, &next, &mut (&mut done, &mut trail, &mut found));
    }
    found
}

type CycleTrail<'a> = (
    &'a mut BTreeSet<String>,
    &'a mut Vec<String>,
    &'a mut Vec<Vec<String>>,
);

fn follow(name: &str, next: &impl Fn(&str) -> Vec<String>, state: &mut CycleTrail<'_>) {
    if let Some(start) = state.1.iter().position(|open| open == name) {
        let mut chain = state.1[start..].to_vec();
        chain.push(name.to_owned());
        state.2.push(chain);
        return;
    }
    if state.0.contains(name) {
        return;
    }
    state.1.push(name.to_owned());
    for other in next(name) {
        follow(&other, next, state);
    }
    state.1.pop();
    state.0.insert(name.to_owned());
}
