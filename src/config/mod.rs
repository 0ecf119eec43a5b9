//! From layered TOML to two immutable values: the [`Invocation`](crate::model::Invocation) (made
//! without env.toml) and the [`Environment`](crate::model::Environment). After this room nobody
//! sees TOML, variables or flags.

mod bounds;
mod compose;
mod conceal;
mod conform;
mod defaults;
mod env_file;
mod files;
mod interpolate;
mod invocation;
pub mod jinja;
mod key;
mod known;
mod layers;
mod load;
mod merge;
mod mistake;
mod normal;
mod ordinary;
mod overrides;
mod parse;
mod paths;
mod read;
mod reference;
mod resolve;
mod runs;
mod schema;
mod secrets;
mod shell;
mod show;
mod source;
mod suggest;
#[cfg(test)]
mod tests;
mod trail;
mod tree;
mod units;
mod wrong;

pub use invocation::{Request, invocation, workspace};
pub use load::{Listed, Loaded, environments, exists, load, load_as, load_until};
pub use mistake::{Mistake, Mistakes};
pub use ordinary::{is_common, unhidden};
pub use runs::Run;
pub use schema::json_schema;
pub use show::{Explained, ExplainedPart, Merged, Overridden};
pub use tree::{toml_key, toml_text};
