//! Completion scripts.

use crate::harness::Workspace;

#[test]
fn every_shell_completes_every_command_and_flag() {
    let workspace = Workspace::new();
    for (shell, words) in [
        ("bash", ["complete -F _envctl", "smoke-test", "--profile"]),
        ("zsh", ["#compdef envctl", "smoke-test", "--profile"]),
        ("fish", ["complete -c envctl", "smoke-test", "-l profile"]),
    ] {
        let script = workspace.stdout(&format!("envctl completions {shell}"));
        for word in words {
            assert!(script.contains(word), "{word} in the script of {shell}");
        }
    }
}
