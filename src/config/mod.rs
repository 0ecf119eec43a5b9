//! From layered TOML to two immutable values: the [`model::Invocation`] (made without env.toml)
//! and the [`model::Environment`]. After this room nobody sees TOML, variables or flags.

pub mod model;
