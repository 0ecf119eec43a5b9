//! From a service to checks: its document, values for each operation, one try of each.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use tokio_util::sync::CancellationToken;

use super::attempt::{FilledCall, judge, send};
use super::catalog::Catalog;
use super::document::Operation;
use super::find::{DocumentSource, Undocumented, find};
use super::known::{PathPattern, check_of};
use super::naming::name;
use super::tables::Proposed;
use super::values::choices;
use crate::model::Check;
use crate::postgres::{self, Target};
use crate::probe::Caller;

/// The most operations of a document that are tried.
const MOST_OPERATIONS: usize = 300;

/// A service that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub service: String,
    /// `http://127.0.0.1:3000`
    pub base: String,
}

/// What is asked for.
pub struct Discover<'a> {
    pub services: &'a [Asked],
    pub source: &'a DocumentSource,
    /// The databases that values are taken from, each with its service.
    pub databases: &'a [(String, Target)],
    /// What is declared already.
    pub checks: &'a IndexMap<String, Check>,
    pub cancel: &'a CancellationToken,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Discovery {
    /// The documents that were read: the service, and where it was.
    pub documents: Vec<(String, String)>,
    pub proposed: Vec<Proposed>,
    pub left_out: Vec<LeftOut>,
    /// Services without a document.
    pub errors: Vec<Undocumented>,
    /// Databases that gave nothing.
    pub unread: Vec<(String, postgres::Error)>,
}

/// An operation that no check is proposed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub service: String,
    pub method: String,
    pub path: String,
    pub because: String,
}

/// Proposes a check for each operation that only reads. Nothing is written, and nothing but GET
/// is sent.
pub async fn discover(what: Discover<'_>) -> Discovery {
    let caller = Caller::new();
    let mut found = Discovery::default();
    let mut documents = Vec::new();
    for asked in what.services {
        match find(&caller, asked, what.source).await {
            Ok((document, place)) => {
                found.documents.push((asked.service.clone(), place));
                documents.push((asked, document));
            }
            Err(error) => found.errors.push(error),
        }
    }
    if documents.is_empty() {
        return found;
    }
    let (mut catalog, unread) = Catalog::read(what.databases, what.cancel).await;
    found.unread = unread;
    let checks = what.checks.values().map(|check| check.declared.clone());
    let mut taken: BTreeSet<String> = checks.collect();
    for (asked, document) in documents {
        let operations = document.operations();
        let reading = operations.iter().filter(|it| it.method == "GET");
        let patterns: Vec<PathPattern> = reading.map(|it| PathPattern::of(&it.path)).collect();
        let mut tried = 0;
        for operation in &operations {
            let known = check_of(&asked.service, operation, &patterns, what.checks);
            let proposed = if let Some(because) = reason_not_to_try(operation, known, tried) {
                Err(because)
            } else {
                tried += 1;
                propose(&caller, asked, (operation, &mut catalog), &mut taken).await
            };
            match proposed {
                Ok(proposed) => found.proposed.push(proposed),
                Err(because) => found.left_out.push(LeftOut::new(asked, operation, because)),
            }
        }
    }
    found
}

impl LeftOut {
    fn new(asked: &Asked, operation: &Operation, because: String) -> Self {
        Self {
            service: asked.service.clone(),
            method: operation.method.clone(),
            path: operation.path.clone(),
            because,
        }
    }
}

fn reason_not_to_try(operation: &Operation, known: Option<&str>, tried: usize) -> Option<String> {
    if operation.method != "GET" {
        return Some("changes data".to_owned());
    }
    if let Some(known) = known {
        return Some(format!("`{known}` checks it"));
    }
    let is_one_more = tried >= MOST_OPERATIONS;
    is_one_more.then(|| format!("only {MOST_OPERATIONS} operations are tried"))
}

/// Tries an operation until its values get an answer that it foresees.
async fn propose(
    caller: &Caller,
    asked: &Asked,
    (operation, catalog): (&Operation, &mut Catalog<'_>),
    taken: &mut BTreeSet<String>,
) -> Result<Proposed, String> {
    let mut first = None;
    for values in choices(operation, catalog).await? {
        let call = FilledCall::new(operation, &values);
        let response = send(caller, &asked.base, &call).await;
        let response = response.map_err(|error| error.to_string())?;
        match judge(operation, &response) {
            Ok(shape) => {
                let name = (name(operation, taken), asked.service.as_str());
                return Ok(Proposed::new(name, operation, values, (&call, &shape)));
            }
            Err(unfit) => {
                let values = values.iter().map(|it| format!("{} {}", it.name, it.text));
                let values: Vec<String> = values.collect();
                let because = match values.as_slice() {
                    [] => unfit.because,
                    values => format!("{} to {}", unfit.because, values.join(", ")),
                };
                first.get_or_insert(because);
                if !unfit.is_of_values {
                    break;
                }
            }
        }
    }
    Err(first.unwrap_or_else(|| "no values to try".to_owned()))
}
