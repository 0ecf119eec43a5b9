//! What the three ways to tell a run have in common.

use std::time::Duration;

use super::outputs::Outputs;
use crate::tell::Event;

/// A moment: since the renderer started, and the time of day.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Now {
    pub(super) elapsed: Duration,
    /// Seconds since midnight, UTC.
    pub(super) clock_s: u64,
}

/// Tells a run: bars, plain lines or JSON. The texts that it gets are masked.
pub(super) trait View: Send {
    /// Takes in one event.
    fn event(&mut self, event: Event, now: Now, outputs: &mut Outputs);

    /// Called some fifteen times a second while something goes on; returns whether it still does.
    fn tick(&mut self, now: Now, outputs: &mut Outputs) -> bool;

    /// Says what is still to be said, and leaves the terminal as a prompt or the shell expects
    /// it; a later tick may draw again.
    fn clear(&mut self, now: Now, outputs: &mut Outputs);
}
