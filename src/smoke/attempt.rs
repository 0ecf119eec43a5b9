//! One attempt of a check: ask once, and hold the answer against what is expected.

use std::error::Error;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::check::HttpAction;
use super::mask::Mask;
use super::{Failure, Reply, expect};
use crate::config::model::SqlCheck;
use crate::postgres::{self, Rows, Target};
use crate::probe::{Caller, Delivery, Response};

/// The longest excerpt of an answer.
const EXCERPT_BYTES: usize = 2048;

/// What one attempt saw.
#[derive(Debug)]
pub(super) enum Seen {
    Answer {
        reply: Reply,
        /// Empty when everything is as expected.
        failures: Vec<Failure>,
        /// Whether the answer says that the service is not there yet.
        unavailable: bool,
    },
    NoAnswer {
        reason: String,
        transient: bool,
    },
}

impl Seen {
    /// Returns whether another attempt may see something else; with `eventually`, every answer
    /// may change.
    pub(super) fn may_change(&self, eventually: bool) -> bool {
        match self {
            Self::Answer { unavailable, .. } => eventually || *unavailable,
            Self::NoAnswer { transient, .. } => *transient,
        }
    }

    /// Returns one line on it.
    pub(super) fn summary(&self) -> String {
        match self {
            Self::NoAnswer { reason, .. } => reason.clone(),
            Self::Answer {
                reply, failures, ..
            } => match failures.as_slice() {
                [] => reply.status.clone(),
                // The failure itself names the status.
                [first] if first.what == "status" => first.to_string(),
                [first] => format!("{}; {first}", reply.status),
                [first, more @ ..] => format!("{}; {first}; and {} more", reply.status, more.len()),
            },
        }
    }
}

/// Sends a request once.
pub(super) async fn http(
    caller: &Caller,
    action: &HttpAction<'_>,
    timeout: Duration,
    mask: &Mask,
) -> Seen {
    let response = match caller
        .send(&action.request, &Delivery::within(timeout))
        .await
    {
        Ok(response) => response,
        Err(error) => {
            return Seen::NoAnswer {
                reason: mask.apply(&error.to_string()),
                transient: error.is_transient(),
            };
        }
    };
    let unavailable = matches!(response.status, 502..=504)
        && !expect::status_holds(action.declared, response.status);
    Seen::Answer {
        failures: expect::http(action.declared, &action.json, &response, mask),
        reply: http_reply(&response, mask),
        unavailable,
    }
}

/// Asks a database once; what still runs when nobody waits for it any more is cancelled.
pub(super) async fn sql(
    check: &SqlCheck,
    target: &Target,
    cancel: &CancellationToken,
    mask: &Mask,
) -> Seen {
    let abandoned = cancel.child_token();
    let _guard = abandoned.clone().drop_guard();
    match postgres::query(target, &check.query, &abandoned).await {
        Ok(rows) => Seen::Answer {
            failures: expect::sql(check, &rows, mask),
            reply: sql_reply(&rows, mask),
            unavailable: false,
        },
        Err(error) => Seen::NoAnswer {
            reason: mask.apply(&chain(&error)),
            transient: error.is_transient(),
        },
    }
}

fn http_reply(response: &Response, mask: &Mask) -> Reply {
    let body = String::from_utf8_lossy(&response.body);
    Reply {
        status: response.status_line(),
        excerpt: mask.excerpt(&body, EXCERPT_BYTES),
    }
}

fn sql_reply(rows: &Rows, mask: &Mask) -> Reply {
    let names: Vec<&str> = rows
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let mut text = names.join(", ");
    for row in &rows.rows {
        if text.len() > EXCERPT_BYTES {
            break;
        }
        let cells: Vec<&str> = row
            .iter()
            .map(|cell| cell.as_deref().unwrap_or("NULL"))
            .collect();
        text.push('\n');
        text.push_str(&cells.join(", "));
    }
    Reply {
        status: match rows.rows.len() {
            1 => "1 row".to_owned(),
            count => format!("{count} rows"),
        },
        excerpt: mask.excerpt(&text, EXCERPT_BYTES),
    }
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::Secret;
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
            rows: vec![
                vec![cell("EETLL"), cell("Tallinn")],
                vec![cell("pw1"), None],
            ],
            affected: None,
        };
        let reply = sql_reply(&rows, &Mask::new(&[Secret::new("pw1")]));
        assert_eq!(reply.status, "2 rows");
        assert_eq!(reply.excerpt, "code, name\nEETLL, Tallinn\n***, NULL");
    }

    #[test]
    fn a_summary_is_one_line() {
        let failure = |what: &str| Failure {
            what: what.to_owned(),
            expected: "1".to_owned(),
            actual: "2".to_owned(),
        };
        let answer = |failures| Seen::Answer {
            reply: Reply {
                status: "200 OK".to_owned(),
                excerpt: String::new(),
            },
            failures,
            unavailable: false,
        };
        assert_eq!(answer(vec![]).summary(), "200 OK");
        assert_eq!(
            answer(vec![failure("status")]).summary(),
            "status: expected 1, got 2"
        );
        assert_eq!(
            answer(vec![failure("$.a")]).summary(),
            "200 OK; $.a: expected 1, got 2"
        );
        assert_eq!(
            answer(vec![failure("$.a"), failure("$.b"), failure("$.c")]).summary(),
            "200 OK; $.a: expected 1, got 2; and 2 more"
        );
    }
}
