//! Bringing a database to its declared data: dumps, and the record that says what is in.
//! Knows a server and files, not where either comes from.

mod batch;
mod declared;
mod dump;
mod error;
mod fingerprint;
mod input;
mod keeper;
mod load;
mod names;
mod progress;
mod record;
mod roles;
mod rules;
mod script;
mod shape;
mod state;
mod swap;

pub use declared::{Declared, Dump};
pub use error::Error;
pub use fingerprint::{Fingerprint, SeedDigest, fingerprint};
pub use load::{Loaded, load};
pub use record::{Brings, Record, Standing, Work, begin, finish, forget, records, work_digest};
pub use state::{Seeded, State, heal, state};
