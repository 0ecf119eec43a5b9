//! The configuration as a specification: which keys there are, where, for which kinds of services
//! and checks, and what each wants. Readers, messages, `config schema` and the documentation's
//! tables come from it. Knows no values.

mod check;
mod expectation;
mod json;
mod kind;
mod range;
mod root;
mod service;
mod tables;
mod text;
mod want;
mod words;

pub(crate) use check::CHECK;
pub(crate) use expectation::{OPERATORS, TYPES};
pub use json::json_schema;
pub(crate) use kind::KINDS;
pub(crate) use range::Range;
pub(crate) use root::{IN_PROFILE, IN_SHARED, ROOT, TASK};
pub(crate) use service::SERVICE;
pub(crate) use tables::PORT;
pub(crate) use text::{Grammar, is_image_reference, is_version};
pub(crate) use want::{Claimed, Form, Want};

use super::compose::Foreign;

/// What stands at a place of the configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Value(Want),
    /// A table with known keys; `false` removes it.
    Table(&'static Fields),
    /// A table with names of the user's.
    Named(&'static Named),
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    pub name: &'static str,
    pub shape: Shape,
    /// What it says, in a line.
    pub about: &'static str,
    /// The sorts of its table that have it; all where none is named.
    pub only: &'static [&'static str],
    /// The choice that it is one of: a layer that sets one of these keys takes away what lower
    /// layers said with the others.
    pub choice: Option<&'static str>,
    /// The key of that choice that it goes with.
    pub with: Option<&'static str>,
    /// What a check that has it is.
    pub makes: Option<&'static str>,
    /// What it is where no layer sets it.
    pub default: Option<Literal>,
    /// Whether it counts on Docker alone.
    pub docker: bool,
    /// The only file that may have it, where it is about files: `in a profile`.
    pub place: Option<&'static str>,
}

/// A value of the specification.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Literal {
    Text(&'static str),
    Integer(i64),
    Boolean(bool),
}

impl Key {
    const fn only(mut self, sorts: &'static [&'static str]) -> Self {
        self.only = sorts;
        self
    }

    const fn choice(mut self, choice: &'static str) -> Self {
        self.choice = Some(choice);
        self
    }

    const fn with(mut self, key: &'static str) -> Self {
        self.with = Some(key);
        self
    }

    const fn makes(mut self, sort: &'static str) -> Self {
        self.makes = Some(sort);
        self.choice("action")
    }

    const fn default(mut self, value: Literal) -> Self {
        self.default = Some(value);
        self
    }

    const fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    const fn place(mut self, place: &'static str) -> Self {
        self.place = Some(place);
        self
    }

    /// Whether a table of this sort has it.
    pub(crate) fn is_of(&self, sort: &str) -> bool {
        self.only.is_empty() || self.only.contains(&sort)
    }

    /// Returns the key of its choice that it stands for: itself, or the one that it goes with.
    pub(crate) fn leader(&self) -> &'static str {
        self.with.unwrap_or(self.name)
    }
}

/// What says of which sort a table with known keys is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// There is one sort.
    One,
    /// The word that this key holds.
    Word(&'static str),
    /// That one of its keys that makes it something.
    Maker,
    /// The sort of the table around it.
    Around,
}

/// A table with known keys.
#[derive(Debug)]
pub(crate) struct Fields {
    pub keys: &'static [Key],
    /// The key that a value stands for when it is no table.
    pub short: Option<&'static str>,
    /// The key that `false` stands for; without one, `false` removes the table.
    pub negative: Option<&'static str>,
    pub sort: Sort,
    /// Keys of Compose that are none here.
    pub foreign: &'static [Foreign],
}

/// A table with names of the user's.
#[derive(Debug)]
pub(crate) struct Named {
    pub each: Shape,
    pub names: NameRule,
    pub list: ListForm,
    /// Whether variables and `--set` may only name what a file declared.
    pub declared: bool,
    /// Whether new names from variables keep their capitals.
    pub capitals: bool,
}

/// What a name of the user's may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameRule {
    Free,
    /// It becomes part of other names.
    Plain,
    /// An operating system takes it as a variable.
    Variables,
}

/// What a list means where a table with names is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListForm {
    None,
    /// `["db"]`: each name with its short value.
    Names(&'static str),
    /// `["KEY=value"]`
    Assignments,
}

impl Fields {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(crate) fn shape(&self, name: &str) -> Option<Shape> {
        self.key(name).map(|key| key.shape)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }

    /// Returns the keys of which one says what a table is.
    pub(crate) fn makers(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().filter(|key| key.makes.is_some())
    }
}

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key {
        name,
        shape,
        about,
        only: &[],
        choice: None,
        with: None,
        makes: None,
        default: None,
        docker: false,
        place: None,
    }
}

const fn fields(keys: &'static [Key]) -> Fields {
    Fields {
        keys,
        short: None,
        negative: None,
        sort: Sort::One,
        foreign: &[],
    }
}

const fn things(each: &'static Fields) -> Named {
    Named {
        each: Shape::Table(each),
        names: NameRule::Plain,
        list: ListForm::None,
        declared: true,
        capitals: false,
    }
}

const fn values(want: Want) -> Named {
    Named {
        each: Shape::Value(want),
        names: NameRule::Free,
        list: ListForm::None,
        declared: false,
        capitals: false,
    }
}

const TEXT: Shape = Shape::Value(Want::Text);
const TEMPLATE: Shape = Shape::Value(Want::Template);
const TEXTS: Shape = Shape::Value(Want::Texts);
const BOOLEAN: Shape = Shape::Value(Want::Boolean);
const PATH: Shape = Shape::Value(Want::Path(None));
const FILE: Shape = Shape::Value(Want::Path(Some(Claimed::File)));
const FOLDER: Shape = Shape::Value(Want::Path(Some(Claimed::Folder)));
const COMMAND: Shape = Shape::Value(Want::Command);
const HOST_COMMAND: Shape = Shape::Value(Want::HostCommand);
const PLAIN_HOST_COMMAND: Shape = Shape::Value(Want::PlainHostCommand);
const DURATION: Shape = Shape::Value(Want::Duration);
const TIME_LIMIT: Shape = Shape::Value(Want::TimeLimit);

/// Texts, numbers and booleans.
static SCALARS: Named = values(Want::Scalar);

/// Variables of what runs.
static ENVIRONMENT: Named = Named {
    names: NameRule::Variables,
    list: ListForm::Assignments,
    capitals: true,
    ..values(Want::Scalar)
};

/// The same of what runs before any service does.
static PLAIN_ENVIRONMENT: Named = Named {
    names: NameRule::Variables,
    list: ListForm::Assignments,
    capitals: true,
    ..values(Want::PlainScalar)
};
