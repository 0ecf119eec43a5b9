//! `psql -c`: runs SQL on the environment's database and prints the rows.

use super::choice::Purpose;
use super::failure::Failure;
use super::scene::Scene;
use super::session::Session;
use crate::cli::PsqlArgs;
use crate::postgres::query;
use crate::report::{Answer, TableAnswer};

pub(super) async fn run(session: &Session, args: &PsqlArgs) -> Result<Answer, Failure> {
    let scene = Scene::open(session, args.environment.as_ref(), Purpose::Use).await?;
    let (service, database) = scene.postgres(args.service.as_deref())?;
    let server = scene.server(&service.spec.name, database).await?;
    let target = server.target(&database.name);
    let rows = query(&target, &args.command, &session.cancel)
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
