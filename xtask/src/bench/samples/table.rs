//! What was measured, as tables in Markdown and as a sentence on the limit.

use std::time::Duration;

use super::load::Outcome;
use super::processor::Usage;

/// From this share of a core on, a process has no more to give.
const FULL: f64 = 0.9;

/// From this share of a core on, other programs made the figures smaller.
const WORTH_A_WORD: f64 = 0.2;

/// Batches of one size over so many connections.
pub(super) struct Batches {
    pub(super) batch: u64,
    pub(super) connections: usize,
    pub(super) outcome: Outcome,
    pub(super) usage: Usage,
}

/// Pages that were read beside such batches.
pub(super) struct Pages {
    pub(super) batch: u64,
    pub(super) senders: usize,
    pub(super) outcome: Outcome,
    pub(super) usage: Usage,
}

/// So many uploads at a time, each of so many samples.
pub(super) struct Uploads {
    pub(super) workers: usize,
    pub(super) count: usize,
    pub(super) samples: u64,
    pub(super) elapsed: Duration,
    pub(super) usage: Usage,
}

impl Batches {
    fn requests(&self) -> f64 {
        rate(self.outcome.sent.count() as u64, self.outcome.elapsed)
    }

    fn samples(&self) -> f64 {
        let sent = self.outcome.sent.count() as u64;
        rate(sent * self.batch, self.outcome.elapsed)
    }
}

/// Prints what batches took.
pub(super) fn batches(measured: &[Batches]) {
    head("samples in a batch | connections | requests/s | samples/s | p50 | p99 | errors");
    for one in measured {
        let sent = &one.outcome.sent;
        println!(
            "| {} | {} | {:.0} | {:.0} | {:.1} ms | {:.1} ms | {} |{}",
            one.batch,
            one.connections,
            one.requests(),
            one.samples(),
            sent.percentile_ms(50),
            sent.percentile_ms(99),
            sent.errors,
            cells(&one.usage)
        );
    }
    println!();
}

/// Prints what pages took.
pub(super) fn pages(measured: &[Pages]) {
    head("pages beside | pages/s | p50 | p99 | errors | samples/s meanwhile");
    for one in measured {
        let beside = match (one.batch, one.senders) {
            (_, 0) => "nothing".to_owned(),
            (batch, senders) => format!("batches of {batch}, {senders} connections"),
        };
        let (pages, elapsed) = (&one.outcome.pages, one.outcome.elapsed);
        println!(
            "| {beside} | {:.0} | {:.1} ms | {:.1} ms | {} | {:.0} |{}",
            rate(pages.count() as u64, elapsed),
            pages.percentile_ms(50),
            pages.percentile_ms(99),
            pages.errors,
            rate(one.outcome.sent.count() as u64 * one.batch, elapsed),
            cells(&one.usage)
        );
    }
    println!();
}

/// Prints what uploads took.
pub(super) fn uploads(measured: &[Uploads]) {
    head("workers | uploads at a time | samples in each | until all are done | samples/s");
    for one in measured {
        println!(
            "| {} | {} | {} | {:.1} s | {:.0} |{}",
            one.workers,
            one.count,
            one.samples,
            one.elapsed.as_secs_f64(),
            rate(one.samples * one.count as u64, one.elapsed),
            cells(&one.usage)
        );
    }
    println!();
}

/// Names the limit where most samples a second were stored.
pub(super) fn limit(measured: &[Batches]) -> Option<String> {
    let best = measured.iter().max_by(|one, other| {
        let rates = (one.samples(), other.samples());
        rates.0.total_cmp(&rates.1)
    })?;
    Some(format!(
        "At {:.0} samples/s (batches of {}, {} at a time), {}; postgres takes {:.1} µs of a core \
         for a sample.",
        best.samples(),
        best.batch,
        best.connections,
        verdict(&best.usage),
        best.usage.postgres * 1e6 / best.samples()
    ))
}

/// Says what the processes were held up by.
fn verdict(usage: &Usage) -> String {
    let parts = [
        ("postgres", usage.postgres),
        ("api", usage.api),
        ("the workers", usage.workers),
        ("what sends", usage.load),
    ];
    if usage.idle() < usage.cores * (1.0 - FULL) {
        let most = parts.iter().max_by(|one, other| one.1.total_cmp(&other.1));
        let (name, share) = most.expect("there are four");
        let beside = match usage.others {
            others if others < WORTH_A_WORD => String::new(),
            others => format!(
                "; other programs of the machine had {:.0} %",
                others * 100.0
            ),
        };
        return format!(
            "the limit is the processor: of {} cores nothing is idle, and {name} takes most, \
             {:.0} % of a core{beside}",
            usage.cores,
            share * 100.0
        );
    }
    let single = [
        (
            "one connection's process of postgres",
            usage.busiest_backend,
        ),
        ("api", usage.api),
    ];
    match single.iter().find(|(_, share)| *share >= FULL) {
        Some((name, share)) => format!(
            "the limit is {name}, which takes {:.0} % of a core",
            share * 100.0
        ),
        None => format!(
            "no process is the limit: they wait for the disk or for each other, and {:.0} % of a \
             core is idle",
            usage.idle() * 100.0
        ),
    }
}

fn head(own: &str) {
    let processes = "api | postgres | workers | load | others | idle";
    println!("| {own} | {processes} |");
    let columns = own.split(" | ").chain(processes.split(" | ")).count();
    println!("|{}", "---|".repeat(columns));
}

fn cells(usage: &Usage) -> String {
    let shares = [
        usage.api,
        usage.postgres,
        usage.workers,
        usage.load,
        usage.others,
        usage.idle(),
    ];
    let cells = shares
        .iter()
        .map(|share| format!(" {:.0} % |", share * 100.0));
    cells.collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no measurement counts to 2 to the power of 53"
)]
fn rate(count: u64, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::{Usage, verdict};

    fn check(usage: Usage, expect: &str) {
        let text = verdict(&usage);
        assert!(text.starts_with(expect), "{text}");
    }

    #[test]
    fn the_limit_is_who_has_no_more_to_give() {
        let cores = 4.0;
        let (api, postgres) = (0.9, 2.8);
        let idle = Usage {
            cores,
            ..Usage::default()
        };
        check(
            Usage {
                api,
                postgres,
                ..idle
            },
            "the limit is the processor: of 4 cores nothing is idle, and postgres takes most, 280 %",
        );
        let others = 4.0;
        let text = verdict(&Usage { others, ..idle });
        assert!(
            text.ends_with("; other programs of the machine had 400 %"),
            "{text}"
        );
        check(
            Usage {
                postgres: 1.0,
                busiest_backend: 0.97,
                ..idle
            },
            "the limit is one connection's process of postgres, which takes 97 %",
        );
        check(Usage { api, ..idle }, "the limit is api, which takes 90 %");
        check(idle, "no process is the limit");
    }
}
