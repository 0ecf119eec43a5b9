//! A command to a Redis server.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::super::evidence::{AnswerStatus, Evidence};
use super::super::scope::Scope;
use super::Nothing;
use crate::model::{RedisAction, Secret};
use crate::probe::redis::{RedisAccess, ask};

/// Sends a command once.
pub(super) async fn send(
    action: &RedisAction,
    scope: &Scope<'_>,
    timeout: Duration,
) -> Result<Evidence, Nothing> {
    let found = (scope.places.redis)(&action.service)
        .map_err(|reason| Nothing::Impossible("a Redis server that can be asked", reason))?;
    let words: Result<Vec<Secret>, String> =
        action.words.iter().map(|word| scope.text(word)).collect();
    let words =
        words.map_err(|reason| Nothing::Impossible("a command that can be sent", reason))?;
    let words: Vec<&str> = words.iter().map(Secret::expose).collect();
    let server = RedisAccess {
        address: found.address,
        password: found.password.as_ref().map(Secret::expose),
        database: 0,
    };
    let started = Instant::now();
    let answer = ask(&server, &words, timeout).await;
    let answer = answer.map_err(|error| Nothing::NoAnswer {
        reason: error.to_string(),
        transient: error.is_transient(),
    })?;
    Ok(Evidence {
        status: AnswerStatus::Answer(kind(&answer)),
        body: match &answer {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
        .into_bytes(),
        document: Some(answer),
        elapsed: started.elapsed(),
        ..Evidence::default()
    })
}

fn kind(answer: &Value) -> &'static str {
    match answer {
        Value::Null => "nil",
        Value::Array(_) | Value::Object(_) => "a list",
        Value::Bool(_) | Value::Number(_) => "a number",
        Value::String(_) => "a text",
    }
}
