//! What is said when a service or a task that a command needs is not there, or does not run.

use super::super::line;
use super::{Failure, FailureKind};
use crate::config::environments;
use crate::engine::ObservedService;
use crate::model::Invocation;
use crate::plan::state_text;
use crate::tell::Diagnostic;

impl Failure {
    /// A service that is there and does not run, so that nothing can be run in it.
    pub(in crate::commands) fn not_running(
        invocation: &Invocation,
        service: &ObservedService,
    ) -> Self {
        let name = &service.name;
        let title = format!("`{name}` does not run: {}", state_text(&service.state));
        let diagnostic = Diagnostic::new(title)
            .hint(format!("`{}` starts it", line::again(invocation, "up")))
            .hint(format!(
                "`{} {name}` shows what it printed",
                line::inside(&invocation.id, "logs")
            ));
        Self::new(FailureKind::NotReady, diagnostic)
    }

    /// A declared service of which nothing was made yet; `because` says what may have kept it
    /// from that.
    pub(in crate::commands) fn not_there(
        invocation: &Invocation,
        service: &str,
        because: Vec<String>,
    ) -> Self {
        let title = format!("`{service}` is not there");
        let mut diagnostic = Diagnostic::new(title);
        diagnostic.causes = because;
        let hint = format!("`{}` makes it", line::again(invocation, "up"));
        Self::new(FailureKind::NotReady, diagnostic.hint(hint))
    }

    /// A task, where a service is wanted.
    pub(in crate::commands) fn is_a_task(invocation: &Invocation, task: &str) -> Self {
        let title = format!("`{task}` is a task, which is not restarted");
        let hint = format!("`{} {task}` runs it", line::inside(&invocation.id, "run"));
        Self::new(FailureKind::Usage, Diagnostic::new(title).hint(hint))
    }

    /// A task or a service whose dependencies are not as it needs them.
    pub(in crate::commands) fn unmet(
        invocation: &Invocation,
        (noun, name): (&str, &str),
        unmet: &[String],
    ) -> Self {
        let title = format!("what {noun} `{name}` depends on does not run");
        let mut diagnostic = Diagnostic::new(title);
        diagnostic.causes.extend(unmet.iter().cloned());
        let hint = format!("`{}` starts it", line::again(invocation, "up"));
        Self::new(FailureKind::NotReady, diagnostic.hint(hint))
    }

    /// What only psql itself understands, where SQL is sent without it.
    pub(in crate::commands) fn command_of_psql(meta: &str) -> Self {
        let meta = meta.trim();
        let title = format!("`{meta}` is a command of psql, and `-c` sends SQL without it");
        let hint = format!("`envctl psql -- -c '{meta}'` has psql run it");
        Self::new(FailureKind::Usage, Diagnostic::new(title).hint(hint))
    }

    /// The same, where the name may be that of an environment, which stands behind a flag here.
    pub(in crate::commands) fn unless_environment(
        mut self,
        invocation: &Invocation,
        name: &str,
    ) -> Self {
        let known = environments(&invocation.workspace);
        if known.iter().any(|environment| environment.name == name) {
            let hint = format!("`{name}` is an environment: `-e {name}` names it");
            let hints = self.diagnostics.iter_mut().map(|it| &mut it.hints);
            hints.for_each(|hints| hints.push(hint.clone()));
        }
        self
    }

    /// A name that the environment does not declare; `noun` is `service` or `task`.
    pub(in crate::commands) fn undeclared(noun: &str, name: &str, known: &[String]) -> Self {
        let title = format!("no {noun} `{name}` is declared");
        let hint = match known {
            [] => format!("the environment declares no {noun}"),
            known => format!("there are {}", known.join(", ")),
        };
        Self::new(FailureKind::Usage, Diagnostic::new(title).hint(hint))
    }
}
