//! What a run tells: events, diagnostics and answers, as plain values without I/O, and how they
//! hide what is secret. Knows nothing of what happens, nor of how it is printed.

mod answer;
mod bytes;
mod diagnostic;
mod event;
mod mask;
mod visible;

pub use answer::*;
pub use bytes::{bytes, bytes_of};
pub use diagnostic::{Diagnostic, Failed, Tail};
pub use event::{
    Event, Events, Level, LogLook, Outcome, Progress, Severity, StepEvents, StepId, Unit,
};
pub use mask::Mask;
pub use visible::{visible, visible_in_color};
