//! Every text inside an event, a diagnostic or an answer, so that all of it passes the outlet. The
//! patterns name every field: a new one does not compile until it is thought of here.

use std::path::PathBuf;

use serde_json::Value;

use crate::model::Place;
use crate::tell::{
    Answer, CheckAnswer, ConfigurationAnswer, Diagnostic, DoctorAnswer, DownAnswer, EngineReport,
    EnvironmentAnswer, EnvironmentsAnswer, Event, Failed, FailedExpectation, InstanceAnswer,
    InstancesAnswer, LeftImage, LeftOutOperation, Outcome, PartReport, PhaseTime, PlanAnswer,
    PlannedStep, Progress, ProposalAnswer, ProposalDocument, ProposedCheck, ProposedValue,
    PruneAnswer, RemovedImage, ServiceAddress, ServiceStatus, SmokeAnswer, StatusAnswer,
    TableAnswer, Tail, UpAnswer,
};

/// Called with each text.
pub(super) type Each<'a> = &'a mut dyn FnMut(&mut String);

/// A value that holds texts.
pub(super) trait Texts {
    /// Calls `each` with every text of the value.
    fn texts(&mut self, each: Each);
}

impl Texts for String {
    fn texts(&mut self, each: Each) {
        each(self);
    }
}

impl Texts for PathBuf {
    fn texts(&mut self, each: Each) {
        let mut text = self.to_string_lossy().into_owned();
        each(&mut text);
        *self = text.into();
    }
}

impl<T: Texts> Texts for Option<T> {
    fn texts(&mut self, each: Each) {
        if let Some(value) = self {
            value.texts(each);
        }
    }
}

impl<T: Texts> Texts for Vec<T> {
    fn texts(&mut self, each: Each) {
        for value in self {
            value.texts(each);
        }
    }
}

impl Texts for (String, String) {
    fn texts(&mut self, each: Each) {
        self.0.texts(each);
        self.1.texts(each);
    }
}

/// Implements [`Texts`] for a struct: first the fields that hold texts, then the others.
macro_rules! texts {
    ($name:ident { $($text:ident),* } $($other:ident),*) => {
        impl Texts for $name {
            fn texts(&mut self, each: Each) {
                let Self { $($text,)* $($other: _,)* } = self;
                $($text.texts(each);)*
            }
        }
    };
}

texts!(Progress { doing } done, total, unit);
texts!(Diagnostic {
    title,
    causes,
    place,
    facts,
    tail,
    blocked,
    hints
});
texts!(Place { file, text } line, column, width);
texts!(Tail { of, lines });
texts!(Failed { diagnostics, answer } exit_code);
texts!(UpAnswer { environment, instance, endpoints, phases } changed, elapsed_s);
texts!(ServiceAddress {
    service,
    port,
    url,
    try_it
});
texts!(PhaseTime { name } elapsed_s);
texts!(DownAnswer { environment, instance, engine } containers, networks, volumes, kept_volumes, left);
texts!(PlanAnswer {
    environment,
    instance,
    steps
});
texts!(PlannedStep { title, cause } number, after, loses_data);
texts!(StatusAnswer {
    environment,
    instance,
    engine,
    services,
    volumes
});
texts!(DoctorAnswer {
    environment,
    engines,
    takes,
    why
} unused_images);
texts!(EngineReport { engine, text, parts } usable);
texts!(PartReport { name, text, hint } usable);
texts!(ServiceStatus {
    service,
    role,
    state,
    image,
    ports,
    notes
});
texts!(SmokeAnswer { environment, instance, checks } elapsed_s);
texts!(CheckAnswer {
    check, because, place, service, failures, reproduce, log
} verdict, flaky, attempts, runs, failed_runs, elapsed_s);
texts!(FailedExpectation {
    what,
    expected,
    actual,
    difference
});

texts!(ProposalAnswer {
    environment,
    instance,
    documents,
    checks,
    left_out,
    file
});
texts!(ProposalDocument { service, place });
texts!(ProposedCheck {
    check,
    service,
    path,
    values,
    toml
});
texts!(ProposedValue {
    parameter,
    value,
    from
});
texts!(LeftOutOperation {
    service,
    method,
    path,
    because
});
texts!(EnvironmentsAnswer { environments });
texts!(EnvironmentAnswer { name, description });
texts!(InstancesAnswer { instances });
texts!(InstanceAnswer {
    environment, instance, workspace, engine, id
} workspace_is_gone, services, running, volumes);

texts!(PruneAnswer { removed, left } freed_bytes);
texts!(RemovedImage { image, id } bytes);
texts!(LeftImage { image, id, because });

impl Texts for ConfigurationAnswer {
    fn texts(&mut self, each: Each) {
        let Self { text, object } = self;
        text.texts(each);
        object.values_mut().for_each(|value| value.texts(each));
    }
}

impl Texts for Value {
    fn texts(&mut self, each: Each) {
        match self {
            Self::String(text) => each(text),
            Self::Array(items) => items.iter_mut().for_each(|item| item.texts(each)),
            Self::Object(object) => object.values_mut().for_each(|value| value.texts(each)),
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
        }
    }
}

impl Texts for TableAnswer {
    fn texts(&mut self, each: Each) {
        let Self { columns, rows } = self;
        columns.texts(each);
        rows.texts(each);
    }
}

impl Texts for Outcome {
    fn texts(&mut self, each: Each) {
        match self {
            Self::Done { detail } | Self::Unchanged { detail } => detail.texts(each),
            Self::Failed { reason } => reason.texts(each),
            Self::Skipped { because } => because.texts(each),
            Self::Interrupted => {}
        }
    }
}

impl Texts for Answer {
    fn texts(&mut self, each: Each) {
        match self {
            // Whoever asks to see the password of an address sees it.
            Self::Silent | Self::Lent { .. } | Self::Exit { .. } | Self::Url { .. } => {}
            Self::Text { text } => text.texts(each),
            Self::Up(answer) => answer.texts(each),
            Self::Down(answer) => answer.texts(each),
            Self::Plan(answer) => answer.texts(each),
            Self::Status(answer) => answer.texts(each),
            Self::Doctor(answer) => answer.texts(each),
            Self::Smoke(answer) => answer.texts(each),
            Self::Proposal(answer) => answer.texts(each),
            Self::Environments(answer) => answer.texts(each),
            Self::Instances(answer) => answer.texts(each),
            Self::Prune(answer) => answer.texts(each),
            Self::Configuration(answer) | Self::Explanation(answer) | Self::Schema(answer) => {
                answer.texts(each);
            }
            Self::Table(answer) => answer.texts(each),
        }
    }
}

impl Texts for Event {
    fn texts(&mut self, each: Each) {
        match self {
            Self::RunStarted {
                command,
                environment,
                instance,
                steps: _,
            } => {
                command.texts(each);
                environment.texts(each);
                instance.texts(each);
            }
            Self::StepStarted { step: _, title } => title.texts(each),
            Self::StepProgress { step: _, progress } => progress.texts(each),
            Self::StepMessage { step: _, text } | Self::Notice { level: _, text } => {
                text.texts(each);
            }
            Self::StepOutput { step: _, line } => line.texts(each),
            Self::StepFinished {
                step: _,
                title,
                outcome,
                elapsed: _,
            } => {
                title.texts(each);
                outcome.texts(each);
            }
            Self::CheckFinished {
                check,
                verdict: _,
                flaky: _,
                attempts: _,
                elapsed: _,
                failures,
            } => {
                check.texts(each);
                failures.texts(each);
            }
            Self::Annotation {
                severity: _,
                file,
                line: _,
                title,
                message,
            } => {
                file.texts(each);
                title.texts(each);
                message.texts(each);
            }
            Self::LogLine {
                service: name,
                stderr: _,
                time: _,
                line,
                look: _,
            }
            | Self::TaskLine {
                task: name,
                stderr: _,
                line,
            } => {
                name.texts(each);
                line.texts(each);
            }
        }
    }
}
