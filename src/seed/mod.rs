//! Bringing a database to its declared data: dumps, and the record that says what is in.
//! Knows a server and files, not where either comes from.

mod batch;
mod block;
mod declared;
mod dump;
mod dump_rights;
mod dump_roles;
mod error;
mod fill;
mod fingerprint;
mod input;
mod keeper;
mod last;
mod left;
mod load;
mod names;
mod progress;
mod record;
mod register;
mod rights;
mod roles;
mod rules;
mod script;
mod shape;
mod state;
mod steward;
mod swap;
mod text;

pub use declared::{Declared, Dump};
pub use error::Error;
pub use fingerprint::{Fingerprint, SeedDigest, fingerprint};
pub use left::{Left, tidy};
pub use load::{LoadOutcome, load};
pub use record::{Brings, Standing, TaskRecord, TaskWork, begin, finish, forget, work_digest};
pub use state::{Seeded, State, Survey, heal, survey};
