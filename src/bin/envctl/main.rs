//! The program: parses, lends its terminal and its signals to a command, and turns its end into
//! an exit code.

mod lent;
mod signals;
mod typed;

use std::process::ExitCode;
use std::sync::Arc;

use envctl::cli::{Cli, Output};
use envctl::commands::{self, Session};
use envctl::report::{self, Format, Terminal, Verbosity};
use tokio_util::sync::CancellationToken;

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
    let lent = lent::by(&renderer, terminal);
    let manner = commands::manner(&cli.command);
    let stop = signals::Stop {
        cancel: CancellationToken::new(),
        is_listened_to: manner.waits,
        told: manner.cleans_up.then(|| events.clone()),
        has_terminal: Arc::clone(&lent.has_terminal),
    };
    let request = typed::request(flags, variables);
    let session = Session::new(request, events, lent, stop.cancel.clone());
    let session = session.printing_json(format == Format::Json);
    signals::run(commands::perform(session, &cli.command), &stop, |result| {
        let code = match &result {
            Ok(answer) => answer.exit_code(),
            Err(failed) => failed.exit_code,
        };
        let printed = renderer.finish(result.as_ref().map_err(AsRef::as_ref));
        // Where standard output is full, what was asked for did not arrive.
        ExitCode::from(if printed.is_err() { code.max(1) } else { code })
    })
}
