//! Durations as a person reads them: `12 ms`, `1.2 s`, `2m 03s`, `1h 02m`.

use std::time::Duration;

/// Returns the duration in the one or two units that matter.
pub(super) fn duration(duration: Duration) -> String {
    let ms = duration.as_millis();
    let tenths = (ms + 50) / 100;
    let seconds = (ms + 500) / 1000;
    if ms < 1000 {
        format!("{ms} ms")
    } else if tenths < 600 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else if seconds < 3600 {
        format!("{}m {:02}s", seconds / 60, seconds % 60)
    } else {
        format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60)
    }
}

/// Returns the duration in whole seconds, for what is only an estimate.
pub(super) fn rough(estimate: Duration) -> String {
    if estimate.as_secs() < 60 {
        format!("{} s", estimate.as_secs())
    } else {
        duration(estimate)
    }
}

/// Returns [`duration`] for seconds as an answer holds them; what is no duration counts as 0.
pub(super) fn seconds(seconds: f64) -> String {
    duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_has_its_units() {
        for (ms, text) in [
            (0, "0 ms"),
            (12, "12 ms"),
            (999, "999 ms"),
            (1000, "1.0 s"),
            (1249, "1.2 s"),
            (59_940, "59.9 s"),
            (59_960, "1m 00s"),
            (123_000, "2m 03s"),
            (3_599_499, "59m 59s"),
            (3_600_000, "1h 00m"),
            (93_780_000, "26h 03m"),
        ] {
            assert_eq!(duration(Duration::from_millis(ms)), text);
        }
        assert_eq!(rough(Duration::from_millis(10_700)), "10 s");
        assert_eq!(rough(Duration::from_secs(123)), "2m 03s");
        assert_eq!(seconds(f64::NAN), "0 ms");
        assert_eq!(seconds(-1.0), "0 ms");
        assert_eq!(seconds(0.3), "300 ms");
    }
}
