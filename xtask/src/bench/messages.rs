//! `cargo xtask bench messages`: how many messages a second reach a thousand WebSocket clients within
//! a tenth of a second, beside a server that does nothing but push, behind the same load balancer.

mod instance;
mod interrupt;
mod processor;
mod search;
mod table;
mod trial;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::{image_context, program};
use instance::Instance;
use interrupt::Interrupt;
use search::Search;
use trial::Trial;

/// How long both searches may take together; what is known by then counts.
const LIMIT: Duration = Duration::from_mins(5);

/// What is measured, and how far that is.
struct Contestant {
    instance: Instance,
    search: Search,
    /// The trials that held.
    held: Vec<Trial>,
}

/// Measures both in turns and prints a table in Markdown.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let interrupt = Interrupt::watch()?;
    let mut build = program::cargo(root);
    program::run(build.args(["build", "--quiet", "--package", "envctl"]))?;
    image_context::run(root, "messages")?;
    let bare = image_context::example(root, "messages", "bare-broadcast")?;
    let program = root.join("target/images/messages/messages");
    let mut contestants = [
        Contestant::start(root, "bench-messages", &[])?,
        Contestant::start(root, "bench-bare", &settings(&bare))?,
    ];
    let begun = Instant::now();
    let mut is_open = true;
    while is_open {
        is_open = false;
        for contestant in &mut contestants {
            interrupt.check()?;
            is_open |= contestant.go_on(&program)?;
        }
        if is_open && begun.elapsed() > LIMIT {
            eprintln!("the time is up; rates above the ones below were not all tried");
            break;
        }
    }
    let [messages, bare] = contestants.map(Contestant::stop);
    table::print(&messages?, &bare?);
    Ok(())
}

/// Has the same environment run the bare server, once, as its state is its own.
fn settings(program: &Path) -> [String; 2] {
    let program = program.display().to_string();
    [
        format!("services.api.process.command=[{program:?}]"),
        "services.api.replicas=1".to_owned(),
    ]
}

impl Contestant {
    fn start(root: &Path, name: &'static str, sets: &[String]) -> anyhow::Result<Self> {
        eprintln!("starting {name}");
        Ok(Self {
            instance: Instance::start(root, name, sets)?,
            search: Search::new(),
            held: Vec::new(),
        })
    }

    /// Tries the next rate; says whether there was one.
    fn go_on(&mut self, program: &Path) -> anyhow::Result<bool> {
        let Some(rate) = self.search.rate() else {
            return Ok(false);
        };
        let trial = Trial::run(program, &self.instance, rate)?;
        eprintln!(
            "{}: {rate} a second {}, p99 {:.1} ms, {:.1} ms until the answer",
            self.instance.name,
            if trial.holds { "holds" } else { "fails" },
            trial.p99_ms,
            trial.answer_p99_ms
        );
        self.search.note(trial.holds);
        if trial.holds {
            self.held.push(trial);
        }
        Ok(true)
    }

    /// Takes its instance away; returns the last trial of the best rate.
    fn stop(self) -> anyhow::Result<Trial> {
        let name = self.instance.name;
        self.instance.stop()?;
        let best = self.search.best();
        let mut trials = self.held.into_iter().rev();
        let trial = trials.find(|trial| Some(trial.rate) == best);
        trial.with_context(|| format!("{name} holds no rate at all"))
    }
}
