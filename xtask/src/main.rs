//! The developers' commands: `cargo xtask COMMAND`.
//! Each command is one file; this one only finds it.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a developer's command talks to its terminal"
)]

mod bench;
mod fixtures;
mod image_context;
mod images;
mod program;
mod repository;
mod tally;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::{Context as _, bail};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

Commands:
  test [--fast]           every check of the project (--fast: without fmt and clippy)
  tidy                    the guards on how the source is laid out
  fixtures [--check]      write the generated data files (--check: only compare)
  images                  have the images of every environment ready
  image-context SERVICE   build a service's programs and write the context of its image
  bench up                measure `up` and `down` on each engine
  bench ready             measure how long after it can answer `up` knows that a service is ready
  bench smoke [--rounds N]
                          measure `smoke-test` beside hurl, curl and a bare socket
  bench symbols [--seconds N]
                          measure what `symbols-api` takes with each storage
  bench samples [--seconds N]
                          measure what the service `samples` takes, and what limits it
  bench messages          measure to how many messages a second a thousand WebSocket clients
                          listen, beside a server that does nothing but push";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> anyhow::Result<()> {
    let root = repository::root().context("cannot find the repository")?;
    match arguments {
        ["test"] => test::run(&root, test::Speed::Whole),
        ["test", "--fast"] => test::run(&root, test::Speed::Fast),
        ["tidy"] => tidy::run(&root),
        ["fixtures"] => fixtures::write(&root),
        ["fixtures", "--check"] => fixtures::check(&root),
        ["images"] => images::run(&root),
        ["bench", "up"] => bench::up(&root),
        ["bench", "ready"] => bench::ready(&root),
        ["bench", "server", need, port, opened] => bench::ready_server(need, port, opened),
        ["bench", "smoke", flags @ ..] => bench::smoke(&root, flags),
        ["bench", "symbols", flags @ ..] => bench::symbols(&root, flags),
        ["bench", "samples", flags @ ..] => bench::samples(&root, flags),
        ["bench", "messages"] => bench::messages(&root),
        ["bench", "part", arguments @ ..] => bench::smoke_part(arguments),
        ["image-context", service] => image_context::run(&root, service),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("unknown arguments `{}`\n\n{USAGE}", arguments.join(" ")),
    }
}
