//! What the value of a key must be.

use super::range::Range;
use super::text::{self, Grammar};
use super::words::Words;

/// What a value must be. What is not said to hold secrets and addresses is known before anything
/// runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Want {
    Text,
    /// A text that may hold secrets and addresses.
    Template,
    OneOf(&'static Words),
    Like(&'static Grammar),
    Duration,
    /// A duration that is longer than nothing.
    TimeLimit,
    /// A number of bytes, or a text with a unit.
    Size,
    /// A whole number.
    Whole(&'static Range),
    /// A number above the start of the range.
    Number(&'static Range),
    /// A port of the host, or `any`.
    HostPort(&'static Range),
    Boolean,
    /// The name of an image, a reference with a tag, or `${images.NAME}`.
    Image,
    /// The path of a URL, which may hold secrets and addresses.
    Target,
    /// A path of the host, and what must be there.
    Path(Option<Claimed>),
    /// A dump that can be loaded.
    Dump,
    /// A list of texts, or one text.
    Texts,
    /// A list of texts of a grammar, or one.
    TextsLike(&'static Grammar),
    /// A list of paths of the host, or one path.
    Paths(Option<Claimed>),
    /// A list of words, or a text that is split into words; both may hold secrets and addresses.
    Command,
    PlainCommand,
    /// The same of a program of this machine, where a shell's script is left to the shell.
    HostCommand,
    PlainHostCommand,
    /// A text, number or boolean that may hold secrets and addresses.
    Scalar,
    PlainScalar,
    /// Anything below is one value, which a higher layer replaces as a whole; all of it may hold
    /// secrets and addresses.
    Json,
    /// A value to compare with, or a table of operators.
    Expectation,
    /// Statuses of HTTP.
    Statuses,
    ExitCodes,
    Rows,
    /// A list of expectations on messages.
    Messages,
    /// A list of cases.
    Cases,
}

/// What must be at a path that was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claimed {
    File,
    Folder,
    Either,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Integer,
    Number,
    Boolean,
    /// A text, number or boolean.
    Scalar,
    IntegerOrText,
    /// A list of texts, or one text.
    Texts,
    Any,
}

impl Want {
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Text
            | Self::Template
            | Self::OneOf(_)
            | Self::Like(_)
            | Self::Duration
            | Self::TimeLimit
            | Self::Image
            | Self::Target
            | Self::Path(_)
            | Self::Dump => Form::Text,
            Self::Size | Self::HostPort(_) => Form::IntegerOrText,
            Self::Whole(_) => Form::Integer,
            Self::Number(_) => Form::Number,
            Self::Boolean => Form::Boolean,
            Self::Texts
            | Self::TextsLike(_)
            | Self::Paths(_)
            | Self::Command
            | Self::PlainCommand
            | Self::HostCommand
            | Self::PlainHostCommand => Form::Texts,
            Self::Scalar | Self::PlainScalar => Form::Scalar,
            Self::Json
            | Self::Expectation
            | Self::Statuses
            | Self::ExitCodes
            | Self::Rows
            | Self::Messages
            | Self::Cases => Form::Any,
        }
    }

    /// Whether it is a command on the host.
    pub(crate) fn is_on_host(self) -> bool {
        matches!(self, Self::HostCommand | Self::PlainHostCommand)
    }

    /// Whether it may hold what is known only while the environment runs.
    pub(crate) fn is_open(self) -> bool {
        matches!(
            self,
            Self::Template | Self::Target | Self::Command | Self::HostCommand | Self::Scalar
        ) || self.form() == Form::Any
    }

    /// Returns the grammar that its text has.
    pub(crate) fn grammar(self) -> Option<&'static Grammar> {
        match self {
            Self::Like(grammar) | Self::TextsLike(grammar) => Some(grammar),
            Self::Duration | Self::TimeLimit => Some(&text::DURATION),
            Self::Size => Some(&text::SIZE),
            Self::Target => Some(&text::URL_PATH),
            Self::Dump => Some(&text::DUMP),
            _ => None,
        }
    }

    /// Returns what must be at a path that it names.
    pub(crate) fn claimed(self) -> Option<Claimed> {
        match self {
            Self::Path(claimed) | Self::Paths(claimed) => claimed,
            Self::Dump => Some(Claimed::File),
            _ => None,
        }
    }
}
