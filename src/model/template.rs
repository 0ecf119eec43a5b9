//! A text with holes for what is known only while an instance runs.

use std::fmt;

use super::Secret;

/// A text whose `${services.…}` and `${images.…}` are still open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub parts: Vec<Part>,
}

/// A piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Text(String),
    Secret(Secret),
    Reference(Reference),
}

/// What a hole is filled with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reference {
    /// `${images.NAME}`: the reference of the image that the engine has.
    Image(String),
    /// `${services.NAME.…}`: an address that the reader of the text can reach.
    Service {
        service: String,
        field: ServiceField,
    },
    /// `${each.NAME}`: a value of the case; the reader of the checks fills it.
    Each(String),
    /// `${capture.NAME}`: what an earlier check kept.
    Capture(String),
}

/// Which part of a service's address is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ServiceField {
    /// `.url`: `http://api:3000`, `postgresql://user:password@db:5432/name`.
    Url,
    /// `.host`
    Host,
    /// `.port`: the number of the service's only port.
    Port,
    /// `.ports.NAME`: the number of that port.
    NamedPort(String),
    /// `.addresses`: `1.api:3000,2.api:3000`, one of each replica.
    Addresses,
    /// `.files.NAME`: the path at which the service itself finds that file.
    File(String),
}

impl Template {
    /// Returns a template without holes.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            parts: vec![Part::Text(text.into())],
        }
    }

    /// Returns every reference, in order.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.parts.iter().filter_map(|part| match part {
            Part::Reference(reference) => Some(reference),
            Part::Text(_) | Part::Secret(_) => None,
        })
    }

    /// Returns the text with every hole filled by `lookup`; it may hold secrets, so it is one.
    pub fn fill<E>(
        &self,
        mut lookup: impl FnMut(&Reference) -> Result<Secret, E>,
    ) -> Result<Secret, E> {
        let (mut text, mut unread) = (String::new(), false);
        let mut add = |secret: &Secret| {
            text.push_str(secret.expose());
            unread |= secret.is_unread();
        };
        for part in &self.parts {
            match part {
                Part::Text(piece) => add(&Secret::new(piece)),
                Part::Secret(secret) => add(secret),
                Part::Reference(reference) => add(&lookup(reference)?),
            }
        }
        let whole = if unread {
            Secret::unread()
        } else {
            Secret::default()
        };
        Ok(whole.within(text))
    }

    /// Whether a secret in it was not read, since its command was not run.
    pub fn is_unread(&self) -> bool {
        let unread = |part: &Part| matches!(part, Part::Secret(secret) if secret.is_unread());
        self.parts.iter().any(unread)
    }

    /// Returns a text that changes when the declaration changes: references by name, secrets by
    /// digest. It is what hashes are made of.
    pub fn canonical(&self) -> String {
        let piece = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Secret(secret) => format!("${{secret:{}}}", secret.digest()),
            Part::Reference(reference) => reference.to_string(),
        };
        self.parts.iter().map(piece).collect()
    }
}

impl fmt::Display for Template {
    /// Writes the declaration with secrets masked.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            Part::Text(text) => formatter.write_str(text),
            Part::Secret(secret) => secret.fmt(formatter),
            Part::Reference(reference) => reference.fmt(formatter),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(name) => write!(formatter, "${{images.{name}}}"),
            Self::Each(name) => write!(formatter, "${{each.{name}}}"),
            Self::Capture(name) => write!(formatter, "${{capture.{name}}}"),
            Self::Service { service, field } => match field {
                ServiceField::Url => write!(formatter, "${{services.{service}.url}}"),
                ServiceField::Host => write!(formatter, "${{services.{service}.host}}"),
                ServiceField::Port => write!(formatter, "${{services.{service}.port}}"),
                ServiceField::NamedPort(port) => {
                    write!(formatter, "${{services.{service}.ports.{port}}}")
                }
                ServiceField::Addresses => write!(formatter, "${{services.{service}.addresses}}"),
                ServiceField::File(name) => {
                    write!(formatter, "${{services.{service}.files.{name}}}")
                }
            },
        }
    }
}
