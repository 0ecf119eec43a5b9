//! Whose turn it is: a check comes up when all that it depends on has ended. Knows nothing of how
//! a check is made.

use std::collections::{BTreeMap, VecDeque};

use indexmap::IndexMap;

use super::select::Selected;
use crate::model::Check;

/// The chosen checks by their places in the selection.
pub(super) struct Queue {
    ready: VecDeque<usize>,
    /// Place of a check to how many it still waits for, and who it is that it waits for.
    waiting: BTreeMap<usize, usize>,
    before: BTreeMap<usize, Vec<usize>>,
    after: BTreeMap<usize, Vec<usize>>,
    /// Place of a check to one that it depends on and that is left out.
    left_out: BTreeMap<usize, String>,
}

impl Queue {
    /// Puts the chosen checks in order: those without dependencies as they were declared.
    pub(super) fn of(checks: &IndexMap<String, Check>, selected: &Selected) -> Self {
        let mut queue = Self {
            ready: VecDeque::with_capacity(selected.names.len()),
            waiting: BTreeMap::new(),
            before: BTreeMap::new(),
            after: BTreeMap::new(),
            left_out: BTreeMap::new(),
        };
        let mut places: Option<BTreeMap<&str, usize>> = None;
        for (place, name) in selected.names.iter().enumerate() {
            let needed = &checks[name].flow.depends_on;
            if needed.is_empty() {
                queue.ready.push_back(place);
                continue;
            }
            // Most checks stand alone, so this is made only for those that do not.
            let places = places.get_or_insert_with(|| {
                let names = selected.names.iter().map(String::as_str);
                names.zip(0..).collect()
            });
            let cases = checks
                .iter()
                .filter(|(_, check)| needed.contains(&check.declared));
            for (case, _) in cases {
                match places.get(case.as_str()) {
                    Some(before) => queue.link(*before, place),
                    None => {
                        queue.left_out.insert(place, case.clone());
                    }
                }
            }
            if !queue.waiting.contains_key(&place) {
                queue.ready.push_back(place);
            }
        }
        queue
    }

    fn link(&mut self, before: usize, place: usize) {
        *self.waiting.entry(place).or_default() += 1;
        self.before.entry(place).or_default().push(before);
        self.after.entry(before).or_default().push(place);
    }

    /// Returns the next check whose turn it is; none while all wait for others.
    pub(super) fn next(&mut self) -> Option<usize> {
        self.ready.pop_front()
    }

    /// Notes that a check has ended, which may make it the turn of others.
    pub(super) fn ended(&mut self, place: usize) {
        for next in self.after.remove(&place).unwrap_or_default() {
            if let Some(left) = self.waiting.get_mut(&next) {
                *left -= 1;
                if *left == 0 {
                    self.waiting.remove(&next);
                    self.ready.push_back(next);
                }
            }
        }
    }

    /// Returns the checks that a check depends on, each case of them.
    pub(super) fn before(&self, place: usize) -> &[usize] {
        self.before.get(&place).map_or(&[], Vec::as_slice)
    }

    /// Returns whether others depend on a check.
    pub(super) fn is_awaited(&self, place: usize) -> bool {
        self.after.contains_key(&place)
    }

    /// Returns a check that this one depends on and that is not made.
    pub(super) fn left_out(&self, place: usize) -> Option<&str> {
        self.left_out.get(&place).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoke::select::{Selection, select};
    use crate::smoke::testing::checks;

    #[test]
    fn the_turn_comes_when_all_before_have_ended() {
        let checks = checks(
            "[smoke.c]\nservice = 'api'\nget = '/'\ndepends_on = ['a', 'b']\n\
             [smoke.a]\nservice = 'api'\nget = '/${each.value}'\neach = ['x', 'y']\n\
             [smoke.b]\nservice = 'api'\nget = '/'\ndepends_on = ['a']\n\
             [smoke.d]\nservice = 'api'\nget = '/'\n",
        );
        let selected = select(&checks, &Selection::default()).unwrap();
        let name = |place: usize| selected.names[place].as_str();
        let mut queue = Queue::of(&checks, &selected);
        let first: Vec<usize> = std::iter::from_fn(|| queue.next()).collect();
        let names: Vec<&str> = first.iter().map(|place| name(*place)).collect();
        assert_eq!(names, ["a[x]", "a[y]", "d"]);
        queue.ended(first[0]);
        assert_eq!(queue.next(), None);
        queue.ended(first[1]);
        let b = queue.next().unwrap();
        assert_eq!((name(b), queue.next()), ("b", None));
        queue.ended(b);
        assert_eq!(queue.next().map(name), Some("c"));
        assert!(!queue.is_awaited(b));
    }

    #[test]
    fn what_is_left_out_is_known() {
        let checks = checks(
            "[smoke.a]\nservice = 'api'\nget = '/'\n\
             [smoke.b]\nservice = 'api'\nget = '/'\ndepends_on = ['a']\n",
        );
        let selection = Selection {
            skip: vec!["a".to_owned()],
            ..Selection::default()
        };
        let selected = select(&checks, &selection).unwrap();
        let mut queue = Queue::of(&checks, &selected);
        let place = queue.next().unwrap();
        assert_eq!(queue.left_out(place), Some("a"));
    }
}
