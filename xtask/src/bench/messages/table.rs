//! The table of both services in Markdown, and how they compare.

use super::processor::Usage;
use super::trial::{CLIENTS, Trial};

/// What the best rate must be, as a part of the bare server's.
const TARGET: f64 = 0.5;

const HEAD: &str = "\
| server | messages/s | deliveries/s | p50 | p99 | answers' p99 | api | haproxy | queue | postgres | rest | clients | others | idle |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

/// Prints the trials of the best rates, and whether the target is met.
pub(super) fn print(messages: &Trial, bare: &Trial) {
    println!("{HEAD}");
    for (name, trial) in [("`messages`", messages), ("bare broadcast", bare)] {
        println!(
            "| {name} | {} | {} | {:.1} ms | {:.1} ms | {:.1} ms |{}",
            trial.rate,
            trial.rate * CLIENTS,
            trial.p50_ms,
            trial.p99_ms,
            trial.answer_p99_ms,
            cells(&trial.usage, trial.received)
        );
    }
    println!("\n{}", verdict(messages.rate, bare.rate));
}

/// Microseconds of a core for each receipt by a client, and shares of a core.
fn cells(usage: &Usage, received: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "no trial counts so far")]
    let received = received as f64;
    let ours = usage.micros.iter();
    let ours = ours.map(|micros| format!(" {:.1} µs |", micros / received));
    let machine = [usage.others, usage.idle].map(|share| format!(" {:.0} % |", share * 100.0));
    ours.chain(machine).collect()
}

fn verdict(messages: u64, bare: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "no rate is so high")]
    let ratio = messages as f64 / bare as f64;
    let outcome = if ratio < TARGET { "missed" } else { "met" };
    format!(
        "To {CLIENTS} clients, `messages` holds {ratio:.2} of the bare server's rate; the target \
         of {TARGET} is {outcome}."
    )
}

#[cfg(test)]
mod tests {
    use super::verdict;

    #[test]
    fn half_of_the_rate_is_enough() {
        assert!(
            verdict(10, 20).ends_with("0.50 of the bare server's rate; the target of 0.5 is met.")
        );
        assert!(
            verdict(9, 20)
                .ends_with("0.45 of the bare server's rate; the target of 0.5 is missed.")
        );
    }
}
