//! What a database is apart from its content: owner, encoding, locale, settings, grants. A new
//! one gets it from the one whose place it takes.

use std::fmt::Write as _;

use serde_json::Value;

use crate::postgres::{TextRow, identifier, literal};

use super::Error;
use super::keeper::Keeper;

/// The shape of a database.
#[derive(Debug)]
pub(super) struct DatabaseShape {
    /// The number by which sessions know it, whatever its name.
    pub(super) oid: String,
    pub(super) owner: String,
    encoding: String,
    tablespace: String,
    /// The row of `pg_database`; its columns differ between versions.
    row: Value,
}

impl DatabaseShape {
    /// Reads the shape of a database, if there is one.
    pub(super) fn of(keeper: &mut Keeper, database: &str) -> Result<Option<Self>, Error> {
        let rows = keeper.session.rows(&format!(
            "SELECT d.oid, pg_catalog.pg_get_userbyid(d.datdba), \
             pg_catalog.pg_encoding_to_char(d.encoding), t.spcname, \
             pg_catalog.to_jsonb(d) - 'datacl' \
             FROM pg_catalog.pg_database d \
             JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace \
             WHERE d.datname = {}",
            literal(database)
        ))?;
        Ok(rows.into_iter().next().map(|row| {
            let [oid, owner, encoding, tablespace, json] = texts(row);
            Self {
                oid,
                owner,
                encoding,
                tablespace,
                row: serde_json::from_str(&json).unwrap_or_default(),
            }
        }))
    }

    /// Returns the shape that a plain `CREATE DATABASE` by this user gives.
    pub(super) fn default_for(keeper: &mut Keeper, user: &str) -> Result<Option<Self>, Error> {
        Ok(Self::of(keeper, "template1")?.map(|shape| Self {
            owner: user.to_owned(),
            tablespace: "pg_default".to_owned(),
            ..shape
        }))
    }

    /// Returns the statement that creates an empty database of this shape, but for its owner.
    pub(super) fn create(&self, name: &str, owner: &str) -> String {
        let mut sql = format!(
            "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING {}",
            identifier(name),
            identifier(owner),
            literal(&self.encoding),
        );
        // Only a superuser may name the default one.
        if self.tablespace != "pg_default" {
            let _ = write!(sql, " TABLESPACE {}", identifier(&self.tablespace));
        }
        let mut add = |keyword: &str, columns: &[&str]| {
            let found = columns
                .iter()
                .find_map(|column| self.row.get(column)?.as_str());
            if let Some(text) = found {
                // Writing to a String cannot fail.
                let _ = write!(sql, " {keyword} {}", literal(text));
            }
        };
        add("LC_COLLATE", &["datcollate"]);
        add("LC_CTYPE", &["datctype"]);
        match self.row.get("datlocprovider").and_then(Value::as_str) {
            Some("i") => {
                add(
                    "LOCALE_PROVIDER icu ICU_LOCALE",
                    &["datlocale", "daticulocale"],
                );
                add("ICU_RULES", &["daticurules"]);
            }
            Some("b") => add("LOCALE_PROVIDER builtin BUILTIN_LOCALE", &["datlocale"]),
            // Else it would be the one of `template0`.
            Some("c") => sql.push_str(" LOCALE_PROVIDER libc"),
            _ => {}
        }
        sql
    }

    /// Returns the statements that give `name` this database's settings, grants and comment.
    pub(super) fn carry_over(&self, keeper: &mut Keeper, name: &str) -> Result<Vec<String>, Error> {
        let mut statements = self.settings(keeper, name)?;
        statements.extend(self.grants(keeper, name)?);
        let name = identifier(name);
        if self.row.get("datistemplate") == Some(&Value::Bool(true)) {
            let old = identifier(&keeper.database);
            statements.push(format!("ALTER DATABASE {name} IS_TEMPLATE true"));
            // A template cannot be dropped.
            statements.push(format!("ALTER DATABASE {old} IS_TEMPLATE false"));
        }
        let limit = self.row.get("datconnlimit").and_then(Value::as_i64);
        if let Some(limit) = limit.filter(|limit| *limit >= 0) {
            statements.push(format!("ALTER DATABASE {name} CONNECTION LIMIT {limit}"));
        }
        let comment = format!(
            "SELECT pg_catalog.shobj_description({}, 'pg_database')",
            self.oid
        );
        if let Some(comment) = keeper.session.value(&comment)? {
            statements.push(format!(
                "COMMENT ON DATABASE {name} IS {}",
                literal(&comment)
            ));
        }
        Ok(statements)
    }

    fn settings(&self, keeper: &mut Keeper, name: &str) -> Result<Vec<String>, Error> {
        let rows = keeper.session.rows(&format!(
            "SELECT CASE WHEN s.setrole = 0 THEN NULL \
             ELSE pg_catalog.pg_get_userbyid(s.setrole) END, one \
             FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) one \
             WHERE s.setdatabase = {} ORDER BY s.setrole",
            self.oid
        ))?;
        let database = identifier(name);
        let mut statements = Vec::new();
        for row in rows {
            let role = row.first().cloned().flatten();
            let [_, setting] = texts(row);
            let Some((key, value)) = setting.split_once('=') else {
                continue;
            };
            let whose = match role {
                Some(role) => format!("ALTER ROLE {} IN DATABASE {database}", identifier(&role)),
                None => format!("ALTER DATABASE {database}"),
            };
            let quoted = key.split('.').map(identifier).collect::<Vec<_>>().join(".");
            if is_list(key) {
                // A list is stored already quoted, so it goes through the session.
                statements.push(format!(
                    "SELECT pg_catalog.set_config({}, {}, true)",
                    literal(key),
                    literal(value)
                ));
                statements.push(format!("{whose} SET {quoted} FROM CURRENT"));
            } else {
                statements.push(format!("{whose} SET {quoted} TO {}", literal(value)));
            }
        }
        Ok(statements)
    }

    fn grants(&self, keeper: &mut Keeper, name: &str) -> Result<Vec<String>, Error> {
        let rows = keeper.session.rows(&format!(
            "SELECT CASE WHEN a.grantee = 0 THEN NULL \
             ELSE pg_catalog.pg_get_userbyid(a.grantee) END, a.privilege_type, \
             CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END \
             FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a \
             WHERE d.oid = {}",
            self.oid
        ))?;
        let has_own = format!(
            "SELECT 1 FROM pg_catalog.pg_database WHERE oid = {} AND datacl IS NOT NULL",
            self.oid
        );
        if keeper.session.value(&has_own)?.is_none() {
            return Ok(Vec::new());
        }
        let database = identifier(name);
        let mut statements = vec![
            format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
            format!(
                "REVOKE ALL ON DATABASE {database} FROM {}",
                identifier(&self.owner)
            ),
        ];
        for row in rows {
            let to = match row.first().cloned().flatten() {
                Some(role) => identifier(&role),
                None => "PUBLIC".to_owned(),
            };
            let [_, privilege, option] = texts(row);
            statements.push(format!(
                "GRANT {privilege} ON DATABASE {database} TO {to}{option}"
            ));
        }
        Ok(statements)
    }
}

/// Returns whether PostgreSQL keeps a setting as a list of quoted names (`GUC_LIST_QUOTE`).
fn is_list(setting: &str) -> bool {
    matches!(
        setting.to_lowercase().as_str(),
        "search_path"
            | "temp_tablespaces"
            | "local_preload_libraries"
            | "session_preload_libraries"
            | "createrole_self_grant"
    )
}

/// Returns the first texts of a row; NULL is empty.
fn texts<const N: usize>(row: TextRow) -> [String; N] {
    let mut values = row.into_iter();
    std::array::from_fn(|_| values.next().flatten().unwrap_or_default())
}
