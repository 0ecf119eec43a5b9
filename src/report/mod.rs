//! What a run tells: the vocabulary (event, diagnostic, answer: leaves without I/O) and the
//! renderers, which are the only code that prints. Knows nothing of engines or configuration.

mod answer;
mod bars;
mod board;
mod bytes;
mod crowd;
mod cut;
mod diagnostic;
mod duration;
mod event;
mod format;
mod human;
mod json;
mod line_ends;
mod log_lines;
mod mask;
mod outlet;
mod outputs;
mod paint;
mod plain;
mod plural;
mod rate;
mod renderer;
mod row;
mod table;
mod terminal;
mod texts;
mod view;
mod visible;
mod workflow;
mod wrap;

pub use answer::*;
pub use bytes::bytes;
pub use diagnostic::{Diagnostic, Failed, Place, Tail};
pub use event::{
    Event, Events, Level, LogLook, Outcome, Progress, Severity, StepEvents, StepId, Unit,
};
pub use format::{Format, Verbosity};
pub use mask::Mask;
pub use renderer::{Handle, Renderer, start};
pub use terminal::{Color, Terminal};
pub use visible::{visible, visible_in_color};
