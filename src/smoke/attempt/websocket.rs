//! A WebSocket: what is sent over it, what is done while it is open, and what comes.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::super::evidence::{AnswerStatus, Evidence};
use super::super::expect::{self, Terms};
use super::super::runner::CheckContext;
use super::super::scope::Scope;
use super::super::{Unmet, trial};
use super::{Nothing, http};
use crate::model::{Check, MessageMatch, WebSocketAction};
use crate::probe::{Message, REFUSAL_BYTES, WebSocket, WebSocketError};

/// How many messages are kept.
const MESSAGES_MAX: usize = 10_000;

/// How many bytes of messages are kept.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Opens a socket once and waits for what must come.
pub(super) async fn converse(
    session: &CheckContext<'_>,
    check: &Check,
    action: &WebSocketAction,
    scope: &mut Scope<'_>,
    timeout: Duration,
) -> Result<Evidence, Nothing> {
    let impossible = |reason| Nothing::Impossible("a WebSocket that can be opened", reason);
    let request = http::call("GET", &action.call, scope).map_err(impossible)?;
    let texts = texts(action, scope).map_err(impossible)?;
    let started = Instant::now();
    let deadline = started + timeout;
    let delivery = http::delivery(&action.call, scope, timeout);
    let subprotocols: Vec<String> = action.subprotocol.iter().cloned().collect();
    let opened = WebSocket::connect(&request, &subprotocols, &delivery).await;
    let mut socket = opened.map_err(|error| no_answer(&error, scope))?;
    for text in &texts {
        let sent = socket.send(text, deadline).await;
        sent.map_err(|error| no_answer(&error, scope))?;
    }
    let mut heard = Heard::default();
    if let Some(step) = &action.meanwhile {
        let made = trial::step_failures(session, step, "meanwhile", scope);
        heard.failures = heard.while_made(&mut socket, deadline, made).await;
    }
    if heard.failures.is_empty() {
        let missing = heard
            .until_all(
                &mut socket,
                deadline,
                &check.expect.messages,
                &session.terms(scope),
            )
            .await;
        heard.failures = missing.map_err(impossible)?;
    }
    // Nobody waits for a server that does not say goodbye.
    socket
        .close(Instant::now() + Duration::from_millis(100))
        .await;
    Ok(heard.evidence(started))
}

fn texts(action: &WebSocketAction, scope: &Scope<'_>) -> Result<Vec<String>, String> {
    let text = |json: &_| {
        Ok(match scope.json(json)?.into_owned() {
            Value::String(text) => text,
            value => value.to_string(),
        })
    };
    action.send.iter().map(text).collect()
}

fn no_answer(error: &WebSocketError, scope: &Scope<'_>) -> Nothing {
    let transient = error.is_transient();
    let reason = match error {
        WebSocketError::Refused { body, .. } if !body.trim().is_empty() => {
            // Of a long one only the start is known.
            let body = if body.len() < REFUSAL_BYTES {
                scope.mask.apply(body)
            } else {
                scope.mask.apply_to_start(body)
            };
            format!("{error}: {}", body.trim())
        }
        WebSocketError::Http(error) => http::shown(error, scope),
        error => error.to_string(),
    };
    Nothing::NoAnswer { reason, transient }
}

/// What came over a socket.
#[derive(Default)]
struct Heard {
    messages: Vec<String>,
    bytes: usize,
    /// Why no more will come.
    ended: Option<String>,
    failures: Vec<Unmet>,
}

impl Heard {
    /// Listens while a part of the check is made, and returns what failed in that.
    async fn while_made(
        &mut self,
        socket: &mut WebSocket,
        deadline: Instant,
        made: impl Future<Output = Vec<Unmet>>,
    ) -> Vec<Unmet> {
        tokio::pin!(made);
        loop {
            tokio::select! {
                failures = &mut made => return failures,
                () = self.next(socket, deadline), if self.ended.is_none() => {}
            }
        }
    }

    /// Listens until every message has come that must; returns what did not come.
    async fn until_all(
        &mut self,
        socket: &mut WebSocket,
        deadline: Instant,
        all: &[MessageMatch],
        terms: &Terms<'_>,
    ) -> Result<Vec<Unmet>, String> {
        let mut seen = 0;
        for (index, wanted) in all.iter().enumerate() {
            loop {
                if let Some(message) = self.messages.get(seen) {
                    seen += 1;
                    if expect::message_holds(wanted, message, terms)? {
                        break;
                    }
                } else if let Some(why) = &self.ended {
                    let missing = expect::missing_message(wanted, terms)?;
                    let mask = &terms.scope.mask;
                    let actual = match self.messages.as_slice() {
                        [] => format!("no message ({why})"),
                        [only] => {
                            let only = expect::on_one_line(only, mask);
                            format!("1 message, which is not it: {only} ({why})")
                        }
                        [.., last] => {
                            let (count, last) =
                                (self.messages.len(), expect::on_one_line(last, mask));
                            format!(
                                "{count} messages, none of which is it, the last: {last} ({why})"
                            )
                        }
                    };
                    return Ok(vec![Unmet {
                        what: format!("messages[{index}]"),
                        expected: missing,
                        actual,
                        difference: None,
                    }]);
                } else {
                    self.next(socket, deadline).await;
                }
            }
        }
        Ok(Vec::new())
    }

    async fn next(&mut self, socket: &mut WebSocket, deadline: Instant) {
        let text = match socket.next(deadline).await {
            Ok(Message::Text(text)) => text,
            Ok(Message::Binary(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            Ok(Message::Closed { code, reason }) => {
                let code = code.map_or_else(String::new, |code| format!(" with {code}"));
                let reason = if reason.is_empty() {
                    reason
                } else {
                    format!(": {reason}")
                };
                self.ended = Some(format!("the server closed the connection{code}{reason}"));
                return;
            }
            Err(error) => {
                self.ended = Some(error.to_string());
                return;
            }
        };
        self.bytes += text.len();
        self.messages.push(text);
        if self.messages.len() >= MESSAGES_MAX || self.bytes >= BYTES_MAX {
            self.ended = Some("more messages are not kept".to_owned());
        }
    }

    fn evidence(self, started: Instant) -> Evidence {
        let document = |text: &String| {
            serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()))
        };
        Evidence {
            status: AnswerStatus::Plain(match self.messages.len() {
                1 => "1 message".to_owned(),
                count => format!("{count} messages"),
            }),
            document: Some(self.messages.iter().map(document).collect()),
            body: self.messages.join("\n").into_bytes(),
            elapsed: started.elapsed(),
            failures: self.failures,
            ..Evidence::default()
        }
    }
}

#[cfg(test)]
mod tests;
