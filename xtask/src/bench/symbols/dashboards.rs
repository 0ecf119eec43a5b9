//! How long the two dashboards take, asked one after another.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// How many events there are then.
pub(super) const EVENTS: usize = 1_000_000;

const SYMBOL: &str = "/dashboard/symbol/e";

/// Two months of three, with both edges within an hour.
const RANGE: &str = "/dashboard/range/2026-01-10T10:20:30/2026-03-10T10:20:30";

const WHOLE: &str = "/dashboard/range/2026-01-01/2026-12-31";

/// Median and 99th percentile of a dashboard.
type Taken = [Duration; 2];

/// Returns what both dashboards take.
pub(super) fn measure(address: &str, rounds: usize) -> anyhow::Result<[Taken; 2]> {
    Ok([
        taken(address, SYMBOL, rounds)?,
        taken(address, RANGE, rounds)?,
    ])
}

/// Returns how many initials the dashboard of symbols shows in all.
pub(super) fn count(address: &str) -> anyhow::Result<usize> {
    let mut sum = 0;
    // The other dashboard must know them, too.
    ask(address, WHOLE)?;
    for symbol in 'a'..='z' {
        let body = ask(address, &format!("/dashboard/symbol/{symbol}"))?;
        let found: Value = serde_json::from_str(&body)?;
        sum += usize::try_from(found["count"].as_u64().context("no count")?)?;
    }
    Ok(sum)
}

/// Prints what was measured.
pub(super) fn table(measured: &[(&str, [Taken; 2])]) {
    println!(
        "| storage, 1,000,000 events | a symbol: median | p99 | a range: median | p99 |\n\
         |---|---|---|---|---|"
    );
    for (name, [symbol, range]) in measured {
        let cells = symbol.iter().chain(range);
        let cells = cells.map(|taken| format!(" {:.2} ms |", taken.as_secs_f64() * 1e3));
        println!("| {name} |{}", cells.collect::<String>());
    }
}

fn taken(address: &str, path: &str, rounds: usize) -> anyhow::Result<Taken> {
    let mut taken = Vec::with_capacity(rounds);
    for round in 0..=rounds {
        let begun = Instant::now();
        ask(address, path)?;
        // The first only warms up.
        if round > 0 {
            taken.push(begun.elapsed());
        }
    }
    taken.sort_unstable();
    let last = rounds - 1;
    Ok([taken[last / 2], taken[last * 99 / 100]])
}

fn ask(address: &str, path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.0\r\nhost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no whole answer")?;
    ensure!(head.contains(" 200 "), "{path}: {answer}");
    Ok(body.to_owned())
}
