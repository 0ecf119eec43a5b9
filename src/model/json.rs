//! A JSON value with holes for what is known only while an instance runs.

use std::borrow::Cow;

use serde_json::Value;

use super::Template;

/// A value whose holes are `null` until they are filled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Json {
    pub value: Value,
    pub holes: Vec<Hole>,
}

/// A place in a [`Json`] that a template fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hole {
    /// A JSON Pointer (RFC 6901).
    pub pointer: String,
    pub template: Template,
}

impl Json {
    /// Returns the value with every hole filled by `lookup`.
    pub fn fill<E>(
        &self,
        mut lookup: impl FnMut(&Template) -> Result<Value, E>,
    ) -> Result<Cow<'_, Value>, E> {
        if self.holes.is_empty() {
            return Ok(Cow::Borrowed(&self.value));
        }
        let mut value = self.value.clone();
        for hole in &self.holes {
            let filled = lookup(&hole.template)?;
            if let Some(place) = value.pointer_mut(&hole.pointer) {
                *place = filled;
            }
        }
        Ok(Cow::Owned(value))
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self {
            value,
            holes: Vec::new(),
        }
    }
}
