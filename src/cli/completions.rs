//! `envctl completions`.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::help::after_help;
use super::{Cli, GlobalFlags};

/// The shell.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = after_help(
    &[
        "envctl completions bash > ~/.local/share/bash-completion/completions/envctl",
        "envctl completions fish > ~/.config/fish/completions/envctl.fish",
    ],
    &[0, 1, 2],
))]
pub struct CompletionsArgs {
    /// Shell
    #[arg(value_enum)]
    pub shell: Shell,

    #[command(flatten)]
    pub flags: GlobalFlags,
}

/// Returns the completion script of a shell.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "envctl", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
