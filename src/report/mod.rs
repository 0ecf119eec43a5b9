//! How a run is told: the renderers, which are the only code that prints. They know what a run
//! says of itself (`tell`), and nothing of what it does.

mod bars;
mod board;
mod crowd;
mod cut;
mod duration;
mod format;
mod human;
mod json;
mod line_ends;
mod log_lines;
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
mod workflow;
mod wrap;

pub use format::{Format, Verbosity};
pub use renderer::{Handle, Renderer, start};
pub use terminal::{Color, Terminal};
