//! Reads a secret from where `[secrets.NAME]` says that it is.

use super::interpolate::Context;
use super::mistake::Mistake;
use super::paths;
use super::shell;
use super::tree::{Node, Value};
use crate::model::Secret;

/// Reads one secret; the error is `None` when it is reported already.
pub(crate) fn read(
    name: &str,
    source: &Node,
    context: &Context<'_>,
) -> Result<Secret, Option<Mistake>> {
    let table = source.table().ok_or(None)?;
    let mut sources = ["env", "file", "command"]
        .into_iter()
        .filter_map(|kind| Some((kind, table.get(kind)?)));
    let wrong = |node: &Node, what: String| Some(Mistake::new(what).at(&node.at));
    let (Some((kind, node)), None) = (sources.next(), sources.next()) else {
        let message = format!("`secrets.{name}` needs one of `env`, `file` and `command`");
        return Err(Some(Mistake::new(message).at(&source.key)));
    };
    if matches!(node.value, Value::Unusable) {
        return Err(None);
    }
    let missing = |why: String| wrong(node, format!("the secret `{name}` is missing: {why}"));
    let text = match kind {
        "env" => {
            let variable = node.text().unwrap_or_default();
            let value = context.variables.get(variable).cloned();
            value.ok_or_else(|| missing(format!("the variable `{variable}` is not set")))?
        }
        "file" => {
            let path = paths::absolute(node, context.workspace)
                .ok_or_else(|| missing("its path is no plain text".to_owned()))?;
            let text = (context.outside.read_text)(&path).map_err(|why| {
                let shown = paths::shown(&path, context.workspace);
                missing(format!("`{shown}`: {why}"))
            });
            line(&text?)
        }
        _ => {
            let path = format!("secrets.{name}.command");
            if let Some(text) = node.text()
                && let Some(mistake) = shell::refuse(&path, text, node)
            {
                return Err(Some(mistake));
            }
            let words = words(node)
                .map_err(|what| wrong(node, format!("`secrets.{name}.command` {what}")))?;
            match (context.outside.run)(&words).map_err(missing)? {
                Some(printed) => line(&printed),
                None => return Ok(Secret::unread()),
            }
        }
    };
    if text.is_empty() {
        return Err(missing("it is empty".to_owned()));
    }
    Ok(Secret::new(text))
}

/// Returns what is to be known of a secret that is not hidden in what is printed.
pub(crate) fn warning(name: &str, secret: &Secret) -> Option<String> {
    secret.is_short().then(|| {
        format!(
            "the secret `{name}` is too short to be hidden in what is printed: it has fewer than {} \
             characters",
            Secret::SHORTEST
        )
    })
}

/// Drops the line end that files and commands put behind a secret.
fn line(text: &str) -> String {
    text.trim_end_matches(['\n', '\r']).to_owned()
}

fn words(node: &Node) -> Result<Vec<String>, String> {
    let words = match &node.value {
        Value::Text(text) => {
            shell_words::split(text).map_err(|_| "has a quote that is not closed".to_owned())?
        }
        Value::List(items) => items
            .iter()
            .filter_map(|item| item.text().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    };
    if words.is_empty() {
        return Err("is empty".to_owned());
    }
    Ok(words)
}
