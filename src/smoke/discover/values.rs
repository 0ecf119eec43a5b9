//! What is sent for the parameters of an operation: values of real rows first, then those that
//! the document names.

use super::catalog::Catalog;
use super::document::{Location, Operation, Parameter};
use super::matching::{ParameterGroup, groups};

/// How many choices of rows are tried before those of the document.
const CHOICES: usize = 3;

/// How many tables without a fitting row are passed over.
const TABLES: usize = 8;

/// A value for a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParameterValue {
    pub(super) name: String,
    pub(super) location: Location,
    pub(super) text: String,
    /// Where it comes from: `db ports.code`, `the document's example`.
    pub(super) from: String,
}

/// Values for all parameters that are needed.
pub(super) type Choice = Vec<ParameterValue>;

/// Returns the choices in the order in which they are to be tried, or why there is none.
pub(super) async fn choices(
    operation: &Operation,
    catalog: &mut Catalog<'_>,
) -> Result<Vec<Choice>, String> {
    let needed = operation.parameters.iter().filter(|it| it.required);
    let needed: Vec<&Parameter> = needed.collect();
    if needed.is_empty() {
        return Ok(vec![Choice::new()]);
    }
    let filled = rows(operation, &needed, catalog).await;
    let mut choices: Vec<Choice> = Vec::new();
    let from_rows = (0..CHOICES).map(|turn| choice(&needed, &filled, turn, catalog));
    let from_document = choice(&needed, &[], 0, catalog);
    for choice in from_rows.chain([from_document]).flatten() {
        if !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    if choices.is_empty() {
        return Err(missing(&needed, &filled));
    }
    Ok(choices)
}

/// Some rows for each group.
type Filled = Vec<(ParameterGroup, Vec<Vec<String>>)>;

/// Reads rows; a table that has none which fits is passed over.
async fn rows(operation: &Operation, needed: &[&Parameter], catalog: &mut Catalog<'_>) -> Filled {
    let mut excluded = Vec::new();
    let mut filled = Filled::new();
    for _ in 0..TABLES {
        filled.clear();
        let before = excluded.len();
        for group in groups(operation, needed, &catalog.tables, &excluded) {
            let columns: Vec<usize> = group.picks.iter().map(|(_, column)| *column).collect();
            let mut rows = catalog.rows(group.table, &columns).await;
            rows.retain(|row| {
                let mut pairs = group.picks.iter().zip(row);
                pairs.all(|((index, _), text)| needed[*index].schema.accepts(text))
            });
            if rows.is_empty() {
                excluded.push(group.table);
            } else {
                filled.push((group, rows));
            }
        }
        if excluded.len() == before {
            break;
        }
    }
    filled
}

/// Returns the values of one turn; `None` where one is missing.
fn choice(
    needed: &[&Parameter],
    filled: &[(ParameterGroup, Vec<Vec<String>>)],
    turn: usize,
    catalog: &Catalog<'_>,
) -> Option<Choice> {
    let value = |(index, parameter): (usize, &&Parameter)| {
        let (text, from) = of_rows(index, filled, turn, catalog).or_else(|| {
            let (text, word) = parameter.named.clone()?;
            Some((text, format!("the document's {word}")))
        })?;
        Some(ParameterValue {
            name: parameter.name.clone(),
            location: parameter.location,
            text,
            from,
        })
    };
    needed.iter().enumerate().map(value).collect()
}

fn of_rows(
    index: usize,
    filled: &[(ParameterGroup, Vec<Vec<String>>)],
    turn: usize,
    catalog: &Catalog<'_>,
) -> Option<(String, String)> {
    filled.iter().find_map(|(group, rows)| {
        let place = group.picks.iter().position(|(pick, _)| *pick == index)?;
        let row = rows.get((turn + group.offset) % rows.len().max(1))?;
        let table = &catalog.tables[group.table];
        let column = &table.columns[group.picks[place].1];
        let service = &catalog.databases[table.database].0;
        let from = format!("{service} {}.{}", table.shown(), column.name);
        Some((row[place].clone(), from))
    })
}

fn missing(needed: &[&Parameter], filled: &[(ParameterGroup, Vec<Vec<String>>)]) -> String {
    let is_filled = |index: &usize| {
        let mut picks = filled.iter().flat_map(|(group, _)| &group.picks);
        picks.any(|(pick, _)| pick == index)
    };
    let without = needed
        .iter()
        .enumerate()
        .filter(|(index, parameter)| parameter.named.is_none() && !is_filled(index));
    let names: Vec<String> = without.map(|(_, it)| format!("`{}`", it.name)).collect();
    format!(
        "neither a database nor the document has a value for {}",
        names.join(", ")
    )
}
