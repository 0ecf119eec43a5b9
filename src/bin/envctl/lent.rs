//! What the program lends to a command: its terminal, somebody to ask, and the process itself.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::sync::Arc;

use dialoguer::Confirm;
use envctl::commands::Lent;
use envctl::report::{Handle, Renderer, Terminal};

/// Returns what a program whose run is told by a renderer lends.
pub(crate) fn by(renderer: &Renderer, terminal: Terminal) -> Lent {
    let (asking, going, masking) = (renderer.handle(), renderer.handle(), renderer.handle());
    Lent {
        // Where there is no such file, starting it says so.
        program: std::env::current_exe().unwrap_or_default(),
        confirm: terminal
            .is_interactive()
            .then(|| Box::new(move |question: &str| confirm(&asking, question)) as _),
        terminal: terminal.can_be_lent(),
        has_terminal: Arc::default(),
        mask: Box::new(move |secrets| masking.mask(&secrets)),
        // What was said before is written by then.
        turn_into: Box::new(move |command| going.suspend(|| command.exec())),
    }
}

/// Asks while nothing else is drawn.
fn confirm(renderer: &Handle, question: &str) -> io::Result<bool> {
    let question = Confirm::new().with_prompt(question).default(false);
    let answer = renderer.suspend(|| question.interact());
    answer.map_err(|dialoguer::Error::IO(error)| error)
}
