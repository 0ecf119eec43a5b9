//! How long each step of a run took, what it waited for, and which chain of steps made the run as
//! long as it was. Pure.

use std::time::Duration;

use super::graph::Plan;
use super::run::Report;

/// When a step ran, since the run's start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    pub title: String,
    pub phase: &'static str,
    pub from: Duration,
    pub until: Duration,
    /// How long a service can have been ready before that was seen.
    pub late: Option<Duration>,
    /// Indices into the list of the steps that it waited for.
    pub after: Vec<usize>,
}

/// Returns the steps of a run that ended well, in the order of their starts.
pub fn timings(plan: &Plan, report: &Report) -> Vec<Timing> {
    let mut finished: Vec<_> = report.finished.iter().collect();
    finished.sort_by_key(|step| (step.from, step.index));
    let place = |index: &usize| finished.iter().position(|step| step.index == *index);
    let timing = |step: &&super::run::Finished| Timing {
        title: step.title.clone(),
        phase: step.phase,
        from: step.from,
        until: step.until,
        late: step.late,
        after: plan.nodes[step.index]
            .after
            .iter()
            .filter_map(place)
            .collect(),
    };
    finished.iter().map(timing).collect()
}

/// Returns the chain of steps that ends last, each with the one before it that it waited for
/// longest; indices into `timings`, first step first.
pub fn critical_path(timings: &[Timing]) -> Vec<usize> {
    let ends = |index: &usize| timings[*index].until;
    let mut path: Vec<usize> = (0..timings.len()).max_by_key(ends).into_iter().collect();
    while let Some(before) = path
        .last()
        .and_then(|last| timings[*last].after.iter().copied().max_by_key(ends))
    {
        path.push(before);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(title: &str, from: u64, until: u64, after: &[usize]) -> Timing {
        Timing {
            title: title.to_owned(),
            phase: "start",
            from: Duration::from_millis(from),
            late: None,
            until: Duration::from_millis(until),
            after: after.to_vec(),
        }
    }

    #[test]
    fn the_chain_that_ends_last_is_the_critical_one() {
        let steps = [
            step("image", 0, 50, &[]),
            step("volume", 0, 5, &[]),
            step("create db", 50, 60, &[0, 1]),
            step("create api", 50, 300, &[0]),
            step("ready db", 60, 400, &[2]),
        ];
        let titles: Vec<&str> = critical_path(&steps)
            .into_iter()
            .map(|index| steps[index].title.as_str())
            .collect();
        assert_eq!(titles, ["image", "create db", "ready db"]);
        assert_eq!(critical_path(&[]), Vec::<usize>::new());
    }
}
