//! What is compared: each tool's command line for the same requests with the same expectations.

use std::path::Path;

use super::Bench;
use super::{instance, socket};

/// From so many checks on, a curl for each takes so long that one round is enough.
const MANY: usize = 1000;

/// A command to measure.
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) words: Vec<String>,
    /// Whether it is measured in one round only.
    pub(super) once: bool,
}

/// Writes what the tools read for `count` checks, and returns them.
pub(super) fn all(
    bench: &Bench,
    hurl: &Path,
    (port, count): (u16, usize),
) -> anyhow::Result<Vec<Tool>> {
    let folder = bench.folder.join("hurl").join(count.to_string());
    fs_err::create_dir_all(&folder)?;
    let mut whole = String::new();
    for id in 1..=count {
        let entry = entry(port, id);
        fs_err::write(folder.join(format!("item-{id}.hurl")), &entry)?;
        whole.push_str(&entry);
    }
    let one = folder.with_extension("hurl");
    fs_err::write(&one, whole)?;
    let (hurl, folder, one) = (text(hurl), text(&folder), text(&one));
    let envctl = text(&bench.root.join("target/release/envctl"));
    let workspace = text(&instance::workspace(bench));
    let meant = instance::MEANT.as_slice();
    let (xtask, port_text, count_text) = (text(&bench.xtask), port.to_string(), count.to_string());
    Ok(vec![
        tool(
            "`envctl smoke-test`",
            &[&[&envctl, "-C", &workspace, "smoke-test"], meant].concat(),
        ),
        // Without `--test` it is quicker: it then draws nothing.
        tool("hurl, one file", &[&hurl, "--no-output", &one]),
        tool(
            "hurl, a file for each, one after another",
            &[&hurl, "--test", "--jobs", "1", &folder],
        ),
        tool(
            "hurl, a file for each, side by side",
            &[&hurl, "--test", "--parallel", &folder],
        ),
        Tool {
            once: count >= MANY,
            ..tool("a curl for each", &["sh", "-c", &curls(port, count)])
        },
        tool(
            "a bare socket",
            &[&xtask, "bench", "part", "ask", &port_text, &count_text],
        ),
    ])
}

fn tool(name: &'static str, words: &[&str]) -> Tool {
    Tool {
        name,
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        once: false,
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Writes a request and its expectations as hurl reads them.
fn entry(port: u16, id: usize) -> String {
    format!(
        r#"GET http://127.0.0.1:{port}/items/{id}
HTTP 200
[Asserts]
jsonpath "$.id" == {id}
jsonpath "$.name" == "item {id}"
jsonpath "$.items" count == 3

"#
    )
}

/// Writes a script that asks with curl and compares the whole body: the shell can do no less.
fn curls(port: u16, count: usize) -> String {
    let url = format!("http://127.0.0.1:{port}/items/$id");
    let body = socket::item("$id").replace('"', "\\\"");
    format!(
        "id=1; while [ $id -le {count} ]; do \
         [ \"$(curl -sf {url})\" = \"{body}\" ] || exit 1; id=$((id + 1)); done"
    )
}
