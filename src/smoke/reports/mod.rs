//! The results of a run as files and annotations that CI reads. Knows the results and nothing of
//! how they came about.

mod annotations;
mod file;
mod json;
mod junit;
mod markdown;
mod page;
mod results;
mod tap;
#[cfg(test)]
mod testing;
mod text;

pub use annotations::annotations;
pub use file::{ReportError, append, check, stays, write};
pub use json::JsonReport;
pub use junit::JUnit;
pub use markdown::{Markdown, SUMMARY_BYTES_MAX};
pub use results::Results;
pub use tap::Tap;
