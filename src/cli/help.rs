//! Help texts that several commands share: examples, exit codes, the environment's argument.

/// The help of the argument or flag that names the environment.
pub(super) const ENVIRONMENT: &str =
    "Environment [default: $ENVCTL_ENV, the workspace's default_env, or the only one]";

/// Reads the name of an environment where other programs take a variable by the same flag.
pub(super) fn environment(text: &str) -> Result<String, String> {
    if text.contains('=') {
        let tip =
            format!("this names an environment; a variable is set by `-- env {text} COMMAND`");
        return Err(tip);
    }
    Ok(text.to_owned())
}

/// Every exit code with its meaning.
const EXIT_CODES: [(u8, &str); 10] = [
    (0, "done"),
    (1, "failed"),
    (2, "wrong usage"),
    (3, "a mistake in the configuration"),
    (4, "the engine cannot be reached"),
    (5, "an image or a program cannot be had"),
    (6, "a service does not run, or did not become ready"),
    (7, "a seed or a migration failed"),
    (8, "a smoke check failed"),
    (130, "interrupted"),
];

/// Returns the examples, each a command line, and the meaning of the exit codes.
pub(super) fn after_help(examples: &[&str], codes: &[u8]) -> String {
    let examples: Vec<String> = examples.iter().map(|line| format!("  {line}")).collect();
    let codes: Vec<String> = EXIT_CODES
        .iter()
        .filter(|(code, _)| codes.contains(code))
        .map(|(code, meaning)| format!("  {code:>3}  {meaning}"))
        .collect();
    format!(
        "Examples:\n{}\n\nExit codes:\n{}",
        examples.join("\n"),
        codes.join("\n")
    )
}

/// The same for a command that runs a program.
pub(super) fn after_help_of_program(examples: &[&str], codes: &[u8]) -> String {
    let help = after_help(examples, codes);
    format!("{help}\n\nOnce the program runs, its own exit code counts.")
}

/// Returns the meaning of all exit codes.
pub(super) fn every_code() -> Vec<u8> {
    EXIT_CODES.iter().map(|(code, _)| *code).collect()
}
