//! How far a load is, told a few times a second.

use std::time::{Duration, Instant};

use crate::tell::{Progress, StepEvents, Unit};

const EVERY: Duration = Duration::from_millis(50);

/// Counts the bytes of all dumps of a load.
pub(super) struct LoadProgress {
    step: StepEvents,
    /// The bytes of the dumps that are in.
    before: u64,
    total: u64,
    told: Option<Instant>,
}

impl LoadProgress {
    pub(super) fn new(step: StepEvents, total: u64) -> Self {
        Self {
            step,
            before: 0,
            total,
            told: None,
        }
    }

    pub(super) fn step(&self) -> &StepEvents {
        &self.step
    }

    /// Tells that `bytes` of the current dump are read, unless that was told just now.
    pub(super) fn at(&mut self, bytes: u64, doing: impl FnOnce() -> String) {
        if self.told.is_none_or(|told| told.elapsed() >= EVERY) {
            self.tell(bytes, Some(doing()));
        }
    }

    /// Tells that the current dump, which has so many bytes, is in.
    pub(super) fn finish(&mut self, bytes: u64) {
        self.tell(bytes, None);
        self.before += bytes;
    }

    fn tell(&mut self, bytes: u64, doing: Option<String>) {
        self.told = Some(Instant::now());
        let done = self.before + bytes;
        self.step.progress(Progress {
            done,
            // A dump that grew is found out at its end.
            total: Some(self.total.max(done)),
            unit: Unit::Bytes,
            doing,
        });
    }
}
