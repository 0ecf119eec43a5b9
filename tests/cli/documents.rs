//! The documents say what the program does.

use expect_test::expect;

use crate::harness::{API, Workspace, document};

/// Returns the first indented block below a heading.
fn block(page: &str, heading: &str) -> String {
    let (_, section) = page.split_once(heading).expect("the heading");
    let lines = section.lines().skip_while(|line| !line.starts_with("    "));
    let block = lines.take_while(|line| line.is_empty() || line.starts_with("    "));
    let block = block.map(|line| line.strip_prefix("    ").unwrap_or(line));
    block.collect::<Vec<_>>().join("\n")
}

/// The environment that README shows, with the files that it names.
#[test]
fn the_environment_of_the_readme_is_valid() {
    let readme = document("README.md");
    let env = block(&readme, "\n## Your own environment\n");
    assert!(env.contains("[smoke.products]"), "{env}");
    let workspace = Workspace::new()
        .file("envs/shop/env.toml", env)
        .file("envs/shop/shop.sql.gz", "")
        .folder("envs/shop/migrations")
        .file("Cargo.lock", "")
        .folder("src");
    workspace.check(
        "envctl config validate",
        &expect![[r#"
            --- stdout
            shop is valid
            --- exit 0
        "#]],
    );
}

/// The schema that editors find beside the documents is the one that is printed.
#[test]
fn the_schema_of_the_documents_is_the_printed_one() {
    let workspace = Workspace::new();
    let (printed, stderr, code) = workspace.run("envctl config schema");
    assert_eq!((stderr.as_str(), code), ("", 0));
    assert_eq!(printed, document("docs/env.schema.json"));
    let (lines, code) = workspace.json("envctl config schema --output json");
    assert_eq!((lines.len(), code), (1, 0));
    assert_eq!(lines[0]["answer"], "schema");
    assert_eq!(format!("{:#}\n", lines[0]["schema"]), printed);
}

/// Every command line of the documents is one that the program takes, whatever comes of it.
#[test]
fn command_lines_of_the_documents_are_right() {
    let workspace = Workspace::rates(API).file("envs/rates/profiles/ci.toml", "");
    let mut count = 0;
    for page in ["README.md", "docs/commands.md"] {
        let text = document(page);
        let indented = text.lines().filter_map(|line| line.strip_prefix("    "));
        for line in indented.filter(|line| line.starts_with("envctl ")) {
            let typed = line.split(" # ").next().unwrap_or_default();
            let typed = typed.split(['<', '>']).next().unwrap_or_default();
            // On an engine that is not there, so that none of them does anything.
            let typed = typed.replacen("envctl ", "envctl --engine docker ", 1);
            let (_, stderr, code) = workspace.run(&typed);
            assert_ne!(code, 2, "{page}: {line}\n{stderr}");
            count += 1;
        }
    }
    assert!(count > 40, "{count} command lines");
}
