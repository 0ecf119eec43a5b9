//! Images: a current local copy, else pulled, built or loaded, in this order.

mod archive;
mod build;
mod content;
mod context;
mod ending;
mod ensure;
mod fingerprint;
mod guardian;
mod ignore;
mod load;
mod local;
mod name;
mod program;
mod pull;
mod sniff;
mod source;
mod survey;
mod upload;

pub(super) use ensure::ensure;
pub(super) use local::current;
pub(super) use survey::survey;
