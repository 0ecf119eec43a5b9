//! Keys that hold a number of a range.

/// A range of numbers.
#[derive(Debug)]
pub(crate) struct Range {
    pub from: i64,
    pub to: i64,
    /// What is said of a number outside, with `{value}`, `{key}`, `{path}`, `{from}` and `{to}`.
    pub wrong: &'static str,
    /// What is said beside it of 0, with `{table}` for the table's path.
    pub zero: Option<&'static str>,
}

impl Range {
    pub(crate) fn has(&self, number: i64) -> bool {
        (self.from..=self.to).contains(&number)
    }

    /// Whether a number with a fraction is more than its start, and no more than its end.
    #[expect(clippy::cast_precision_loss, reason = "the ends of ranges are short")]
    pub(crate) fn has_fraction(&self, number: f64) -> bool {
        number > self.from as f64 && number <= self.to as f64
    }
}

const fn range(from: i64, to: i64, wrong: &'static str) -> Range {
    Range {
        from,
        to,
        wrong,
        zero: None,
    }
}

const NO_PORT: &str = "`{value}` is no port: ports go from {from} to {to}";

/// A port.
pub(super) static PORT_NUMBER: Range = range(1, 65535, NO_PORT);

/// A port of the host, which may be left to envctl.
pub(super) static HOST_PORT: Range = Range {
    zero: Some("for any free port, write `\"any\"` or leave `host` out"),
    ..range(1, 65535, NO_PORT)
};

/// How many may run side by side.
pub(super) static REPLICAS: Range = Range {
    zero: Some("to leave it out in a profile, write `{table} = false`"),
    ..range(1, 64, "`{path}` goes from {from} to {to}, not {value}")
};

/// How many redirects may be followed.
pub(super) static REDIRECTS: Range = range(0, 100, "`{key}` is a number from {from} to {to}");

/// A number of processes.
pub(super) static PROCESSES: Range = range(1, 4_294_967_295, "`{value}` is no number of processes");

/// A number of processors, of which 0 is none.
pub(super) static PROCESSORS: Range = range(0, 4096, "`{value}` is no number of processors");
