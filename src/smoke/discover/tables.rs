//! A proposed check as the text of its tables.

use indexmap::IndexMap;

use super::attempt::{AnswerShape, FilledCall};
use super::document::Operation;
use super::values::ParameterValue;
use crate::config::{toml_key, toml_text};

/// The longest line that is written on purpose.
const WIDTH: usize = 100;

/// What stands before the values of a table at most: `expect_headers = `.
const MARGIN: usize = 17;

/// A check that passed when it was proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    pub name: String,
    pub service: String,
    /// The document's path, with `{…}` for its parameters.
    pub path: String,
    /// Each parameter with its value and where that comes from: `db ports.code`.
    pub values: Vec<(String, String, String)>,
    /// `[smoke.NAME]` and what belongs to it.
    pub toml: String,
}

impl Proposed {
    pub(super) fn new(
        (name, service): (String, &str),
        operation: &Operation,
        values: Vec<ParameterValue>,
        (call, shape): (&FilledCall, &AnswerShape),
    ) -> Self {
        let mut text = comments(operation, &values);
        text.push_str(&tables((&name, service), call, shape));
        let values = values.into_iter();
        Self {
            name,
            service: service.to_owned(),
            path: operation.path.clone(),
            values: values.map(|it| (it.name, it.text, it.from)).collect(),
            toml: text,
        }
    }
}

/// Says what is asked, and where the values come from.
fn comments(operation: &Operation, values: &[ParameterValue]) -> String {
    let mut lines = Vec::new();
    if let Some(summary) = &operation.summary {
        lines.push(one_line(summary));
    }
    let mut by_origin: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for value in values {
        by_origin.entry(&value.from).or_default().push(&value.name);
    }
    let mut from = String::new();
    for (origin, names) in by_origin {
        let part = one_line(&format!("{} from {origin}", names.join(", ")));
        if !from.is_empty() && from.chars().count() + part.chars().count() + 5 > WIDTH {
            lines.push(format!("{from};"));
            from.clear();
        }
        if !from.is_empty() {
            from.push_str("; ");
        }
        from.push_str(&part);
    }
    lines.push(from);
    let lines = lines.into_iter().filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(|line| format!("# {line}\n")).collect();
    lines.concat()
}

/// Returns a text on one line, without what a comment cannot hold, and not too long for one.
fn one_line(text: &str) -> String {
    let words = text.split(|sign: char| sign.is_whitespace() || sign.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let text = words.join(" ");
    if text.chars().count() + 2 <= WIDTH {
        return text;
    }
    let start: String = text.chars().take(WIDTH - 3).collect();
    format!("{}…", start.trim_end())
}

fn tables((name, service): (&str, &str), call: &FilledCall, shape: &AnswerShape) -> String {
    let pairs = |pairs: &[(String, String)]| -> Vec<(String, String)> {
        let pair = |(name, value): &(String, String)| (toml_key(name), toml_text(value));
        pairs.iter().map(pair).collect()
    };
    let content_type = shape.content_type.iter();
    let content_type = content_type.map(|it| {
        let value = format!("{{ contains = {} }}", toml_text(it));
        ("content-type".to_owned(), value)
    });
    let json = shape.json.iter().map(|(path, kind, has_elements)| {
        let length = if *has_elements {
            ", length = { \">=\" = 1 }"
        } else {
            ""
        };
        (toml_key(path), format!("{{ type = \"{kind}\"{length} }}"))
    });
    let inner = [
        ("query", pairs(&call.query)),
        ("headers", pairs(&call.headers)),
        ("status", Vec::new()),
        ("expect_headers", content_type.collect()),
        ("json", json.collect()),
    ];
    let mut own = vec![
        ("service".to_owned(), toml_text(service)),
        ("get".to_owned(), toml_text(&call.path)),
    ];
    let mut behind = String::new();
    for (key, pairs) in inner {
        let short: Vec<String> = pairs.iter().map(|(k, v)| format!("{k} = {v}")).collect();
        let short = format!("{{ {} }}", short.join(", "));
        if key == "status" {
            own.push((key.to_owned(), shape.status.to_string()));
        } else if !pairs.is_empty() && short.len() + MARGIN <= WIDTH {
            own.push((key.to_owned(), short));
        } else if !pairs.is_empty() {
            behind = behind + "\n[smoke." + name + "." + key + "]\n" + &aligned(&pairs);
        }
    }
    format!("[smoke.{name}]\n{}{behind}", aligned(&own))
}

/// Writes a line for each pair, the equals signs below each other.
fn aligned(pairs: &[(String, String)]) -> String {
    let width = |(key, _): &(String, String)| key.chars().count();
    let widest = pairs.iter().map(width).max().unwrap_or_default();
    let line = |(key, value): &(String, String)| format!("{key:widest$} = {value}\n");
    pairs.iter().map(line).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::document::Location;
    use super::*;

    fn operation(summary: Option<&str>) -> Operation {
        Operation {
            method: "GET".to_owned(),
            path: "/ports/{code}".to_owned(),
            id: None,
            summary: summary.map(str::to_owned),
            parameters: Vec::new(),
            responses: Vec::new(),
        }
    }

    fn value(name: &str, location: Location, text: &str, from: &str) -> ParameterValue {
        ParameterValue {
            name: name.to_owned(),
            location,
            text: text.to_owned(),
            from: from.to_owned(),
        }
    }

    fn check(
        summary: Option<&str>,
        values: Vec<ParameterValue>,
        shape: &AnswerShape,
        expected: &Expect,
    ) {
        let operation = operation(summary);
        let call = FilledCall::new(&operation, &values);
        let name = ("get-ports-code".to_owned(), "api");
        let proposed = Proposed::new(name, &operation, values, (&call, shape));
        expected.assert_eq(&proposed.toml);
        let read = toml::de::DeTable::parse(&proposed.toml);
        assert!(read.is_ok(), "{read:?}");
    }

    #[test]
    fn a_short_check_is_one_table() {
        let code = value("code", Location::Path, "EETLL", "db ports.code");
        let shape = AnswerShape {
            status: 200,
            content_type: Some("application/json".to_owned()),
            json: vec![("$".to_owned(), "object", false)],
        };
        check(
            Some("One port"),
            vec![code],
            &shape,
            &expect![[r#"
                # One port
                # code from db ports.code
                [smoke.get-ports-code]
                service        = "api"
                get            = "/ports/EETLL"
                status         = 200
                expect_headers = { content-type = { contains = "application/json" } }
                json           = { "$" = { type = "object" } }
            "#]],
        );
    }

    #[test]
    fn what_is_long_has_a_table_of_its_own() {
        let from = "the document's example";
        let dates = ["date_from", "date_to", "orig_code", "dest_code", "currency"];
        let dates = dates.map(|name| value(name, Location::Query, "2021-01-31", from));
        let json = ["$", "$.rates", "$['next page']"].map(|path| {
            let kind = if path == "$.rates" { "array" } else { "object" };
            (path.to_owned(), kind, kind == "array")
        });
        let shape = AnswerShape {
            status: 200,
            content_type: None,
            json: json.to_vec(),
        };
        check(
            None,
            dates.to_vec(),
            &shape,
            &expect![[r#"
                # date_from, date_to, orig_code, dest_code, currency from the document's example
                [smoke.get-ports-code]
                service = "api"
                get     = "/ports/{code}"
                status  = 200

                [smoke.get-ports-code.query]
                date_from = "2021-01-31"
                date_to   = "2021-01-31"
                orig_code = "2021-01-31"
                dest_code = "2021-01-31"
                currency  = "2021-01-31"

                [smoke.get-ports-code.json]
                "$"              = { type = "object" }
                "$.rates"        = { type = "array", length = { ">=" = 1 } }
                "$['next page']" = { type = "object" }
            "#]],
        );
    }

    #[test]
    fn nothing_escapes_from_a_comment_or_a_text() {
        let odd = "a\"b\\ ${vars.x}\u{7}";
        let shape = AnswerShape {
            status: 200,
            content_type: Some("text/\"x".to_owned()),
            json: Vec::new(),
        };
        check(
            Some("one\n[smoke.evil]\r\u{0}two"),
            vec![
                value("co\nde", Location::Query, odd, "db a\nb.c"),
                value("code", Location::Path, odd, "db t.c"),
            ],
            &shape,
            &expect![[r#"
                # one [smoke.evil] two
                # co de from db a b.c; code from db t.c
                [smoke.get-ports-code]
                service        = "api"
                get            = "/ports/a%22b%5C%20%24%7Bvars.x%7D%07"
                query          = { "co\nde" = "a\"b\\ $${vars.x}\u0007" }
                status         = 200
                expect_headers = { content-type = { contains = "text/\"x" } }
            "#]],
        );
    }
}
