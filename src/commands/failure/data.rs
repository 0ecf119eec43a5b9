//! What is said when a task did not bring its data.

use super::super::line;
use crate::config::model::Invocation;
use crate::seed::Brings;

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
