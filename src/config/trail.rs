//! Where a walk through the tree is. It is written as a dotted path only when somebody wants to
//! say it, which a walk without mistakes never does.

use std::fmt;

use super::tree::toml_key;

/// The place of a table or value: the keys from the root on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trail<'a> {
    Root,
    Key(&'a Self, &'a str),
}

impl<'a> Trail<'a> {
    /// Returns the place of a key in the table that is here.
    pub(crate) fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }

    /// Returns the last key.
    pub(crate) fn last(&self) -> Option<&'a str> {
        match self {
            Self::Root => None,
            Self::Key(_, key) => Some(key),
        }
    }
}

impl fmt::Display for Trail<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Key(parent, key) = self else {
            return Ok(());
        };
        if let Self::Key(..) = parent {
            write!(formatter, "{parent}.")?;
        }
        formatter.write_str(&toml_key(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_is_written_as_a_dotted_key() {
        let services = Trail::Root.key("services");
        assert_eq!(services.to_string(), "services");
        let ports = services.key("my api").key("ports").to_string();
        assert_eq!(ports, r#"services."my api".ports"#);
        assert_eq!(Trail::Root.to_string(), "");
    }
}
