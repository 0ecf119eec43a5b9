//! Where a value was written: a file, a variable, `--set`, or envctl itself.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::conceal::Concealed;
use crate::model::{Place, Spot};

/// Who wrote a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Writer {
    /// envctl's own defaults.
    Default,
    File {
        path: PathBuf,
        /// Relative to the workspace.
        shown: PathBuf,
        /// Whether other environments read it, too.
        shared: bool,
    },
    /// A variable's name.
    Variable(String),
    Set,
}

/// A text that values come from.
#[derive(Debug)]
pub(crate) struct Source {
    pub writer: Writer,
    /// For a variable `NAME=value`; a password's value is masked.
    pub text: String,
    /// The byte where each line starts, found when it is first asked.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    pub(crate) fn new(writer: Writer, text: String) -> Arc<Self> {
        let lines = OnceLock::new();
        Arc::new(Self {
            writer,
            text,
            lines,
        })
    }

    /// Returns the line of a byte, from 1, and where it starts.
    fn line(&self, byte: usize) -> (usize, usize) {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.match_indices('\n');
            std::iter::once(0)
                .chain(ends.map(|(end, _)| end + 1))
                .collect()
        });
        let line = lines.partition_point(|start| *start <= byte).max(1);
        (line, lines[line - 1])
    }

    pub(crate) fn file(path: PathBuf, shown: &str, shared: bool, text: String) -> Arc<Self> {
        let shown = PathBuf::from(shown);
        let writer = Writer::File {
            path,
            shown,
            shared,
        };
        Self::new(writer, text)
    }

    pub(crate) fn default_layer() -> Arc<Self> {
        Self::new(Writer::Default, String::new())
    }
}

/// A place in a source, which has at most 4 MiB.
fn offset(byte: usize) -> u32 {
    u32::try_from(byte).unwrap_or(u32::MAX)
}

/// A line that is longer is not shown.
const LINE_BYTES_MAX: usize = 16 * 1024;

/// A span of a source.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub source: Arc<Source>,
    start: u32,
    end: u32,
}

impl Origin {
    pub(crate) fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        Self {
            source: Arc::clone(source),
            start: offset(span.start),
            end: offset(span.end),
        }
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns the origin of `part` inside this one, or this one when it is not found as written.
    pub(crate) fn within(&self, part: &str) -> Self {
        let written = self.source.text.get(self.span()).unwrap_or_default();
        let Some(offset) = written.find(part) else {
            return self.clone();
        };
        let start = self.span().start + offset;
        Self::new(&self.source, start..start + part.len())
    }

    /// Returns the folder that relative paths start at; none for what is in no file.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.source.writer {
            Writer::File { path, .. } => path.parent(),
            Writer::Default | Writer::Variable(_) | Writer::Set => None,
        }
    }

    /// Returns the line, from 1, and the byte where it starts.
    fn line(&self) -> (usize, usize) {
        self.source
            .line(self.span().start.min(self.source.text.len()))
    }

    /// Returns the file to show; envctl's own defaults are in none.
    fn shown(&self) -> Option<PathBuf> {
        match &self.source.writer {
            Writer::Default => None,
            Writer::File { shown, .. } => Some(shown.clone()),
            Writer::Variable(_) => Some(PathBuf::from("variables")),
            Writer::Set => Some(PathBuf::from("--set")),
        }
    }

    /// Returns the line where it begins; envctl's own defaults have none.
    pub(crate) fn spot(&self) -> Option<Spot> {
        Some(Spot {
            file: self.shown()?,
            line: self.line().0,
        })
    }

    /// Returns the place to show; envctl's own defaults have none.
    pub(crate) fn place(&self) -> Option<Place> {
        let file = self.shown()?;
        let (line, start) = self.line();
        let rest = self.source.text.get(start..).unwrap_or_default();
        let near = rest.as_bytes();
        let near = &near[..near.len().min(LINE_BYTES_MAX)];
        let is_long = near.len() < rest.len() && !near.contains(&b'\n');
        if is_long {
            // Thousands of mistakes in it would each hold a copy.
            return Some(Place {
                file,
                line,
                column: self.span().start - start + 1,
                text: String::new(),
                width: 1,
            });
        }
        let text = rest.lines().next().unwrap_or_default();
        let concealed = Concealed::new(text);
        let before = |byte: usize| concealed.characters_before(byte.saturating_sub(start));
        let column = before(self.span().start);
        let end = before(self.span().end.min(start + text.len()));
        Some(Place {
            file,
            line,
            column: column + 1,
            text: concealed.text(),
            width: end.saturating_sub(column).max(1),
        })
    }
}

impl fmt::Display for Origin {
    /// Writes `envs/rates/env.toml:12`, `variable NAME`, `--set` or `default`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source.writer {
            Writer::Default => formatter.write_str("default"),
            Writer::File { shown, .. } => {
                write!(formatter, "{}:{}", shown.display(), self.line().0)
            }
            Writer::Variable(name) => write!(formatter, "variable {name}"),
            Writer::Set => formatter.write_str("--set"),
        }
    }
}
