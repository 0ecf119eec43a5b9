//! The role that loads a dump: no superuser, made for one load and gone after it. What rightly
//! needs more goes through a function of the declared user, which asks for a word that only this
//! load knows and looks at what came of it.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::model::{Digest, Secret};
use crate::postgres::{DatabaseSession, Server, identifier, literal};

use super::Error;
use super::keeper::Keeper;
use super::names::{Beside, name};
use super::rights::EXTENSIONS;

/// The roles that are superusers or can make themselves one, or read files and run programs; `r`
/// is the role.
const MIGHTY: &str = "(r.rolsuper OR r.rolcreaterole OR r.rolreplication \
    OR EXISTS (SELECT FROM pg_catalog.pg_roles m \
        WHERE (m.rolsuper OR m.rolname OPERATOR(pg_catalog.=) ANY ('{pg_execute_server_program,\
            pg_read_server_files,pg_write_server_files}'::pg_catalog.name[])) \
        AND pg_catalog.pg_has_role(r.oid, m.oid, 'MEMBER')))";

/// The schema `public`, which may have another owner.
const PUBLIC_SCHEMA: &str = "'2200'::pg_catalog.oid";

/// The least number of an object that the server did not come with.
const FIRST_OWN_OBJECT: &str = "'16384'::pg_catalog.oid";

fn random() -> Result<Secret, Error> {
    Secret::random().map_err(|source| Error::Read {
        file: Secret::SOURCE.into(),
        source,
    })
}

/// The loading role of one load.
pub(super) struct Steward {
    pub(super) role: String,
    password: Secret,
    /// The word that the function asks for.
    word: Secret,
    /// The schema of the function.
    schema: String,
    /// Roles that it never becomes a member of.
    pub(super) mighty: HashSet<String>,
    /// The owner that the schema `public` had, where the loading role takes it over.
    public_owner: Option<String>,
}

impl Steward {
    /// Makes the role, unless whoever loads is no superuser anyway.
    pub(super) fn appoint(keeper: &mut Keeper) -> Result<Option<Self>, Error> {
        let session = &mut keeper.session;
        let is_superuser = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user";
        if session.value(is_superuser)?.as_deref() != Some("t") {
            return Ok(None);
        }
        let rows = session.rows(&format!(
            "SELECT r.rolname FROM pg_catalog.pg_roles r WHERE {MIGHTY}"
        ))?;
        let mighty = rows.into_iter().flatten().flatten().collect();
        let role = name(Beside::Loader, &keeper.database);
        let steward = Self {
            schema: role.replacen("loader", "steward", 1),
            password: random()?,
            word: random()?,
            role,
            mighty,
            public_owner: None,
        };
        keeper.session.run(&format!(
            "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS \
             INHERIT PASSWORD {}",
            identifier(&steward.role),
            literal(steward.password.expose())
        ))?;
        // Another session of the role would see the word in what this one runs.
        keeper.session.run(&format!(
            "ALTER ROLE {} SET track_activities = off",
            identifier(&steward.role)
        ))?;
        Ok(Some(steward))
    }

    /// Returns the server as the loading role knows it.
    pub(super) fn server(&self, server: &Server) -> Server {
        Server {
            address: server.address,
            user: self.role.clone(),
            password: self.password.clone(),
        }
    }

    /// Prepares the new database; `session` is the declared user's.
    pub(super) fn settle(&mut self, session: &mut DatabaseSession) -> Result<(), Error> {
        let (schema, role) = (identifier(&self.schema), identifier(&self.role));
        // Since version 15 it is the database's owner's.
        let owner = session.value(
            "SELECT pg_catalog.pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace \
             WHERE nspname = 'public' AND nspowner::pg_catalog.regrole::pg_catalog.text \
             <> 'pg_database_owner'",
        )?;
        if owner.is_some() {
            session.run(&format!("ALTER SCHEMA public OWNER TO {role}"))?;
            self.public_owner = owner;
        }
        let number = "SELECT oid FROM pg_catalog.pg_database \
                      WHERE datname = pg_catalog.current_database()";
        let number = session.value(number)?.unwrap_or_default();
        session.run(&format!(
            "CREATE SCHEMA {schema}; GRANT USAGE ON SCHEMA {schema} TO PUBLIC; \
             CREATE FUNCTION {schema}.run(word text, statement text, extends bool) RETURNS bool \
             LANGUAGE plpgsql SECURITY DEFINER AS {}",
            literal(&self.body(&number))
        ))?;
        Ok(())
    }

    /// Returns the function's body. All names in it are whole: the dump chooses the search path. What
    /// somebody else makes on the server during the load is not held against the dump.
    fn body(&self, database: &str) -> String {
        let extensions = EXTENSIONS.join(",");
        let owned = "FROM pg_catalog.pg_shdepend d WHERE d.deptype OPERATOR(pg_catalog.=) 'o'";
        let equal = "OPERATOR(pg_catalog.=)";
        format!(
            "DECLARE mighty pg_catalog.oid[]; BEGIN \
             IF pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(word, 'UTF8')), 'hex') \
                 OPERATOR(pg_catalog.<>) '{hash}' \
                 OR session_user OPERATOR(pg_catalog.<>) {role} \
             THEN RAISE EXCEPTION 'this function is envctl''s own' USING ERRCODE = '42501'; \
             END IF; \
             IF extends AND EXISTS (SELECT FROM pg_catalog.pg_depend e \
                 JOIN pg_catalog.pg_proc p ON p.oid {equal} e.objid \
                 JOIN pg_catalog.pg_roles o ON o.oid {equal} p.proowner \
                 WHERE e.classid {equal} 'pg_catalog.pg_proc'::pg_catalog.regclass \
                 AND e.deptype {equal} 'e' AND NOT o.rolsuper) \
             THEN RAISE EXCEPTION 'functions of an extension were given to another owner' \
                 USING ERRCODE = '42501'; \
             END IF; \
             mighty := ARRAY(SELECT r.oid FROM pg_catalog.pg_roles r WHERE {MIGHTY}); \
             EXECUTE statement; \
             IF EXISTS (SELECT {owned} AND d.dbid {equal} {database}::pg_catalog.oid \
                 AND d.objid OPERATOR(pg_catalog.<) {FIRST_OWN_OBJECT} \
                 AND NOT (d.classid {equal} 'pg_catalog.pg_namespace'::pg_catalog.regclass \
                     AND d.objid {equal} {PUBLIC_SCHEMA}) \
                 AND d.classid OPERATOR(pg_catalog.<>) \
                     'pg_catalog.pg_largeobject'::pg_catalog.regclass) \
             THEN RAISE EXCEPTION 'objects of the server stay its own' USING ERRCODE = '42501'; \
             END IF; \
             IF EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE {MIGHTY} \
                 AND r.oid OPERATOR(pg_catalog.<>) ALL (mighty)) \
             THEN RAISE EXCEPTION 'a dump makes no role a superuser, nor one that reaches files \
                 and programs' USING ERRCODE = '42501'; \
             END IF; \
             IF EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname {equal} \
                 ANY ('{{{extensions}}}'::pg_catalog.name[])) \
                 OR EXISTS (SELECT FROM pg_catalog.pg_language l WHERE NOT l.lanpltrusted \
                 AND l.lanname OPERATOR(pg_catalog.<>) ALL ('{{internal,c}}'::pg_catalog.name[]) \
                 AND l.lanispl) \
             THEN RAISE EXCEPTION 'an extension reaches files and programs of the server''s \
                 machine' USING ERRCODE = '42501'; \
             END IF; \
             RETURN true; END",
            hash = Digest::of(self.word.expose()),
            role = literal(&self.role),
        )
    }

    /// Returns the SQL that runs a statement as the declared user, and gives NULL without doing so
    /// where the session is another role by now.
    pub(super) fn lift(&self, statement: &str, extends: bool) -> String {
        format!(
            "SELECT CASE WHEN current_user OPERATOR(pg_catalog.=) {} \
             THEN {}.run({}, {}, {extends}) END",
            literal(&self.role),
            identifier(&self.schema),
            literal(self.word.expose()),
            literal(statement),
        )
    }

    /// Has the server log no warnings of sessions that the role opens from now on: it would warn of
    /// each table of its own that it collects no statistics of.
    pub(super) fn hush(&self, session: &mut DatabaseSession) -> Result<(), Error> {
        Ok(session.run(&format!(
            "ALTER ROLE {} SET log_min_messages = error",
            identifier(&self.role)
        ))?)
    }

    /// Gives everything that the loading role has in the database to the declared user.
    pub(super) fn hand_over(
        &self,
        session: &mut DatabaseSession,
        (user, owner, database): (&str, &str, &str),
    ) -> Result<(), Error> {
        let (role, heir) = (identifier(&self.role), identifier(user));
        let mut sql = format!(
            "BEGIN; DROP SCHEMA IF EXISTS {} CASCADE; ALTER DATABASE {} OWNER TO {};",
            identifier(&self.schema),
            identifier(database),
            identifier(owner),
        );
        let still = format!(
            "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'public' \
             AND nspowner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = {})",
            literal(&self.role)
        );
        if let Some(owner) = &self.public_owner
            && session.value(&still)?.is_some()
        {
            // Writing to a String cannot fail.
            let _ = write!(sql, "ALTER SCHEMA public OWNER TO {};", identifier(owner));
        }
        sql.push_str(&self.default_privileges(session, user)?);
        sql.push_str(&self.policies(session, user)?);
        let _ = write!(
            sql,
            "REASSIGN OWNED BY {role} TO {heir}; DROP OWNED BY {role}; COMMIT"
        );
        Ok(session.run(&sql)?)
    }

    /// Returns the statements that put the declared user into policies that name the loading role.
    fn policies(&self, session: &mut DatabaseSession, user: &str) -> Result<String, Error> {
        let statements = session.rows(&format!(
            "SELECT pg_catalog.format('ALTER POLICY %I ON %s TO %s;', p.polname, \
             p.polrelid::pg_catalog.regclass, (SELECT pg_catalog.string_agg(CASE WHEN one = 0 \
             THEN 'PUBLIC' WHEN one = l.oid THEN {} ELSE \
             pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(one)) END, ', ') \
             FROM pg_catalog.unnest(p.polroles) one)) \
             FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_roles l ON l.oid = ANY (p.polroles) \
             WHERE l.rolname = {}",
            literal(&identifier(user)),
            literal(&self.role)
        ))?;
        Ok(statements.into_iter().flatten().flatten().collect())
    }

    /// Returns the statements that give the declared user the loading role's default privileges.
    fn default_privileges(
        &self,
        session: &mut DatabaseSession,
        user: &str,
    ) -> Result<String, Error> {
        let rows = session.rows(&format!(
            "SELECT d.oid, n.nspname, d.defaclobjtype, CASE WHEN a.grantee = 0 THEN 'PUBLIC' \
             WHEN a.grantee = d.defaclrole THEN {} \
             ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END, \
             a.privilege_type, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END \
             FROM pg_catalog.pg_default_acl d \
             LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace \
             LEFT JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a ON true \
             WHERE pg_catalog.pg_get_userbyid(d.defaclrole) = {} ORDER BY d.oid",
            literal(&identifier(user)),
            literal(&self.role)
        ))?;
        let mut sql = String::new();
        let mut seen = String::new();
        for row in rows {
            let [number, schema, kind, grantee, privilege, option] = std::array::from_fn(|at| {
                let value: Option<&String> = row.get(at).and_then(Option::as_ref);
                value.cloned()
            });
            let objects = match kind.as_deref() {
                Some("r") => "TABLES",
                Some("S") => "SEQUENCES",
                Some("f") => "FUNCTIONS",
                Some("T") => "TYPES",
                Some("n") => "SCHEMAS",
                _ => "LARGE OBJECTS",
            };
            let mut prefix = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {}", identifier(user));
            if let Some(schema) = &schema {
                let _ = write!(prefix, " IN SCHEMA {}", identifier(schema));
            }
            let number = number.unwrap_or_default();
            if schema.is_none() && number != seen {
                for whose in ["PUBLIC".to_owned(), identifier(user)] {
                    let _ = write!(sql, "{prefix} REVOKE ALL ON {objects} FROM {whose};");
                }
            }
            seen = number;
            if let (Some(grantee), Some(privilege)) = (grantee, privilege) {
                let option = option.unwrap_or_default();
                let _ = write!(
                    sql,
                    "{prefix} GRANT {privilege} ON {objects} TO {grantee}{option};"
                );
            }
        }
        Ok(sql)
    }

    /// Removes the role. What it still has on the server goes to the declared user.
    pub(super) fn dismiss(keeper: &mut Keeper, role: &str, user: &str) -> Result<(), Error> {
        let (role, heir) = (identifier(role), identifier(user));
        let sql =
            format!("REASSIGN OWNED BY {role} TO {heir}; DROP OWNED BY {role}; DROP ROLE {role}");
        Ok(keeper.session.run(&sql)?)
    }
}
