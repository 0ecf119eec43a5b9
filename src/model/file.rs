//! Files that are made for a service: a template, and what fills it.

use indexmap::IndexMap;

use super::Template;

/// A file that a service is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFile {
    /// An absolute path in the container.
    pub path: String,
    /// A text in Jinja's syntax.
    pub template: String,
    /// What the template calls its values.
    pub values: IndexMap<String, FileValue>,
}

/// A value of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileValue {
    Text(Template),
    Integer(i64),
    Boolean(bool),
    /// A list with the `name`, the `host` and the `port` of every replica of a service, to be
    /// looped over.
    Addresses(String),
}

impl FileValue {
    /// Returns a text that changes when the declaration changes; it is what hashes are made of.
    pub fn canonical(&self) -> String {
        match self {
            Self::Text(template) => template.canonical(),
            Self::Integer(number) => number.to_string(),
            Self::Boolean(boolean) => boolean.to_string(),
            Self::Addresses(service) => format!("addresses of {service}"),
        }
    }
}
