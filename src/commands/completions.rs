//! `completions`: a script for a shell.

use crate::cli::{CompletionsArgs, completions};
use crate::tell::Answer;

pub(super) fn run(args: &CompletionsArgs) -> Answer {
    Answer::Text {
        text: completions(args.shell),
    }
}
