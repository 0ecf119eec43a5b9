//! What a run tells: the vocabulary (event, diagnostic, answer: leaves without I/O) and the
//! renderers, which are the only code that prints. Knows nothing of engines or configuration.

mod answer;
mod diagnostic;
mod event;

pub use answer::*;
pub use diagnostic::{Diagnostic, Place, Tail};
pub use event::{Event, Events, Level, Outcome, Progress, StepEvents, StepId, Unit};
