//! The table of docs/engines.md, which is made from the properties.

use std::path::Path;

use crate::{ROWS, Row, place};

const BEGIN: &str = "<!-- made by tests/engine: begin -->\n";
const END: &str = "<!-- made by tests/engine: end -->\n";

/// Returns the properties as tables, one for each topic.
fn tables() -> String {
    let mut text = String::new();
    let mut topic = "";
    for row in ROWS {
        if row.topic != topic {
            topic = row.topic;
            text.push_str("\n### ");
            text.push_str(topic);
            text.push_str("\n\n| property | `docker` | `process` |\n|---|---|---|\n");
        }
        text.push_str(&line(row));
    }
    text.push('\n');
    text
}

fn line(row: &Row) -> String {
    let cell = |(how, words): (&str, &str)| match (how, words) {
        (how, "") => how.to_owned(),
        ("needless", words) => format!("–: {words}"),
        (how, words) => format!("{how}: {words}"),
    };
    let (docker, process) = (cell(row.docker), cell(row.process));
    format!(
        "| {} | {docker} | {process} |\n",
        row.name.replace('_', " ")
    )
}

#[test]
fn the_page_has_every_property() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/engines.md");
    let page = fs_err::read_to_string(&file).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    let expect = tables();
    if !place::variable("UPDATE_EXPECT").is_empty() {
        fs_err::write(&file, format!("{before}{BEGIN}{expect}{END}{after}")).unwrap();
    } else if table != expect {
        panic!(
            "docs/engines.md is stale: `UPDATE_EXPECT=1 cargo test --test engine page` mends it"
        );
    }
}

#[test]
fn what_is_not_plainly_kept_has_a_reason() {
    for row in ROWS {
        for (how, words) in [row.docker, row.process] {
            assert!(
                ["keeps", "emulates", "lacks", "needless"].contains(&how),
                "{}",
                row.name
            );
            assert!(how == "keeps" || !words.is_empty(), "{}", row.name);
        }
        let has = [row.docker.0, row.process.0].map(|how| how == "keeps" || how == "emulates");
        assert!(has[0] || has[1], "{}", row.name);
    }
}
