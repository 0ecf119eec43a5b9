//! docs/configuration.md names every key and no other, and its examples are right.

use std::path::PathBuf;

use super::super::mistake::Mistakes;
use super::super::schema::{Fields, Key, ListForm, Literal, ROOT, Shape, Want};
use super::super::source::Source;
use super::super::trail::Trail;
use super::super::{normal, parse};

#[test]
fn examples_are_right() {
    let page = include_str!("../../../docs/configuration.md");
    let blocks = page.split("```toml\n").skip(1);
    let mut count = 0;
    for block in blocks {
        let text = block.split("```").next().unwrap_or_default().to_owned();
        let source = Source::file(PathBuf::new(), "docs/configuration.md", false, text);
        let (mut root, mut mistakes) = parse::document(&source);
        normal::expand(&mut root, Shape::Table(&ROOT), Trail::Root, &mut mistakes);
        if let Err(mistakes) = Mistakes::check(mistakes) {
            panic!("{mistakes}");
        }
        count += 1;
    }
    assert!(count > 10, "{count} examples");
}

/// Keys that a sentence or a table of forms explains, and no row of a table of keys.
const EXPLAINED: [&str; 5] = [
    "images.NAME.load.",
    "services.NAME.depends_on.NAME.",
    "services.NAME.healthcheck.",
    "smoke.NAME.basic_auth.",
    "smoke.NAME.multipart.NAME.",
];

/// Keys of a value that is one to merging, and so no table of the schema.
const INSIDE: [&str; 2] = ["smoke.NAME.messages.text", "smoke.NAME.messages.json"];

#[test]
fn every_key_is_documented_and_no_other() {
    let rows = rows(include_str!("../../../docs/configuration.md"));
    let mut known = Vec::new();
    let mut seen = Vec::new();
    keys(&ROOT, "", &mut known, &mut seen);
    let mut wrong = Vec::new();
    for (path, key) in &known {
        let mut found = rows.iter().filter(|row| row.path == *path).peekable();
        let is_chapter = matches!(key.shape, Shape::Named(_)) && !path.contains('.');
        let explained = EXPLAINED.iter().any(|start| path.starts_with(start));
        if found.peek().is_none() && !is_chapter && !explained {
            wrong.push(format!("no row of {path}"));
        }
        // Of a key that means something else for one kind, the first row is that of the others.
        if found.peek().is_some_and(|row| row.docker != key.docker) {
            wrong.push(format!("(D) of {path}"));
        }
        for row in found {
            let default = key.default.map(|default| match default {
                Literal::Text(text) => text.to_owned(),
                Literal::Integer(number) => number.to_string(),
                Literal::Boolean(boolean) => boolean.to_string(),
            });
            if default.is_some() && row.default.is_some() && row.default != default {
                wrong.push(format!("the default of {path} is {default:?}"));
            }
            if row.wanted.is_some() && !is_typed(key.shape, row) {
                wrong.push(format!("{path} is no {:?}: {:?}", row.wanted, key.shape));
            }
        }
    }
    for row in &rows {
        let is_inside = INSIDE.contains(&row.path.as_str());
        if !is_inside && known.iter().all(|(path, _)| *path != row.path) {
            wrong.push(format!("{} is no key", row.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A key in a table of the page.
struct Row {
    path: String,
    /// What it wants, where the table has a column for that.
    wanted: Option<String>,
    /// What it is where no layer sets it, where the table has a column for that.
    default: Option<String>,
    docker: bool,
}

fn rows(page: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut base = String::new();
    let mut columns = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            base = heading.trim_matches(['`', '[', ']']).to_owned();
            if !base.contains(".NAME") {
                base.clear();
            }
        } else if let Some(heading) = line.strip_prefix("### ") {
            let chapter = base.split(".NAME").next().unwrap_or_default();
            base = match heading {
                "`ports`" | "`files`" => {
                    format!("{chapter}.NAME.{}.NAME", heading.trim_matches('`'))
                }
                "`process`" => format!("{chapter}.NAME.process"),
                _ => format!("{chapter}.NAME"),
            };
        } else if line.starts_with("Images count on Docker only.") {
            // What follows is of every command on the host.
            base = "images.NAME.build.prepare".to_owned();
        }
        let cells = cells(line);
        if cells.first().is_some_and(|cell| cell == "key") {
            columns = cells;
        } else if cells.is_empty() {
            columns.clear();
        } else if !columns.is_empty() && !cells[0].starts_with('-') {
            let cell = |name: &str| {
                let index = columns.iter().position(|column| column == name)?;
                Some(cells[index].clone())
            };
            for name in cells[0].split('`').skip(1).step_by(2) {
                rows.push(Row {
                    path: format!("{base}.{name}").trim_matches('.').to_owned(),
                    wanted: cell("type"),
                    default: cell("default").map(|it| it.replace(['`', '"'], "")),
                    docker: line.contains("(D)"),
                });
            }
        }
    }
    rows
}

fn cells(line: &str) -> Vec<String> {
    let inside = line
        .strip_prefix('|')
        .and_then(|line| line.strip_suffix('|'));
    let cells = inside.map(|inside| inside.split('|').map(|cell| cell.trim().to_owned()));
    cells.into_iter().flatten().collect()
}

/// Lists every key with its path; a table that stands at several places is listed once.
fn keys(
    fields: &'static Fields,
    base: &str,
    known: &mut Vec<(String, &'static Key)>,
    seen: &mut Vec<*const Fields>,
) {
    if seen.iter().any(|other| std::ptr::eq(*other, fields)) {
        return;
    }
    seen.push(fields);
    for key in fields.keys {
        let mut path = format!("{base}.{}", key.name).trim_matches('.').to_owned();
        known.push((path.clone(), key));
        let mut shape = key.shape;
        if let Shape::Named(named) = shape {
            path.push_str(".NAME");
            shape = named.each;
        }
        if let Shape::Table(fields) = shape {
            keys(fields, &path, known, seen);
        }
    }
}

/// Whether a table says rightly what a key wants.
fn is_typed(shape: Shape, row: &Row) -> bool {
    let wanted = row.wanted.as_deref().unwrap_or_default();
    let words = || wanted.split('`').skip(1).step_by(2);
    // A link says the same as its text.
    let plain = wanted.replace(['[', ']'], "").replace("(#commands)", "");
    let is = |names: &[&str]| names.contains(&&*plain);
    match shape {
        Shape::Table(Fields { short, .. }) => match short {
            None => is(&["table"]),
            Some(_) => is(&["table, or text", "table, list or text"]),
        },
        Shape::Named(named) => is(match named.list {
            ListForm::None => &["table"],
            ListForm::Names(_) => &["list, or table"],
            ListForm::Assignments => &["table, or list of `K=V`"],
        }),
        Shape::Value(want) => match want {
            Want::OneOf(known) => {
                let all = known.all.iter().copied();
                let more = words().filter(|word| !known.all.contains(word));
                let mut more = more.map(|word| known.has(&word.replace(":N", ":3")));
                words().filter(|word| known.all.contains(word)).eq(all) && more.all(|is| is)
            }
            Want::Whole(range) => {
                plain == format!("{} to {}", range.from, range.to) || is(&["integer"])
            }
            Want::HostPort(_) => is(&["1 to 65535, or `\"any\"`"]),
            Want::Duration | Want::TimeLimit => is(&["duration"]),
            Want::Size => is(&["size"]),
            Want::Number(_) => is(&["number"]),
            Want::Boolean => is(&["boolean"]),
            Want::Path(_) | Want::Dump => is(&["path"]),
            Want::Paths(_) => is(&["list of paths", "path, or list of paths"]),
            Want::Texts => is(&["list of texts"]),
            Want::TextsLike(_) => is(&["list of texts", "path, or list of paths"]),
            Want::Command | Want::PlainCommand | Want::HostCommand | Want::PlainHostCommand => {
                is(&["list, or text"])
            }
            Want::Like(_) => words().next().is_none(),
            Want::Text | Want::Template | Want::Image | Want::Target => is(&["text"]),
            Want::Scalar | Want::PlainScalar => is(&["text, number or boolean"]),
            Want::Json => is(&["anything", "text, table or list"]),
            Want::Expectation => is(&["expectation"]),
            Want::Statuses => is(&["integer, `\"2xx\"`, or a list"]),
            Want::ExitCodes => is(&["integer or list"]),
            Want::Rows => is(&["list of lists"]),
            Want::Messages | Want::Cases => is(&["list"]),
        },
    }
}
