//! The program: parses, chooses the renderer, runs, and turns a failure into its exit code.

use std::process::ExitCode;

use envctl::cli::{Cli, Output};
use envctl::commands::{self, Screen, Session};
use envctl::report::{self, Format, Terminal, Verbosity};

fn main() -> ExitCode {
    // The one place that captures the environment.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let cli = Cli::from_process();
    let flags = cli.flags();
    let terminal = Terminal::capture(&variables);
    let format = match flags.output {
        None | Some(Output::Human) => Format::Human,
        Some(Output::Plain) => Format::Plain,
        Some(Output::Json) => Format::Json,
    };
    let verbosity = Verbosity::of(flags.quiet, flags.verbose);
    let (events, renderer) = report::start(format, verbosity, terminal, &[]);
    let (mask, suspend) = (renderer.handle(), renderer.handle());
    let screen = Screen {
        interactive: terminal.is_interactive(),
        terminal: terminal.can_be_lent(),
        mask: Box::new(move |secrets| mask.mask(&secrets)),
        suspend: Box::new(move |prompt| suspend.suspend(prompt)),
    };
    let session = Session::new(&flags, variables, events, screen);
    let (printed, code) = match commands::run(session, &cli.command) {
        Ok(answer) => (renderer.finish(Ok(&answer)), answer.exit_code()),
        Err(failed) => (renderer.finish(Err(&failed)), failed.exit_code),
    };
    // Where standard output is full, what was asked for did not arrive.
    ExitCode::from(if printed.is_err() { code.max(1) } else { code })
}
