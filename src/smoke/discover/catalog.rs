//! What the databases of an environment hold: tables and columns, and values from their rows.
//! Everything here is read, in transactions that cannot write.

use std::collections::HashMap;

use tokio_util::sync::CancellationToken;

use super::naming::{singular, snake};
use super::schema::ValueKind;
use crate::postgres::{self, Brake, DatabaseSession, Target, TextRow, identifier, on_thread};

/// The most columns that are looked at in one database.
const MOST_COLUMNS: usize = 20_000;

/// How many rows are taken from a table, so that another can be tried.
const ROWS: usize = 5;

/// The longest value that is taken, in characters.
const LONGEST: usize = 200;

/// Words in the names of columns whose values are nobody's business.
const PRIVATE: [&str; 7] = [
    "password", "passwd", "secret", "token", "hash", "salt", "key_data",
];

/// A table.
#[derive(Clone, Debug)]
pub(super) struct CatalogTable {
    /// The place of its database in the list of databases.
    pub(super) database: usize,
    pub(super) schema: String,
    pub(super) name: String,
    /// What one row is called: `port` of `ports`.
    pub(super) singular: String,
    pub(super) columns: Vec<CatalogColumn>,
}

/// A column that has values for a parameter.
#[derive(Clone, Debug)]
pub(super) struct CatalogColumn {
    pub(super) name: String,
    /// The name as columns are mostly written.
    pub(super) snake: String,
    pub(super) kind: ValueKind,
    pub(super) key: ColumnKey,
}

/// What a column is for its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnKey {
    /// It alone is the primary key.
    Primary,
    /// It refers to another table.
    Foreign,
    None,
}

impl CatalogTable {
    /// Returns its name as a person writes it: `ports`, `sales.ports`.
    pub(super) fn shown(&self) -> String {
        match self.schema.as_str() {
            "public" => self.name.clone(),
            schema => format!("{schema}.{}", self.name),
        }
    }
}

/// The databases, their tables, and the rows that were read so far.
pub(super) struct Catalog<'a> {
    /// Each with its service.
    pub(super) databases: &'a [(String, Target)],
    pub(super) tables: Vec<CatalogTable>,
    read: HashMap<(usize, Vec<usize>), Vec<Vec<String>>>,
    cancel: &'a CancellationToken,
}

impl<'a> Catalog<'a> {
    /// Reads the tables of every database; one that cannot be read is returned with the reason.
    pub(super) async fn read(
        databases: &'a [(String, Target)],
        cancel: &'a CancellationToken,
    ) -> (Self, Vec<(String, postgres::Error)>) {
        let (mut tables, mut errors) = (Vec::new(), Vec::new());
        for (index, (service, target)) in databases.iter().enumerate() {
            let target = target.clone();
            let rows = on_thread(cancel, move |brake| {
                open(&target, brake)?.rows(&columns_sql())
            });
            match rows.await {
                Ok(rows) => tables.extend(of_rows(index, rows)),
                Err(error) => errors.push((service.clone(), error)),
            }
        }
        let catalog = Self {
            databases,
            tables,
            read: HashMap::new(),
            cancel,
        };
        (catalog, errors)
    }

    /// Returns some rows of a table's columns, none of them empty, the lowest first.
    pub(super) async fn rows(&mut self, table: usize, columns: &[usize]) -> Vec<Vec<String>> {
        let key = (table, columns.to_vec());
        if let Some(rows) = self.read.get(&key) {
            return rows.clone();
        }
        let of = &self.tables[table];
        let columns = columns.iter().map(|column| &of.columns[*column]);
        let (ordered, plain) = rows_sql(of, &columns.collect::<Vec<_>>());
        let target = self.databases[of.database].1.clone();
        let rows = on_thread(self.cancel, move |brake| {
            let mut session = open(&target, brake)?;
            // Where the order takes too long, any rows are better than none.
            session.rows(&ordered).or_else(|_| session.rows(&plain))
        });
        // A table that cannot be read is like one that is empty.
        let rows = rows.await.unwrap_or_default().into_iter();
        let rows: Vec<Vec<String>> = rows.filter_map(usable).collect();
        self.read.insert(key, rows.clone());
        rows
    }
}

fn open(target: &Target, brake: &Brake) -> Result<DatabaseSession, postgres::Error> {
    let mut session = DatabaseSession::open(target, brake)?;
    session.run(
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET statement_timeout = '2s'",
    )?;
    Ok(session)
}

/// Returns the query for every column that can be read, with its type and what key it is.
fn columns_sql() -> String {
    format!(
        "SELECT n.nspname, c.relname, a.attname, COALESCE(b.typname, t.typname), \
         COALESCE(b.typtype, t.typtype), \
         EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary \
         AND i.indnatts = 1 AND a.attnum = ANY (i.indkey::int2[])), \
         EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conrelid = c.oid \
         AND k.contype = 'f' AND a.attnum = ANY (k.conkey)) \
         FROM pg_catalog.pg_attribute a \
         JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype \
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition \
         AND a.attnum > 0 AND NOT a.attisdropped \
         AND n.nspname NOT IN ('information_schema', 'envctl') \
         AND n.nspname NOT LIKE 'pg\\_%' \
         AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
         AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') \
         ORDER BY n.nspname <> 'public', n.nspname, c.relname, a.attnum LIMIT {MOST_COLUMNS}"
    )
}

fn of_rows(database: usize, rows: Vec<TextRow>) -> Vec<CatalogTable> {
    let mut tables: Vec<CatalogTable> = Vec::new();
    for row in rows {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || cells.next().unwrap_or_default();
        let (schema, table, name) = (next(), next(), next());
        let (type_name, type_kind) = (next(), next());
        let (is_primary, is_foreign) = (next() == "t", next() == "t");
        let Some(kind) = kind(&type_name, &type_kind) else {
            continue;
        };
        let snake = snake(&name);
        if PRIVATE.iter().any(|word| snake.contains(word)) {
            continue;
        }
        let column = CatalogColumn {
            snake,
            kind,
            key: match (is_primary, is_foreign) {
                (true, _) => ColumnKey::Primary,
                (false, true) => ColumnKey::Foreign,
                (false, false) => ColumnKey::None,
            },
            name,
        };
        match tables.last_mut() {
            Some(last) if last.schema == schema && last.name == table => last.columns.push(column),
            _ => tables.push(CatalogTable {
                database,
                singular: singular(&table),
                schema,
                name: table,
                columns: vec![column],
            }),
        }
    }
    tables
}

/// Returns the kind of a column by PostgreSQL's name of its type; `None` is none that a parameter
/// has.
fn kind(type_name: &str, type_kind: &str) -> Option<ValueKind> {
    Some(match type_name {
        "int2" | "int4" | "int8" => ValueKind::Integer,
        "numeric" | "float4" | "float8" => ValueKind::Number,
        "text" | "varchar" | "bpchar" | "citext" | "name" => ValueKind::Text,
        "uuid" => ValueKind::Uuid,
        "date" => ValueKind::Date,
        "timestamp" | "timestamptz" => ValueKind::Time,
        _ if type_kind == "e" => ValueKind::Text,
        _ => return None,
    })
}

/// Returns the query for some rows in order, and one for any rows.
fn rows_sql(table: &CatalogTable, columns: &[&CatalogColumn]) -> (String, String) {
    let value = |column: &&CatalogColumn| match column.kind {
        // As ISO 8601, whatever the session's DateStyle is.
        ValueKind::Date | ValueKind::Time => {
            format!("to_json({}) #>> '{{}}'", identifier(&column.name))
        }
        _ => format!("{}::text", identifier(&column.name)),
    };
    let name = |column: &&CatalogColumn| identifier(&column.name);
    let there = |column: &&CatalogColumn| format!("{} IS NOT NULL", identifier(&column.name));
    let join = |parts: Vec<String>, by: &str| parts.join(by);
    let names = join(columns.iter().map(name).collect(), ", ");
    let values = join(columns.iter().map(value).collect(), ", ");
    let there = join(columns.iter().map(there).collect(), " AND ");
    let table = format!("{}.{}", identifier(&table.schema), identifier(&table.name));
    let from = format!("FROM {table} WHERE {there}");
    (
        format!(
            "SELECT {values} FROM (SELECT DISTINCT {names} {from} ORDER BY {names} LIMIT {ROWS}) \
             AS few ORDER BY {names}"
        ),
        format!("SELECT {values} {from} LIMIT {ROWS}"),
    )
}

/// Returns a row whose values can stand in a path.
fn usable(row: TextRow) -> Option<Vec<String>> {
    let row: Vec<String> = row.into_iter().collect::<Option<_>>()?;
    let is_plain = |text: &String| {
        !matches!(text.as_str(), "" | "." | "..")
            && text.chars().count() <= LONGEST
            && !text.contains(char::is_control)
    };
    row.iter().all(is_plain).then_some(row)
}

#[cfg(test)]
pub(super) mod tests {
    use expect_test::expect;

    use super::*;

    /// Returns the tables of lines such as `ports: code text primary, name text`.
    pub(in super::super) fn tables(lines: &[&str]) -> Vec<CatalogTable> {
        let mut rows = Vec::new();
        for line in lines {
            let (table, columns) = line.split_once(": ").unwrap();
            let (schema, table) = table.split_once('.').unwrap_or(("public", table));
            for column in columns.split(", ") {
                let mut words = column.split(' ');
                let (name, type_name) = (words.next().unwrap(), words.next().unwrap());
                let key = words.next().unwrap_or_default();
                let flag = |wanted| if key == wanted { "t" } else { "f" };
                let cells = [
                    schema,
                    table,
                    name,
                    type_name,
                    "b",
                    flag("primary"),
                    flag("foreign"),
                ];
                rows.push(cells.map(|cell| Some(cell.to_owned())).to_vec());
            }
        }
        of_rows(0, rows)
    }

    #[test]
    fn rows_are_asked_for_with_quoted_names() {
        let tables = tables(&["sales.odd\"name: a\"b text, day date"]);
        let columns: Vec<&CatalogColumn> = tables[0].columns.iter().collect();
        let (ordered, plain) = rows_sql(&tables[0], &columns);
        expect![[r#"
            SELECT "a""b"::text, to_json("day") #>> '{}' FROM (SELECT DISTINCT "a""b", "day" FROM "sales"."odd""name" WHERE "a""b" IS NOT NULL AND "day" IS NOT NULL ORDER BY "a""b", "day" LIMIT 5) AS few ORDER BY "a""b", "day"
            SELECT "a""b"::text, to_json("day") #>> '{}' FROM "sales"."odd""name" WHERE "a""b" IS NOT NULL AND "day" IS NOT NULL LIMIT 5"#]]
        .assert_eq(&format!("{ordered}\n{plain}"));
    }

    #[test]
    fn secrets_and_what_has_no_plain_form_are_no_columns() {
        let line = "users: id int8 primary, password_hash text, apiToken text, photo bytea";
        let tables = tables(&[line]);
        let names: Vec<&str> = tables[0]
            .columns
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        assert_eq!(names, ["id"]);
    }

    #[test]
    fn rows_that_a_path_cannot_hold_are_left_out() {
        let row = |cells: &[Option<&str>]| {
            let cells = cells.iter().map(|cell| cell.map(str::to_owned));
            usable(cells.collect()).is_some()
        };
        assert!(row(&[Some("a b"), Some("1")]));
        for wrong in [Some(""), Some(".."), Some("a\nb"), None] {
            assert!(!row(&[Some("a"), wrong]));
        }
        assert!(!row(&[Some(&"x".repeat(201))]));
    }
}
