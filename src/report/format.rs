//! How a run is told: the form of the text, and how much of it.

/// The form of what is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Bars and tables; where standard error is no terminal, the same as `Plain`.
    #[default]
    Human,
    /// Lines with a time, and tables.
    Plain,
    /// One JSON object a line, on standard output.
    Json,
}

/// How much is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verbosity {
    /// The answer, warnings and failures.
    Quiet,
    #[default]
    Normal,
    /// Also details, and what programs print.
    Verbose,
}
