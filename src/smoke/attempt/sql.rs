//! A query on a database.

use std::error::Error;
use std::time::Instant;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::super::evidence::{AnswerStatus, Evidence};
use super::super::reproduce;
use super::super::runner::CheckContext;
use super::super::scope::{ByHand, Scope};
use super::Nothing;
use crate::model::SqlAction;
use crate::postgres::{self, Rows};

/// The longest text of rows that is shown.
const SHOWN_BYTES: usize = 4096;

/// Asks a database once; what still runs when nobody waits for it any more is cancelled.
pub(super) async fn ask(
    action: &SqlAction,
    scope: &Scope<'_>,
    cancel: &CancellationToken,
) -> Result<Evidence, Nothing> {
    let database = (scope.places.database)(&action.service)
        .map_err(|reason| Nothing::Impossible("a database that can be asked", reason))?;
    let name = action.database.as_deref().unwrap_or(&database.name);
    let target = database.server.target(name);
    let abandoned = cancel.child_token();
    let _guard = abandoned.clone().drop_guard();
    let started = Instant::now();
    let rows = postgres::query(&target, &action.query, &abandoned).await;
    let rows = rows.map_err(|error| Nothing::NoAnswer {
        reason: chain(&error),
        transient: error.is_transient(),
    })?;
    let document = rows.json().into_iter().map(Value::Array).collect();
    Ok(Evidence {
        status: AnswerStatus::Plain(match rows.rows.len() {
            1 => "1 row".to_owned(),
            count => format!("{count} rows"),
        }),
        body: shown(&rows).into_bytes(),
        document: Some(Value::Array(document)),
        elapsed: started.elapsed(),
        ..Evidence::default()
    })
}

/// Returns the query as a line for the shell.
pub(super) fn by_hand(session: &CheckContext<'_>, action: &SqlAction, scope: &Scope<'_>) -> String {
    let command = (session.places.by_hand)(ByHand::Sql(action));
    let words = ["-c".to_owned(), action.query.clone()];
    reproduce::line(command.into_iter().chain(words), &scope.mask)
}

/// Returns the rows as a text, columns first.
fn shown(rows: &Rows) -> String {
    let names: Vec<&str> = rows
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let mut text = names.join(", ");
    for row in &rows.rows {
        if text.len() > SHOWN_BYTES {
            break;
        }
        let cells: Vec<&str> = row
            .iter()
            .map(|cell| cell.as_deref().unwrap_or("NULL"))
            .collect();
        text.push('\n');
        text.push_str(&cells.join(", "));
    }
    text
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::Column;

    #[test]
    fn rows_are_shown_as_text() {
        let column = |name: &str| Column {
            name: name.to_owned(),
            type_name: "text".to_owned(),
        };
        let cell = |text: &str| Some(text.to_owned());
        let rows = Rows {
            columns: vec![column("code"), column("name")],
            rows: vec![vec![cell("EETLL"), cell("Tallinn")], vec![cell("x"), None]],
            affected: None,
        };
        assert_eq!(shown(&rows), "code, name\nEETLL, Tallinn\nx, NULL");
    }
}
