//! `up --timings FILE`: every part and step of the command with its start, its end and what it
//! waited for; and the chain of them that made it as long as it was.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::hidden::secrets;
use super::scene::Scene;
use crate::model::Secret;
use crate::plan::{Plan, Report, Timing, critical_path, timings};
use crate::smoke::reports::{self, ReportError};
use crate::tell::{Events, Mask};

/// Steps this short are not worth a line for people.
const WORTH_A_LINE: Duration = Duration::from_millis(1);

/// The course of a command: its parts before the plan, then the plan's steps.
pub(super) struct Course {
    timings: Vec<Timing>,
    /// Indices into `timings`, first step first.
    critical: Vec<usize>,
}

impl Course {
    /// Puts the course together; `laps` are the parts before the plan, each with when it ended.
    pub(super) fn new(laps: &[(&'static str, Duration)], plan: &Plan, report: &Report) -> Self {
        let mut all: Vec<Timing> = Vec::new();
        let mut from = Duration::ZERO;
        for (index, (title, until)) in laps.iter().enumerate() {
            all.push(Timing {
                title: (*title).to_owned(),
                phase: "begin",
                from,
                until: *until,
                late: None,
                after: index.checked_sub(1).into_iter().collect(),
            });
            from = *until;
        }
        let before = all.len();
        let steps = timings(plan, report).into_iter().map(|step| Timing {
            from: from + step.from,
            until: from + step.until,
            after: if step.after.is_empty() {
                before.checked_sub(1).into_iter().collect()
            } else {
                step.after.iter().map(|index| before + index).collect()
            },
            ..step
        });
        all.extend(steps);
        Self {
            critical: critical_path(&all),
            timings: all,
        }
    }

    /// Tells the critical path to whom wants details.
    pub(super) fn tell(&self, events: &Events) {
        let path = self.critical.iter().map(|index| &self.timings[*index]);
        let path = path.filter(|step| took(step) >= WORTH_A_LINE);
        let texts: Vec<String> = path
            .map(|step| format!("{} {}", step.title, seconds(took(step))))
            .collect();
        if let Some(last) = self.critical.last() {
            let all = seconds(self.timings[*last].until);
            events.detail(format!("critical path of {all}: {}", texts.join(", ")));
        }
    }

    /// Writes the file.
    pub(super) async fn write(&self, file: &Path, scene: &Scene) -> Result<(), ReportError> {
        let steps = self.timings.iter();
        let titles = |indices: &[usize]| -> Vec<String> {
            let titles = indices.iter().map(|index| &self.timings[*index].title);
            titles.cloned().collect()
        };
        let document = TimingsDocument {
            environment: &scene.environment.name,
            instance: &scene.invocation.id.instance,
            engine: scene.engine.name(),
            elapsed_s: scene.opened.elapsed().as_secs_f64(),
            steps: steps
                .map(|step| StepTimes {
                    title: &step.title,
                    phase: step.phase,
                    start_s: step.from.as_secs_f64(),
                    end_s: step.until.as_secs_f64(),
                    late_s: step.late.map(|late| late.as_secs_f64()),
                    waited_for: titles(&step.after),
                })
                .collect(),
            critical_path: titles(&self.critical),
        };
        let mut text = serde_json::to_string_pretty(&document).expect("texts and numbers are JSON");
        text.push('\n');
        let secrets = secrets(&scene.environment);
        let mask = Mask::new(secrets.iter().map(Secret::expose));
        reports::stays(file, &scene.invocation.workspace)?;
        reports::write(file, &mask.apply(&text)).await
    }
}

#[derive(Serialize)]
struct TimingsDocument<'a> {
    environment: &'a str,
    instance: &'a str,
    engine: &'a str,
    elapsed_s: f64,
    steps: Vec<StepTimes<'a>>,
    critical_path: Vec<String>,
}

#[derive(Serialize)]
struct StepTimes<'a> {
    #[serde(rename = "step")]
    title: &'a str,
    phase: &'a str,
    start_s: f64,
    end_s: f64,
    /// How long a service can have been ready before that was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    late_s: Option<f64>,
    waited_for: Vec<String>,
}

fn took(step: &Timing) -> Duration {
    step.until.saturating_sub(step.from)
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}
