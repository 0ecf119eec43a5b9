//! `[smoke.NAME]`.

use indexmap::IndexMap;
use serde_json::Value as Json;
use serde_json_path::JsonPath;

use super::section::Section;
use super::service::one_port;
use super::{matcher, task};
use crate::config::mistake::Mistake;
use crate::config::model::{
    Body, Check, CheckKind, HttpCheck, Kind, Matcher, Part, Service, SqlCheck, Template,
};
use crate::config::schema::METHODS;
use crate::config::suggest;
use crate::config::tree::{Node, Value};

type Services = IndexMap<String, Service>;

/// The keys of a request.
const HTTP_KEYS: [&str; 12] = [
    "port",
    "method",
    "path",
    "query",
    "headers",
    "body",
    "json_body",
    "status",
    "expect_headers",
    "json",
    "text",
    "max_time",
];

/// The keys of a query.
const SQL_KEYS: [&str; 4] = ["database", "rows", "value", "count"];

/// Reads one check.
pub(super) fn read(section: &Section<'_>, services: &Services) -> Option<Check> {
    let timeout = section.time_limit("timeout");
    let kind = if section.has("sql") {
        refuse(section, "`sql`", &METHODS);
        refuse(section, "`sql`", &HTTP_KEYS);
        CheckKind::Sql(sql(section, services)?)
    } else {
        refuse(section, "a request", &SQL_KEYS);
        CheckKind::Http(Box::new(http(section, services)?))
    };
    Some(Check {
        kind,
        timeout: timeout?,
        eventually: section.boolean("eventually"),
    })
}

/// Reports keys that do not go with what the check does.
fn refuse(section: &Section<'_>, with: &str, keys: &[&str]) {
    for key in keys {
        if let Some(node) = section.get(key) {
            let message = format!("`{key}` does not go with {with}");
            section.reader.report(Mistake::new(message).at(&node.key));
        }
    }
}

fn sql(section: &Section<'_>, services: &Services) -> Option<SqlCheck> {
    let service = section.needed("service", "the `postgres` service to ask");
    if let Some(name) = &service {
        task::check_database(section, name, services);
    }
    Some(SqlCheck {
        query: section.text("sql")?,
        service: service?,
        database: section.text("database"),
        rows: section.get("rows").and_then(|node| rows(section, node)),
        value: matcher::under(section, "value"),
        count: matcher::under(section, "count"),
    })
}

fn rows(section: &Section<'_>, node: &Node) -> Option<Vec<Vec<Json>>> {
    let row = |row: Json| match row {
        Json::Array(row) if row.iter().all(|value| !value.is_array()) => {
            // TOML has no null.
            let null = serde_json::json!({ "type": "null" });
            let value = |value| if value == null { Json::Null } else { value };
            Some(row.into_iter().map(value).collect())
        }
        _ => None,
    };
    let rows = match matcher::json(section, node)? {
        Json::Array(rows) => rows.into_iter().map(row).collect::<Option<_>>(),
        _ => None,
    };
    if rows.is_none() {
        let message = "`rows` wants a list of rows, each a list of values";
        let hint = "for example `rows = [[1, \"one\"], [2, \"two\"]]`";
        section.wrong_with("rows", message, Some(hint.to_owned()));
    }
    rows
}

fn http(section: &Section<'_>, services: &Services) -> Option<HttpCheck> {
    let request = request(section);
    let service = service(section, services);
    let expect_headers = expectations(section, "expect_headers", str::to_lowercase);
    let json = expectations(section, "json", str::to_owned);
    check_json_paths(section);
    let status = matcher::status(section);
    let body = body(section);
    let (text, max_time) = (
        matcher::under(section, "text"),
        section.time_limit("max_time"),
    );
    let (method, path) = request?;
    let (service, port) = service?;
    Some(HttpCheck {
        service,
        port,
        method,
        path,
        query: section.templates("query"),
        headers: section.templates("headers"),
        body,
        status,
        expect_headers,
        json,
        text,
        max_time,
    })
}

/// Reads the method, in capitals, and the path.
fn request(section: &Section<'_>) -> Option<(String, Template)> {
    let set: Vec<_> = METHODS
        .into_iter()
        .chain(["method"])
        .filter(|key| section.has(key))
        .collect();
    let &[key] = set.as_slice() else {
        let message = match set.as_slice() {
            [] => format!("`{}` does not say what to ask", section.path),
            several => format!("{} exclude each other", suggest::list(several)),
        };
        let hint = "write `get = \"/path\"`, or `sql = \"SELECT …\"`".to_owned();
        section.wrong_with("", message, Some(hint).filter(|_| set.is_empty()));
        return None;
    };
    let (method, path_key) = if key == "method" {
        section.missing("path", "");
        (section.text("method")?, "path")
    } else {
        refuse(section, &format!("`{key}`"), &["path"]);
        (key.to_owned(), key)
    };
    if method.is_empty() || !method.chars().all(|c| c.is_ascii_alphabetic()) {
        section.wrong("method", format!("`{method}` is no HTTP method"));
    }
    let path = section.template(path_key)?;
    let starts = matches!(path.parts.first(), Some(Part::Text(text)) if text.starts_with('/'));
    if !starts {
        let message = format!("the path `{path}` does not start with `/`");
        section.wrong(path_key, message);
    }
    Some((method.to_uppercase(), path))
}

/// Reads the service and its port.
fn service(section: &Section<'_>, services: &Services) -> Option<(String, String)> {
    let name = section.needed("service", "the service to ask")?;
    let Some(service) = services.get(&name) else {
        let hint = suggest::did_you_mean(&name, services.keys().map(String::as_str));
        section.wrong_with("service", format!("there is no service `{name}`"), hint);
        return None;
    };
    let server = match service.kind {
        Kind::Container => None,
        Kind::Postgres(_) => Some(("a database", "ask it with `sql = \"SELECT …\"`")),
        Kind::Redis(_) => Some(("a Redis server", "ask a service that uses it")),
    };
    if let Some((what, hint)) = server {
        let message = format!("`{name}` is {what}: it answers no HTTP");
        section.wrong_with("service", message, Some(hint.to_owned()));
        return None;
    }
    let ports: Vec<&str> = service.ports.keys().map(String::as_str).collect();
    if section.has("port") {
        let port = section.text("port")?;
        if !ports.contains(&port.as_str()) {
            let hint = suggest::did_you_mean(&port, ports.iter().copied());
            let message = format!("the service `{name}` has no port `{port}`");
            section.wrong_with("port", message, hint);
        }
        return Some((name, port));
    }
    let port = one_port(&ports);
    if port.is_none() {
        let (message, hint) = if ports.is_empty() {
            (format!("the service `{name}` has no port"), None)
        } else {
            let hint = format!("add `port`: {}", suggest::list(&ports));
            (
                format!("the service `{name}` has several ports"),
                Some(hint),
            )
        };
        section.wrong_with("service", message, hint);
    }
    Some((name, port?))
}

fn body(section: &Section<'_>) -> Option<Body> {
    if section.has("body") && section.has("json_body") {
        section.wrong("json_body", "`body` and `json_body` exclude each other");
    }
    if let Some(node) = section.get("json_body") {
        return matcher::json(section, node).map(Body::Json);
    }
    section.template("body").map(Body::Text)
}

fn expectations(
    section: &Section<'_>,
    key: &str,
    name_of: fn(&str) -> String,
) -> IndexMap<String, Vec<Matcher>> {
    let table = section.get(key).and_then(Node::table).into_iter().flatten();
    table
        .filter(|(_, node)| !matches!(node.value, Value::Unusable))
        .map(|(name, node)| (name_of(name), matcher::read(section, node)))
        .collect()
}

fn check_json_paths(section: &Section<'_>) {
    let table = section.get("json").and_then(Node::table);
    for (path, node) in table.into_iter().flatten() {
        if is_plain(path) {
            continue;
        }
        if let Err(error) = JsonPath::parse(path) {
            let position = error.position() + 1;
            let message = format!("`{path}` is no JSONPath (character {position})");
            let hint = "for example `\"$.rates[0].price\"`";
            let mistake = Mistake::new(message).at(&node.key).hint(hint);
            section.reader.report(mistake);
        }
    }
}

/// Whether a path is `$` with names and indexes behind it, as nearly all are: it is right, and the
/// parser takes longer to say so than everything else about a check.
fn is_plain(path: &str) -> bool {
    let Some(mut rest) = path.strip_prefix('$') else {
        return false;
    };
    while !rest.is_empty() {
        let after = if let Some(name) = rest.strip_prefix('.') {
            after_name(name)
        } else {
            rest.strip_prefix('[').and_then(after_index)
        };
        match after {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

fn after_name(text: &str) -> Option<&str> {
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !named(c)).unwrap_or(text.len());
    let first = text[..end].chars().next()?;
    (!first.is_ascii_digit()).then(|| &text[end..])
}

fn after_index(text: &str) -> Option<&str> {
    let (index, after) = text.split_once(']')?;
    let digits = index.bytes().all(|byte| byte.is_ascii_digit());
    // RFC 9535 knows no zeros in front, and no index that JavaScript could not hold.
    let whole = index == "0" || (1..=15).contains(&index.len()) && !index.starts_with('0');
    (digits && whole).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_right_for_the_parser_too() {
        for path in [
            "$",
            "$.id",
            "$._a1.B",
            "$[0]",
            "$.rates[0].day",
            "$[10][2].x",
            "$[999999999999999]",
        ] {
            assert!(is_plain(path), "{path}");
            assert!(JsonPath::parse(path).is_ok(), "{path}");
        }
        for path in [
            "",
            "id",
            "$.",
            "$id",
            "$.1a",
            "$[]",
            "$[01]",
            "$[-1]",
            "$[9999999999999999]",
            "$.a-b",
            "$.ä",
            "$['a']",
            "$.a.",
            "$[0",
            "$..a",
            "$.*",
            "$ .a",
            "$.a ",
        ] {
            assert!(!is_plain(path), "{path}");
        }
    }
}
