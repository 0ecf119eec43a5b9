//! The answer of a command that ran a plan: what changed, where things are, how long it took.

use std::time::Duration;

use super::scene::Scene;
use crate::plan::{Finished, Report};
use crate::tell::{Answer, PhaseTime, ServiceAddress, UpAnswer};

pub(super) fn answer(scene: &Scene, report: &Report, endpoints: Vec<ServiceAddress>) -> Answer {
    Answer::Up(UpAnswer {
        environment: scene.environment.name.clone(),
        instance: scene.invocation.id.instance.clone(),
        changed: report.finished.iter().filter(|step| step.changed).count(),
        endpoints,
        phases: phases(&report.finished),
        elapsed_s: scene.opened.elapsed().as_secs_f64(),
    })
}

/// Returns how long each phase took: the time in which at least one of its steps ran.
fn phases(finished: &[Finished]) -> Vec<PhaseTime> {
    let mut steps: Vec<&Finished> = finished.iter().collect();
    steps.sort_by_key(|step| step.from);
    // Name, time so far, and until when that reaches.
    let mut phases: Vec<(&str, Duration, Duration)> = Vec::new();
    for step in steps {
        let at = phases.iter().position(|(name, ..)| *name == step.phase);
        let at = at.unwrap_or_else(|| {
            phases.push((step.phase, Duration::ZERO, Duration::ZERO));
            phases.len() - 1
        });
        let (_, elapsed, reached) = &mut phases[at];
        *elapsed += step.until.saturating_sub(step.from.max(*reached));
        *reached = (*reached).max(step.until);
    }
    let phase = |(name, elapsed, _): (&str, Duration, Duration)| PhaseTime {
        name: name.to_owned(),
        elapsed_s: elapsed.as_secs_f64(),
    };
    phases.into_iter().map(phase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_side_by_side_count_once() {
        let step = |phase, from, until| Finished {
            index: 0,
            title: String::new(),
            phase,
            changed: true,
            late: None,
            from: Duration::from_secs(from),
            until: Duration::from_secs(until),
        };
        let steps = [
            step("images", 0, 4),
            step("images", 1, 3),
            step("start", 2, 5),
            step("images", 6, 7),
        ];
        let found: Vec<(String, f64)> = phases(&steps)
            .into_iter()
            .map(|phase| (phase.name, phase.elapsed_s))
            .collect();
        assert_eq!(
            found,
            [("images".to_owned(), 5.0), ("start".to_owned(), 3.0)]
        );
    }
}
