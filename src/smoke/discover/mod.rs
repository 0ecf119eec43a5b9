//! Checks that are proposed: from a service's OpenAPI document, with real values from the
//! databases beside it. Knows addresses, not who runs what is there; writes only when it is told.

mod append;
mod attempt;
mod catalog;
mod document;
mod find;
mod known;
mod matching;
mod naming;
mod run;
mod schema;
mod tables;
mod values;

pub use append::joined;
pub use document::DocumentError;
pub use find::{DocumentSource, Undocumented};
pub use run::{Asked, Discover, Discovery, LeftOut, discover};
pub use tables::Proposed;
