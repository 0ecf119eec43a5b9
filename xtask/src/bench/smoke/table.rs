//! The table of the results, in Markdown.

use std::time::Duration;

use super::measure::Measured;

/// The table's first two lines.
pub(super) const HEAD: &str = "\
| checks | tool | whole command | peak memory | a check | to hurl's best |
|---|---|---|---|---|---|";

/// Prints the lines of one number of checks.
pub(super) fn print(count: usize, results: &[(&str, Measured)]) {
    let hurls = results.iter().filter(|(name, _)| name.starts_with("hurl"));
    let best = hurls.map(|(_, measured)| measured.wall).min();
    let best = best.unwrap_or(Duration::MAX);
    for (name, measured) in results {
        println!("{}", line(count, name, *measured, best));
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "neither memory nor a number of checks gets that large"
)]
fn line(count: usize, name: &str, measured: Measured, best: Duration) -> String {
    let seconds = measured.wall.as_secs_f64();
    format!(
        "| {count} | {name} | {:.1} ms | {:.1} MB | {:.0} µs | {:.2} |",
        seconds * 1e3,
        measured.peak_kib as f64 * 1024.0 / 1e6,
        seconds * 1e6 / count as f64,
        seconds / best.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_time_memory_and_the_ratio() {
        let measured = Measured {
            wall: Duration::from_micros(78_120),
            peak_kib: 18_000,
        };
        assert_eq!(
            line(1000, "it", measured, Duration::from_micros(312_480)),
            "| 1000 | it | 78.1 ms | 18.4 MB | 78 µs | 0.25 |"
        );
    }
}
