//! Libraries that stay in one place, so that no other room speaks their words.

use super::{Source, Violation, is_rust, is_within, rust};

/// Each library with the only modules that may name it.
const FENCES: [(&str, &[&str]); 5] = [
    ("bollard", &["src/engine/docker", "src/engine/swarm"]),
    ("indicatif", &["src/report"]),
    ("dialoguer", &["src/bin/envctl"]),
    ("clap", &["src/cli", "src/commands/completions"]),
    ("clap_complete", &["src/cli", "src/commands/completions"]),
];

/// Returns every use of a library outside of its fence.
pub(super) fn check(sources: &[Source]) -> Vec<Violation> {
    let in_rooms = |source: &&Source| source.path.starts_with("src/") && is_rust(&source.path);
    sources
        .iter()
        .filter(in_rooms)
        .flat_map(check_file)
        .collect()
}

fn check_file(source: &Source) -> Vec<Violation> {
    let code = rust::code(&source.text);
    let tokens = rust::tokens(&code);
    let mut violations = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some((library, places)) = FENCES.iter().find(|(library, _)| *library == token.text)
        else {
            continue;
        };
        let sign = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", |t| t.text);
        let before = sign(at.checked_sub(1));
        let is_crate = before != "::" && (before == "use" || sign(Some(at + 1)) == "::");
        if is_crate && !places.iter().any(|place| is_within(&source.path, place)) {
            let message = format!("{library} is used only in {}", places.join(" and "));
            violations.push(Violation {
                path: source.path.clone(),
                line: token.line,
                message,
            });
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::found;

    #[test]
    fn libraries_stay_inside_their_fences() {
        let files = [
            ("src/engine/docker/pull.rs", "use bollard::Docker;"),
            ("src/engine/docker.rs", "use bollard::Docker;"),
            ("src/report/bars.rs", "use indicatif::ProgressBar;"),
            ("src/commands/completions.rs", "fn a(b: clap::Command) {}"),
            (
                "src/plan/run.rs",
                "let clap = a.bollard; // bollard::Docker",
            ),
        ];
        assert_eq!(found(check, &files), [""; 0]);
    }

    #[test]
    fn libraries_outside_are_named() {
        let files = [
            ("src/engine/docker_like.rs", "\nuse bollard::Docker;"),
            ("src/commands/up.rs", "fn a(b: clap::Command) {}"),
            ("src/plan/run.rs", "use dialoguer;"),
        ];
        assert_eq!(
            found(check, &files),
            [
                "src/engine/docker_like.rs:2: bollard is used only in src/engine/docker and src/engine/swarm",
                "src/commands/up.rs:1: clap is used only in src/cli and src/commands/completions",
                "src/plan/run.rs:1: dialoguer is used only in src/bin/envctl",
            ]
        );
    }
}
