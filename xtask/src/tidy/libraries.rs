//! Every library has its reason in docs/libraries.md.

use super::{Source, Violation};

const PAGE: &str = "docs/libraries.md";

/// Returns every dependency of a manifest that the page does not name.
pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    let page = sources.iter().find(|source| source.path == PAGE);
    let page = page.map_or("", |page| page.text.as_str());
    let known: Vec<&str> = page
        .split(|sign: char| !(sign.is_alphanumeric() || "-_".contains(sign)))
        .collect();
    let manifests = sources
        .iter()
        .filter(|source| source.path == "Cargo.toml" || source.path.ends_with("/Cargo.toml"));
    let mut violations = Vec::new();
    for manifest in manifests {
        for (line, name) in dependencies(&manifest.text) {
            if !known.contains(&name) {
                violations.push(Violation {
                    path: manifest.path.clone(),
                    line,
                    message: format!("`{name}` has no reason in {PAGE}"),
                });
            }
        }
    }
    violations
}

/// Returns the names in the sections of dependencies, with their lines from 1.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (index, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let (true, Some((name, _))) = (inside, line.split_once('=')) {
            found.push((index + 1, name.trim()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::found;

    #[test]
    fn a_library_needs_a_reason() {
        let manifest = "[package]\nname = \"a\"\n[dependencies]\ntar = \"1\"\ntarp = \"1\"\n";
        let page = ("docs/libraries.md", "| tar, toml | archives |");
        let expect = "xtask/Cargo.toml:5: `tarp` has no reason in docs/libraries.md";
        assert_eq!(
            found(check, &[("xtask/Cargo.toml", manifest), page]),
            [expect]
        );
    }
}
