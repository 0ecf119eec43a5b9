//! What databases hold: looked at by `view`, decided by `decide`, and done by `perform`. A step whose
//! turn comes looks and decides once more, by the same two.

mod decide;
mod decision;
mod notices;
mod perform;
mod store;
mod view;

pub(super) use decide::Case;
pub(super) use decision::Seen;
pub use decision::{Decision, Options, PartDecision, Refusal, Wish};
pub(super) use perform::{Turn, bring, load, migrate, tidy};
pub use store::{DataTask, Store};
pub use view::{DatabaseView, SentSeeds};
pub(super) use view::{Material, compared};
