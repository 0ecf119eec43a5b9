//! The syntax of templates: Jinja's, <https://jinja.palletsprojects.com/en/stable/templates/>.
//! Knows no files and no values.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, escape_formatter};

/// How many steps a template may take, and with them how much it may make: 64 bytes are a step.
const FUEL: u64 = 1_000_000;

/// Returns what templates are read with: lines that hold nothing but a block leave none behind,
/// nothing is escaped, and a name without a value is an error.
pub fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    environment.set_syntax(syntax.expect("the delimiters are the usual ones"));
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    // As in TOML, not as in Python.
    environment.set_formatter(|out, state, value| match value.kind() {
        ValueKind::Bool if value.is_true() => out.write_str("true").map_err(Error::from),
        ValueKind::Bool => out.write_str("false").map_err(Error::from),
        _ => escape_formatter(out, state, value),
    });
    environment
}

/// Says what is wrong with a template: `line 3: unexpected end of input`.
pub fn told(error: &Error) -> String {
    let what = match error.kind() {
        ErrorKind::OutOfFuel => Some("it takes more than 1000000 steps, or makes more than 60 MiB"),
        _ => error.detail(),
    };
    let what = what.map_or_else(|| error.kind().to_string(), str::to_owned);
    match error.line() {
        Some(line) => format!("line {line}: {what}"),
        None => what,
    }
}
