//! Images: a current local copy, else pulled, built or loaded, in this order.

mod archive;
mod bases;
mod build;
mod context;
mod dockerfile;
mod ensure;
mod expansion;
mod fingerprint;
mod ignore;
mod load;
mod local;
mod name;
mod note;
mod pull;
mod sniff;
mod source;
mod survey;
mod upload;

pub(super) use ensure::{ensure, horizon};
pub(super) use local::current;
pub(super) use name::is_ours;
pub(super) use survey::survey;
