//! `config`: what all layers together say, where each value comes from, and what may be said.

use serde::Serialize;
use serde_json::{Map, Value};

use super::failure::Failure;
use super::hidden;
use super::session::Session;
use crate::cli::{ConfigArgs, ConfigCommand};
use crate::config::{self, Mistakes};
use crate::tell::{Answer, ConfigurationAnswer};

pub(super) fn run(session: &Session, args: &ConfigArgs) -> Result<Answer, Failure> {
    match &args.command {
        ConfigCommand::Show(args) => {
            let invocation = session.invocation(args.whole.environment())?;
            let merged = session.load(&invocation)?.merged;
            Ok(Answer::Configuration(answer(merged.show(), &merged)))
        }
        ConfigCommand::Explain(args) => {
            let invocation = session.invocation(args.environment.as_ref())?;
            let explained = session.load(&invocation)?.merged.explain(&args.key);
            let explained = explained.map_err(Mistakes::from)?;
            Ok(Answer::Explanation(answer(
                explained.to_string(),
                &explained,
            )))
        }
        ConfigCommand::Validate(args) => {
            let invocation = session.invocation(args.whole.environment())?;
            let loaded = session.load(&invocation)?;
            if !loaded.unread.is_empty() {
                let names = loaded.unread.join(", ");
                let text = format!("not looked at, since its command is not run: secret {names}");
                session.events.info(text);
            }
            let known = hidden::known(&loaded.environment);
            if !known.is_empty() {
                let names = known.join(", ");
                let text = format!(
                    "shown in what is printed, since it is the name of its user or database, or \
                     `postgres`: the password of {names}"
                );
                session.events.info(text);
            }
            let text = format!("{} is valid", loaded.environment.name);
            Ok(Answer::Text { text })
        }
        ConfigCommand::Schema(_) => {
            let schema = config::json_schema();
            let text = format!("{schema:#}\n");
            let object = Map::from_iter([("schema".to_owned(), schema)]);
            Ok(Answer::Schema(ConfigurationAnswer { text, object }))
        }
    }
}

fn answer(text: String, value: &impl Serialize) -> ConfigurationAnswer {
    let Ok(Value::Object(object)) = serde_json::to_value(value) else {
        unreachable!("what config tells has string keys only")
    };
    ConfigurationAnswer { text, object }
}
