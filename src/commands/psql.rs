//! `psql`: the program itself on the environment's database, this machine's or the container's;
//! with `-c` a query without it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::choice::Purpose;
use super::exec::attach;
use super::failure::Failure;
use super::scene::Scene;
use super::session::Session;
use crate::cli::PsqlArgs;
use crate::engine::Exec;
use crate::host::find_program;
use crate::model::Secret;
use crate::plan::{Database, trusted_user};
use crate::postgres::{Server, query};
use crate::tell::{Answer, TableAnswer};

/// Where Debian keeps the programs of each version; `psql` on the search path is a script in front
/// of them that takes a tenth of a second to choose.
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";
const DEBIAN_WRAPPER: &str = "pg_wrapper";

/// Variables of the user that would lead psql to another server.
const MISLEADING: [&str; 4] = [
    "PGHOSTADDR",
    "PGSERVICE",
    "PGSSLMODE",
    "PGTARGETSESSIONATTRS",
];

pub(super) async fn run(session: &Session, args: &PsqlArgs) -> Result<Answer, Failure> {
    if let Some(meta) = args
        .command
        .as_deref()
        .filter(|sql| sql.trim_start().starts_with('\\'))
    {
        return Err(Failure::command_of_psql(meta));
    }
    let scene = Scene::open(session, args.environment.as_ref(), Purpose::Use).await?;
    let (service, database) = scene.postgres(args.service.as_deref())?;
    let name = &service.spec.name;
    let server = scene.server(database).await?;
    if let Some(sql) = &args.command {
        return rows(session, (&server, database), sql).await;
    }
    let path = session.request.variables.get("PATH");
    if let Some(program) = psql_of_this_machine(path.map_or("", String::as_str)) {
        let mut command = Command::new(program);
        lead(&mut command, &server, database);
        command.args(&args.arguments);
        let error = (session.lent.turn_into)(&mut command);
        return Err(Failure::of_program(
            &command.get_program().to_string_lossy(),
            &error,
        ));
    }
    let command = Exec {
        command: [vec!["psql".to_owned()], args.arguments.clone()].concat(),
        user: trusted_user(scene.engine.as_ref()),
        stdin: None,
        // Over the container's local socket, as psql does where it is told no host.
        environment: vec![
            ("PGUSER".to_owned(), Secret::new(&*database.login.user)),
            ("PGPASSWORD".to_owned(), server.password.clone()),
            ("PGDATABASE".to_owned(), Secret::new(database.name())),
        ],
    };
    let target = (scene.engine.as_ref(), name.as_str());
    let terminal = session.lent.terminal;
    attach(session, &scene.invocation, target, (&command, terminal)).await
}

/// Says by variables where the server is, since arguments can be seen by every user.
fn lead(command: &mut Command, server: &Server, database: &Database) {
    for name in MISLEADING {
        command.env_remove(name);
    }
    command
        .env("PGHOST", server.address.ip().to_string())
        .env("PGPORT", server.address.port().to_string())
        .env("PGUSER", &server.user)
        .env("PGPASSWORD", server.password.expose())
        .env("PGDATABASE", database.name());
}

fn psql_of_this_machine(search_path: &str) -> Option<PathBuf> {
    let found = find_program("psql", Path::new("."), search_path).ok()?;
    let is_wrapper = fs_err::canonicalize(&found)
        .is_ok_and(|file| file.file_name().is_some_and(|name| name == DEBIAN_WRAPPER));
    if is_wrapper {
        newest_psql(Path::new(DEBIAN_VERSIONS)).or(Some(found))
    } else {
        Some(found)
    }
}

/// Returns the psql of the highest version below a folder: `15/bin/psql`.
fn newest_psql(versions: &Path) -> Option<PathBuf> {
    let entries = fs_err::read_dir(versions).ok()?.flatten();
    let found = entries.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let program = find_program("bin/psql", &entry.path(), "").ok()?;
        Some((version, program))
    });
    found.max().map(|(_, program)| program)
}

async fn rows(
    session: &Session,
    (server, database): (&Server, &Database),
    sql: &str,
) -> Result<Answer, Failure> {
    let target = server.target(database.name());
    let rows = query(&target, sql, &session.cancel)
        .await
        .map_err(Failure::of_query)?;
    if rows.columns.is_empty() {
        let text = rows
            .affected
            .map_or_else(String::new, |count| format!("{count} affected"));
        return Ok(Answer::Text { text });
    }
    Ok(Answer::Table(TableAnswer {
        columns: rows.columns.into_iter().map(|column| column.name).collect(),
        rows: rows.rows,
    }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_newest_psql_is_taken() {
        let root = tempfile::tempdir().unwrap();
        for (version, mode) in [("9", 0o755), ("13", 0o755), ("15", 0o644), ("x", 0o755)] {
            let bin = root.path().join(version).join("bin");
            fs_err::create_dir_all(&bin).unwrap();
            fs_err::write(bin.join("psql"), "").unwrap();
            let mode = PermissionsExt::from_mode(mode);
            fs_err::set_permissions(bin.join("psql"), mode).unwrap();
        }
        let newest = newest_psql(root.path()).unwrap();
        assert_eq!(newest, root.path().join("13/bin/psql"));
        assert_eq!(newest_psql(&root.path().join("none")), None);
    }
}
