//! What is wrong with a configuration, and where. Knows nothing of how it is drawn.

use std::fmt;

use super::source::Origin;
use crate::model::Place;

/// More mistakes than this are not looked for, since nobody reads them.
pub(crate) const MISTAKES_MAX: usize = 500;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// A fragment in lower case, without a period.
    pub message: String,
    pub place: Option<Place>,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Mistake {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
            hint: None,
        }
    }

    #[must_use]
    pub(crate) fn at(mut self, origin: &Origin) -> Self {
        self.place = origin.place();
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

impl fmt::Display for Mistake {
    /// Writes `file:line:column: message`, the line with a mark under it, and the hint.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = &self.place else {
            formatter.write_str(&self.message)?;
            return write_hint(formatter, self.hint.as_deref());
        };
        let (file, line, column) = (place.file.display(), place.line, place.column);
        write!(formatter, "{file}:{line}:{column}: {}", self.message)?;
        if place.text.is_empty() {
            return write_hint(formatter, self.hint.as_deref());
        }
        writeln!(formatter)?;
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let before: String = place
            .text
            .chars()
            .take(column - 1)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        writeln!(formatter, "  {number} | {}", place.text)?;
        write!(
            formatter,
            "  {margin} | {before}{}",
            "^".repeat(place.width)
        )?;
        write_hint(formatter, self.hint.as_deref())
    }
}

fn write_hint(formatter: &mut fmt::Formatter<'_>, hint: Option<&str>) -> fmt::Result {
    hint.map_or(Ok(()), |hint| write!(formatter, "\n  hint: {hint}"))
}

/// Everything that is wrong, sorted by file and line; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// Sorts mistakes and drops repetitions; nothing wrong is `Ok`.
    pub(crate) fn check(mut mistakes: Vec<Mistake>) -> Result<(), Self> {
        if mistakes.is_empty() {
            return Ok(());
        }
        let place = |mistake: &Mistake| {
            let place = mistake.place.as_ref();
            place.map(|place| (place.file.clone(), place.line, place.column))
        };
        mistakes.sort_by_cached_key(place);
        mistakes.dedup();
        if mistakes.len() > MISTAKES_MAX {
            mistakes.truncate(MISTAKES_MAX);
            let message = format!("there are more than these {MISTAKES_MAX} mistakes");
            mistakes.push(Mistake::new(message));
        }
        Err(Self(mistakes))
    }

    /// Returns the mistakes in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.0.iter()
    }

    /// Returns how many there are, at least 1.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }
}

impl IntoIterator for Mistakes {
    type Item = Mistake;
    type IntoIter = std::vec::IntoIter<Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Mistakes {
    type Item = &'a Mistake;
    type IntoIter = std::slice::Iter<'a, Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str("\n")?;
            }
            write!(formatter, "{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
