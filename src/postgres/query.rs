//! One query of a user, and its rows as text.

use ::postgres::SimpleQueryMessage;
use serde_json::{Number, Value};
use tokio_util::sync::CancellationToken;

use super::brake::on_thread;
use super::session::{DatabaseSession, TextRow};
use super::statement::split;
use super::token::tokens;
use super::{Error, Target};

/// How many rows a query may have; they are kept in memory.
const MOST_ROWS: usize = 100_000;

/// What a query gave: the rows of its last statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub columns: Vec<Column>,
    /// As PostgreSQL writes them; `None` is NULL.
    pub rows: Vec<TextRow>,
    /// How many rows the last statement touched, when it gave none.
    pub affected: Option<u64>,
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// `int4`, `numeric`, `text`; empty when the server did not say.
    pub type_name: String,
}

impl Rows {
    /// Returns the rows as JSON values: numbers, booleans and documents as such, else texts.
    pub fn json(&self) -> Vec<Vec<Value>> {
        let value = |(index, text): (usize, &Option<String>)| {
            let kind = self
                .columns
                .get(index)
                .map_or("", |column| &column.type_name);
            text.as_ref().map_or(Value::Null, |text| json(kind, text))
        };
        self.rows
            .iter()
            .map(|row| row.iter().enumerate().map(value).collect())
            .collect()
    }
}

fn json(kind: &str, text: &str) -> Value {
    let typed = match kind {
        "int2" | "int4" | "int8" | "oid" => text.parse::<i64>().ok().map(Value::from),
        // NaN and infinities are no JSON numbers and stay texts.
        "float4" | "float8" | "numeric" => match text.parse::<i64>() {
            Ok(whole) => Some(Value::from(whole)),
            Err(_) => text
                .parse()
                .ok()
                .and_then(Number::from_f64)
                .map(Value::from),
        },
        "bool" => Some(Value::Bool(text == "t")),
        "json" | "jsonb" => serde_json::from_str(text).ok(),
        _ => None,
    };
    typed.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// Runs SQL and returns the rows of its last statement. Several statements are one transaction,
/// as with psql's `-c`.
pub async fn query(target: &Target, sql: &str, cancel: &CancellationToken) -> Result<Rows, Error> {
    let (target, sql) = (target.clone(), sql.to_owned());
    on_thread(cancel, move |brake| {
        let mut session = DatabaseSession::open(&target, brake)?;
        run(&mut session, &sql)
    })
    .await
}

fn run(session: &mut DatabaseSession, sql: &str) -> Result<Rows, Error> {
    // What cannot be split is wrong, and the server says best how.
    let statements = split(sql).unwrap_or_default();
    if let [only] = statements.as_slice()
        && can_be_read_by_parts(only.sql)
    {
        return by_parts(session, sql, only.sql);
    }
    let mut rows = collect(session.messages(sql)?)?;
    if let Some(last) = statements.last() {
        name_types(session, last.sql, &mut rows);
    }
    Ok(rows)
}

fn can_be_read_by_parts(sql: &str) -> bool {
    tokens(sql, 1).first().is_some_and(|first| {
        ["select", "values", "table", "with"]
            .iter()
            .any(|word| first.is(word))
    })
}

/// Reads through a cursor, so that a result which is too long never lies in memory as a whole.
fn by_parts(session: &mut DatabaseSession, sql: &str, statement: &str) -> Result<Rows, Error> {
    const PART: usize = 10_000;
    let declare = format!("DECLARE envctl NO SCROLL CURSOR FOR\n{statement}");
    session.run("BEGIN; SET LOCAL cursor_tuple_fraction = 1")?;
    if session.run(&declare).is_err() {
        // Some can have no cursor (INTO, a WITH that writes), and a mistake is told best in its own words.
        session.run("ROLLBACK")?;
        let mut rows = collect(session.messages(sql)?)?;
        name_types(session, statement, &mut rows);
        return Ok(rows);
    }
    let mut rows = Rows::default();
    loop {
        let part = collect(session.messages(&format!("FETCH {PART} FROM envctl"))?)?;
        let complete = part.rows.len() < PART;
        rows.columns = part.columns;
        rows.rows.extend(part.rows);
        if rows.rows.len() > MOST_ROWS {
            return Err(Error::TooManyRows { limit: MOST_ROWS });
        }
        if complete {
            break;
        }
    }
    session.run("COMMIT")?;
    name_types(session, statement, &mut rows);
    Ok(rows)
}

fn collect(messages: Vec<SimpleQueryMessage>) -> Result<Rows, Error> {
    let mut rows = Rows::default();
    let mut has_rows = false;
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                let column = |name: &str| Column {
                    name: name.to_owned(),
                    type_name: String::new(),
                };
                rows = Rows {
                    columns: columns.iter().map(|one| column(one.name())).collect(),
                    ..Rows::default()
                };
                has_rows = true;
            }
            SimpleQueryMessage::Row(row) => {
                if rows.rows.len() == MOST_ROWS {
                    return Err(Error::TooManyRows { limit: MOST_ROWS });
                }
                let text = |index| row.get(index).map(str::to_owned);
                rows.rows.push((0..row.len()).map(text).collect());
            }
            SimpleQueryMessage::CommandComplete(_) if has_rows => has_rows = false,
            SimpleQueryMessage::CommandComplete(count) => {
                rows = Rows {
                    affected: Some(count),
                    ..Rows::default()
                };
            }
            _ => {}
        }
    }
    Ok(rows)
}

/// Asks for the types of the columns, which the simple protocol does not tell.
fn name_types(session: &mut DatabaseSession, statement: &str, rows: &mut Rows) {
    if rows.columns.is_empty() {
        return;
    }
    // A statement that cannot be described (a second CREATE … AS) leaves its columns as texts.
    if let Ok(described) = session.prepare(statement) {
        for (column, known) in rows.columns.iter_mut().zip(described.columns()) {
            known.type_().name().clone_into(&mut column.type_name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_values_have_their_types() {
        let check = |kind, text, expected: Value| assert_eq!(json(kind, text), expected);
        check(
            "int8",
            "-9007199254740993",
            Value::from(-9_007_199_254_740_993_i64),
        );
        check("numeric", "12.50", Value::from(12.5));
        check("numeric", "3", Value::from(3));
        check("numeric", "NaN", Value::from("NaN"));
        check("float8", "1e300", Value::from(1e300));
        check("bool", "t", Value::Bool(true));
        check("jsonb", "{\"a\": [1]}", serde_json::json!({"a": [1]}));
        check("text", "1", Value::from("1"));
    }
}
