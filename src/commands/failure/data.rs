//! What is said when data did not come, or cannot be seen.

use super::super::{explain, line};
use super::{Failure, FailureKind};
use crate::model::Invocation;
use crate::plan::Observation;
use crate::seed::Brings;
use crate::tell::Diagnostic;

impl Failure {
    /// Of a database that nothing was seen of.
    pub(in crate::commands) fn unseen(
        invocation: &Invocation,
        service: &str,
        observation: &Observation,
    ) -> Self {
        match observation.unreadable.get(service) {
            Some(why) => {
                let title = format!("cannot look at the database of `{service}`: {why}");
                Self::new(
                    FailureKind::Data,
                    Diagnostic::new(title).hint(explain::LOOK),
                )
            }
            None => Self::database_not_up(invocation, service),
        }
    }

    fn database_not_up(invocation: &Invocation, service: &str) -> Self {
        let title = format!("the database of `{service}` does not answer");
        let hint = format!(
            "`{} --no-seed` starts it; `{}` shows what runs",
            line::again(invocation, "up"),
            line::on(&invocation.id, "status")
        );
        Self::new(FailureKind::NotReady, Diagnostic::new(title).hint(hint))
    }
}

/// Returns how it is run once more.
pub(super) fn run_again(invocation: &Invocation, brings: Brings, ran: bool) -> String {
    match (brings, ran) {
        (Brings::Seed, true) => format!(
            "`{}` resets the database and sends it again, since a part of it may be in",
            line::again(invocation, "seed")
        ),
        (Brings::Seed, false) => {
            let seed = line::again(invocation, "seed");
            format!("nothing of it was sent; `{seed}` runs the task again")
        }
        (Brings::Migrations, _) => {
            let migrate = line::again(invocation, "migrate");
            format!("`{migrate}` runs the task again")
        }
    }
}
