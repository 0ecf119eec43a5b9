//! Answers and failures as a person reads them.

mod answer;
mod diagnostic;
mod doctor;
mod down;
mod environments;
mod instances;
mod page;
mod plan;
mod proposal;
mod prune;
mod rows;
mod smoke;
mod smoke_failure;
mod snippet;
mod status;
mod up;

pub(super) use answer::answer;
pub(super) use diagnostic::diagnostics;
pub(super) use page::Page;
