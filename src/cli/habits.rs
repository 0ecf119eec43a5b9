//! What hands that know other programs type, and what it is called here. Clap's own tips go by
//! letters alone, so that `ps` would be `psql`; they stand only where they are near.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

/// Words for commands of other programs, and what does it here.
const COMMANDS: &[(&[&str], &str)] = &[
    (
        &["ps", "top", "stats", "port", "ports", "health", "inspect"],
        "`envctl status` shows what runs, and where",
    ),
    (
        &["ls"],
        "`envctl list` lists environments, `envctl status` shows what runs",
    ),
    (
        &["shell", "sh", "bash", "ssh", "attach", "enter", "login"],
        "`envctl exec SERVICE -- sh` opens a shell in a service",
    ),
    (
        &["cp", "copy"],
        "`envctl exec SERVICE -- cat PATH > FILE` reads a file, `envctl exec SERVICE -- sh -c 'cat > PATH' < FILE` writes one",
    ),
    (
        &["man", "usage", "h"],
        "`envctl help` shows the commands, `envctl help COMMAND` one of them",
    ),
    (&["version"], "`envctl --version` prints it"),
    (
        &["validate", "lint", "verify"],
        "`envctl config validate` looks for mistakes in the configuration",
    ),
    (
        &["show", "get", "describe"],
        "`envctl config show` prints the configuration",
    ),
    (
        &["explain"],
        "`envctl config explain KEY` says where a value comes from",
    ),
    (
        &[
            "start", "create", "deploy", "apply", "launch", "serve", "wait", "watch", "compose",
        ],
        "`envctl up` brings an environment up, and returns when it is ready",
    ),
    (
        &[
            "stop", "rm", "remove", "kill", "delete", "destroy", "teardown",
        ],
        "`envctl down` takes an environment away; its volumes stay",
    ),
    (
        &["clean", "purge", "nuke"],
        "`envctl down --volumes` takes an environment away with its data",
    ),
    (
        &["reload", "reboot"],
        "`envctl restart` stops services and starts them again",
    ),
    (
        &["pull", "rebuild", "fetch"],
        "`envctl build` has every image ready",
    ),
    (
        &["prune", "gc", "rmi", "image"],
        "`envctl images prune` removes images that nothing uses any more",
    ),
    (
        &["scale"],
        "`replicas` of a service says how many run side by side",
    ),
    (
        &["log", "tail", "journal", "events"],
        "`envctl logs --follow` prints what services print, as it comes",
    ),
    (
        &["diff", "dry-run", "preview"],
        "`envctl plan` shows what `up` would do",
    ),
    (
        &["test", "check", "smoke"],
        "`envctl smoke-test` calls the endpoints and checks the answers",
    ),
    (
        &["db", "sql", "query"],
        "`envctl psql` opens a database, `envctl psql -c SQL` asks it",
    ),
    (
        &["reset"],
        "`envctl seed --reset` throws the data away and loads it anew",
    ),
    (
        &["load", "import", "restore"],
        "`envctl seed` loads the declared data",
    ),
    (
        &["migration", "migrations"],
        "`envctl migrate` applies migrations, `--status` shows them",
    ),
    (&["task", "tasks", "job"], "`envctl run TASK` runs a task"),
    (
        &["init", "new", "add"],
        "an environment is a folder with a file: write `envs/NAME/env.toml`",
    ),
];

/// Flags of other programs, the commands at which they are typed (none: at any), and what does it
/// here.
const FLAGS: &[(&[&str], &[&str], &str)] = &[
    (
        &["up"],
        &["--build"],
        "`up` builds what has changed by itself",
    ),
    (
        &["up"],
        &["--force-recreate", "-V", "--renew-anon-volumes"],
        "`envctl restart` starts services again, `envctl down` and `envctl up` make them anew",
    ),
    (
        &["up"],
        &["--scale"],
        "`replicas` says how many run side by side: `--set services.NAME.replicas=3`",
    ),
    (
        &["up", "down", "seed", "migrate"],
        &["--dry-run"],
        "`envctl plan` shows what `up` would do",
    ),
    (
        &["down"],
        &["-v"],
        "`--volumes` removes the volumes and the data in them, `--verbose` prints details",
    ),
    (
        &["down"],
        &["--rmi"],
        "images stay, so that the next `up` is quick",
    ),
    (
        &["down", "restart"],
        &["-t"],
        "`stop_grace_period` of a service says how long it may take to stop, `--timeout 10s` how long the command may",
    ),
    (
        &["down", "seed", "migrate", "restart"],
        &["-f", "--force"],
        "`-y` answers every question with yes",
    ),
    (
        &["exec", "run"],
        &["-d", "--detach"],
        "the command runs until it ends; your shell puts it into the background: `envctl … &`",
    ),
    (
        &["exec"],
        &["-w", "--workdir"],
        "`envctl exec SERVICE -- sh -c 'cd FOLDER && COMMAND'` runs it in another folder",
    ),
    (
        &["run"],
        &["--rm"],
        "leave it out: what a task ran in stays until its next run, or until `envctl down`",
    ),
    (
        &["status"],
        &["-a", "--all"],
        "leave it out: all are shown, those that ended as well",
    ),
    (
        &["psql"],
        &["-d", "-U", "-f", "-h", "-A", "-t", "-l", "-x"],
        "psql's own arguments stand behind `--`: `envctl psql -- -At -f report.sql`",
    ),
    (
        &[
            "up",
            "build",
            "seed",
            "migrate",
            "smoke-test",
            "down",
            "plan",
            "status",
            "doctor",
        ],
        &["-e", "--env", "--environment"],
        "the environment is named without a flag: `envctl COMMAND ENV`",
    ),
    (
        &[],
        &["-f", "--file"],
        "an environment is a folder, `envs/NAME/env.toml`; `-C FOLDER` looks for it elsewhere",
    ),
    (
        &[],
        &["--json", "--format", "-o"],
        "`--output json` prints JSON",
    ),
    (
        &[],
        &["--project-name", "--name"],
        "`--instance NAME` names the running copy",
    ),
    (
        &[],
        &["--no-color", "--no-ansi", "--color"],
        "`NO_COLOR=1` turns colours off",
    ),
];

/// Commands that name their environment by a flag, since their arguments are something else.
const BY_FLAG: [&str; 6] = ["exec", "logs", "psql", "run", "restart", "config"];

/// Puts the tips of an error right.
pub(super) fn answer(mut error: Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let typed = text(&error, ContextKind::InvalidSubcommand);
            let command = command(&error);
            let tip = COMMANDS.iter().find(|(words, _)| words.contains(&&*typed));
            let tip = tip.filter(|_| command.is_none()).map(|(_, tip)| *tip);
            advise(&mut error, &typed, ContextKind::SuggestedSubcommand, tip);
        }
        ErrorKind::UnknownArgument => {
            let typed = text(&error, ContextKind::InvalidArg);
            let named = format!("`-e {typed}` names the environment");
            let command = command(&error).unwrap_or_default();
            let flag = typed.split('=').next().unwrap_or_default();
            let tip = FLAGS.iter().find(|(commands, flags, _)| {
                let here = commands.is_empty() || commands.contains(&&*command);
                here && flags.contains(&flag)
            });
            let tip = match tip {
                Some((_, _, tip)) => Some(*tip),
                None if !typed.starts_with('-') && BY_FLAG.contains(&&*command) => Some(&*named),
                None => None,
            };
            advise(&mut error, flag, ContextKind::SuggestedArg, tip);
        }
        _ => {}
    }
    error
}

/// Gives an error one tip: ours, or what clap thinks is similar where it is near.
fn advise(error: &mut Error, typed: &str, similar: ContextKind, tip: Option<&str>) {
    // `-- --flag` would hand a flag on as the name of an environment.
    error.remove(ContextKind::Suggested);
    if let Some(tip) = tip {
        error.remove(similar);
        let tip = vec![StyledStr::from(tip.to_owned())];
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tip));
        return;
    }
    let near = |name: &String| is_near(typed, name);
    match error.remove(similar) {
        Some(ContextValue::String(name)) if near(&name) => {
            error.insert(similar, ContextValue::String(name));
        }
        Some(ContextValue::Strings(names)) => {
            let names: Vec<String> = names.into_iter().filter(near).collect();
            if !names.is_empty() {
                error.insert(similar, ContextValue::Strings(names));
            }
        }
        _ => {}
    }
}

/// Whether a word is another one with a slip in it.
fn is_near(typed: &str, name: &str) -> bool {
    let (typed, name) = (typed.trim_start_matches('-'), name.trim_start_matches('-'));
    let distance = strsim::damerau_levenshtein(typed, name);
    distance <= (typed.chars().count() / 3).clamp(1, 3)
        || (typed.len() > 2 && name.starts_with(typed))
}

/// Returns a piece of an error's context as a text.
fn text(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    }
}

/// Returns the command in which an error was found, which its usage begins with.
fn command(error: &Error) -> Option<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else {
        return None;
    };
    let usage = usage.to_string();
    let mut words = usage
        .split_whitespace()
        .skip_while(|word| *word != "envctl");
    let command = words.nth(1)?;
    command
        .starts_with(|c: char| c.is_ascii_lowercase())
        .then(|| command.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::Cli;
    use super::*;

    /// A word that became a command must not be told to be called otherwise.
    #[test]
    fn no_word_of_others_is_a_command_here() {
        let command = Cli::command();
        for word in COMMANDS.iter().flat_map(|(words, _)| *words) {
            let found = command.find_subcommand(word);
            assert!(
                found.is_none(),
                "`{word}` is a command: take it out of the table"
            );
        }
    }

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        for (typed, name) in [
            ("upp", "up"),
            ("shwo", "show"),
            ("--no-sed", "--no-seed"),
            ("rest", "restart"),
        ] {
            assert!(is_near(typed, name), "{typed} {name}");
        }
        for (typed, name) in [("ps", "psql"), ("man", "plan"), ("--since", "--instance")] {
            assert!(!is_near(typed, name), "{typed} {name}");
        }
    }
}
