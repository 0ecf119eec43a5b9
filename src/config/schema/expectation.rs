//! The operators of expectations.

use super::words::{Hint, Words};

/// An operator.
#[derive(Debug)]
pub(crate) struct Operator {
    pub name: &'static str,
    pub operand: Operand,
    /// What holds, in a line.
    pub about: &'static str,
}

/// What an operator wants.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operand {
    Json,
    Number,
    /// A number that is not negative.
    Tolerance,
    /// A number of elements, or expectations on it.
    Length,
    Type,
    /// A regular expression.
    Pattern,
    Boolean,
    Expectation,
}

const fn operator(name: &'static str, operand: Operand, about: &'static str) -> Operator {
    Operator {
        name,
        operand,
        about,
    }
}

/// What a table of expectations may hold.
pub(crate) static OPERATORS: [Operator; 16] = [
    operator(
        "equal",
        Operand::Json,
        "is this one; for objects, which would be read as operators",
    ),
    operator("not", Operand::Json, "is another one"),
    operator(
        "approx",
        Operand::Number,
        "is this number, give or take `within` of it",
    ),
    operator(
        "within",
        Operand::Tolerance,
        "how far `approx` may be off, relative; 1e-6 unless set",
    ),
    operator("<", Operand::Number, "is less than this"),
    operator("<=", Operand::Number, "is this or less"),
    operator(">", Operand::Number, "is more than this"),
    operator(">=", Operand::Number, "is this or more"),
    operator(
        "length",
        Operand::Length,
        "has so many elements, keys or characters",
    ),
    operator("type", Operand::Type, "is of this type"),
    operator(
        "contains",
        Operand::Json,
        "holds this text, this element, or this key",
    ),
    operator(
        "matches",
        Operand::Pattern,
        "is a text that this regular expression matches somewhere",
    ),
    operator("exists", Operand::Boolean, "is there, or is not"),
    operator("absent", Operand::Boolean, "is not there, or is"),
    operator(
        "any",
        Operand::Expectation,
        "is a list with an element that fits",
    ),
    operator(
        "all",
        Operand::Expectation,
        "is a list in which every element fits",
    ),
];

/// The types that a value may be asked for.
pub(crate) static TYPES: Words = Words {
    all: &[
        "null", "boolean", "number", "integer", "string", "array", "object",
    ],
    more: None,
    wrong: "there is no type {value}",
    hint: Hint::Near("known:", ", "),
    foreign: &[],
};
