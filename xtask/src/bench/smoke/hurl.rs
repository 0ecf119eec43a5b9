//! The program that envctl's checks are compared with: the one on the machine when it has the
//! version, else one that is built once.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::bail;

use crate::program;

const VERSION: &str = "8.0.1";

/// What it is built with beside Rust: how each is found, and the Debian package that has it.
const NEEDED: [(&str, &str); 5] = [
    ("pkg-config --exists libxml-2.0", "libxml2-dev"),
    ("pkg-config --exists libcurl", "libcurl4-openssl-dev"),
    ("pkg-config --exists openssl", "libssl-dev"),
    ("ls /usr/lib/llvm-*/lib/libclang[.-][0-9s]*", "libclang-dev"),
    ("pkg-config --version", "pkg-config"),
];

/// Returns the program; builds it under `target/bench/tools` when it is not there.
pub(super) fn find(root: &Path) -> anyhow::Result<PathBuf> {
    let tools = root.join("target/bench/tools");
    let built = tools.join("bin/hurl");
    for found in [PathBuf::from("hurl"), built.clone()] {
        if is_it(&found) {
            return Ok(found);
        }
    }
    let missing: Vec<&str> = NEEDED
        .iter()
        .filter(|(test, _)| !holds(test))
        .map(|(_, package)| *package)
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(" ");
        bail!("hurl {VERSION} is not here, and to build it these packages are missing: {missing}");
    }
    let mut install = program::cargo(root);
    install.args([
        "install",
        "hurl",
        "--version",
        VERSION,
        "--locked",
        "--root",
    ]);
    program::run(install.arg(&tools))?;
    Ok(built)
}

fn is_it(hurl: &Path) -> bool {
    let mut command = Command::new(hurl);
    let output = command.arg("--version").stdin(Stdio::null()).output();
    output.is_ok_and(|output| {
        output
            .stdout
            .starts_with(format!("hurl {VERSION} ").as_bytes())
    })
}

fn holds(test: &str) -> bool {
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", test]).stdin(Stdio::null()).output();
    output.is_ok_and(|output| output.status.success())
}
