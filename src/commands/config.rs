//! `config`: what all layers together say, and where each value comes from.

use super::failure::Failure;
use super::session::Session;
use crate::cli::{ConfigArgs, ConfigCommand};
use crate::config::Mistakes;
use crate::report::{Answer, TableAnswer};

pub(super) fn run(session: &Session, args: &ConfigArgs) -> Result<Answer, Failure> {
    match &args.command {
        ConfigCommand::Show(args) => {
            let invocation = session.invocation(args.environment.as_ref())?;
            Ok(Answer::Text {
                text: session.load(&invocation)?.merged.show(),
            })
        }
        ConfigCommand::Explain(args) => {
            let invocation = session.invocation(args.environment.as_ref())?;
            explain(session.load(&invocation)?.merged.explain(&args.key))
        }
        ConfigCommand::Validate(args) => {
            let invocation = session.invocation(args.environment.as_ref())?;
            let environment = session.load(&invocation)?.environment;
            let text = format!("{} is valid", environment.name);
            Ok(Answer::Text { text })
        }
    }
}

fn explain(
    explained: Result<crate::config::Explained, crate::config::Mistake>,
) -> Result<Answer, Failure> {
    let explained = explained.map_err(Mistakes::from)?;
    let removed = || Some("(removed)".to_owned());
    let mut rows = vec![vec![
        explained.value.or_else(removed),
        Some(explained.origin),
        explained.written,
    ]];
    for overridden in explained.overridden {
        rows.push(vec![Some(overridden.value), Some(overridden.origin), None]);
    }
    let columns = ["value", "from", "written as"]
        .map(ToOwned::to_owned)
        .to_vec();
    Ok(Answer::Table(TableAnswer { columns, rows }))
}
