//! `[smoke.NAME]`: what a check does, and which keys go with that.

use indexmap::IndexMap;
use serde_json_path::JsonPath;

use super::section::Section;
use super::{expect, matcher, request, seed};
use crate::config::mistake::Mistake;
use crate::config::schema::{CHECK, Key};
use crate::config::suggest;
use crate::config::tree::{Node, Value};
use crate::model::{
    Action, Capture, CaptureFrom, Check, CommandAction, ExecAction, Flow, HurlAction, Kind,
    PlainPath, RedisAction, Service, SqlAction, TcpAction, Template,
};

pub(super) type Services = IndexMap<String, Service>;

/// Reads one check, or one case of it.
pub(super) fn read(section: &Section<'_>, declared: &str, services: &Services) -> Option<Check> {
    let key = action_key(section);
    let timeout = section.duration("timeout");
    let expect = expect::read(section);
    let captures = captures(section);
    let Some(key) = key else {
        let service = section.text("service");
        service.inspect(|name| _ = request::known_service(section, name, services));
        return None;
    };
    refuse_others(section, key);
    let action = action(section, key.name, services)?;
    Some(Check {
        declared: declared.to_owned(),
        place: section.node.key.spot(),
        action,
        expect,
        captures,
        flow: flow(section),
        timeout: timeout?,
        eventually: section.boolean("eventually"),
    })
}

/// Returns the one key that says what is done.
fn action_key(section: &Section<'_>) -> Option<&'static Key> {
    let known = |key: &String| CHECK.makers().find(|known| known.name == key);
    let keys = section
        .node
        .table()
        .into_iter()
        .flat_map(|table| table.keys());
    let set: Vec<_> = keys.filter_map(known).collect();
    // One that was merely guessed from a misspelt key counts where there is no other.
    let usable = set.iter().filter(|key| section.get(key.name).is_some());
    let usable: Vec<_> = usable.copied().collect();
    if let [key] = usable.as_slice() {
        return Some(key);
    }
    if usable.is_empty() && !set.is_empty() {
        return None;
    }
    let several: Vec<&str> = usable.iter().map(|key| key.name).collect();
    if several.is_empty() {
        let message = format!("`{}` does not say what to ask", section.path);
        let hint = "write `get = \"/path\"`, `sql = \"SELECT …\"`, or one of `websocket`, \
                    `redis`, `tcp`, `exec`, `command`, `hurl`";
        section.wrong_with("", message, Some(hint.to_owned()));
    } else {
        let message = format!("{} exclude each other", suggest::list(&several));
        section.wrong("", message);
    }
    None
}

/// Reports keys that do not go with what the check does.
fn refuse_others(section: &Section<'_>, action: &Key) {
    let sort = action.makes.unwrap_or_default();
    for (name, node) in section.node.table().into_iter().flatten() {
        let Some(key) = CHECK.key(name) else { continue };
        let fits = match key.makes {
            Some(_) => key.name == action.name,
            None => key.is_of(sort) && key.with.is_none_or(|with| with == action.name),
        };
        if fits || matches!(node.value, Value::Unusable) {
            continue;
        }
        let message = match (key.with, sort) {
            (Some(_), _) => format!("`{name}` does not go with `{}`", action.name),
            (None, "request") => format!("`{name}` does not go with a request"),
            (None, sort) => format!("`{name}` does not go with `{sort}`"),
        };
        section.reader.report(Mistake::new(message).at(&node.key));
    }
}

fn action(section: &Section<'_>, key: &str, services: &Services) -> Option<Action> {
    Some(match key {
        "sql" => Action::Sql(sql(section, services)?),
        "redis" => Action::Redis(redis(section, services)?),
        "tcp" => Action::Tcp(TcpAction {
            port: request::tcp_port(section, services)?,
            send: sent(section),
        }),
        "exec" => Action::Exec(exec(section, services)?),
        "command" => Action::Command(command(section)?),
        "hurl" => Action::Hurl(hurl(section, services)?),
        "websocket" => Action::WebSocket(Box::new(request::websocket(section, services)?)),
        method => Action::Http(Box::new(request::http(section, method, services)?)),
    })
}

/// Reads what is sent to a port; only a WebSocket is sent more than a text.
fn sent(section: &Section<'_>) -> Option<Template> {
    let text = section.template("send");
    if text.is_none() && section.get("send").is_some() {
        section.wrong("send", "`send` of `tcp` is a text");
    }
    text
}

fn sql(section: &Section<'_>, services: &Services) -> Option<SqlAction> {
    let service = section.needed("service", "the `postgres` service to ask");
    if let Some(name) = &service {
        seed::check_database(section, name, services);
    }
    let query = section.text("sql")?;
    if query.trim().is_empty() {
        section.wrong("sql", format!("`{}` is empty", section.path_of("sql")));
    }
    Some(SqlAction {
        query,
        service: service?,
        database: section.text("database"),
    })
}

fn redis(section: &Section<'_>, services: &Services) -> Option<RedisAction> {
    let service = section.needed("service", "the `redis` service to ask");
    let is_redis = |service: &Service| matches!(service.kind, Kind::Redis(_));
    if let Some(name) = &service
        && !services.get(name).is_some_and(is_redis)
    {
        let known = services.iter().filter(|(_, service)| is_redis(service));
        let hint = suggest::did_you_mean(name, known.map(|(name, _)| name.as_str()));
        let message = match services.get(name) {
            Some(_) => format!("the service `{name}` is no Redis server"),
            None => format!("there is no service `{name}`"),
        };
        section.wrong_with("service", message, hint);
    }
    Some(RedisAction {
        words: section.words("redis")?,
        service: service?,
    })
}

fn exec(section: &Section<'_>, services: &Services) -> Option<ExecAction> {
    let service = section.needed("service", "the service beside which it runs");
    if let Some(name) = &service {
        request::known_service(section, name, services);
    }
    Some(ExecAction {
        words: section.command("exec")?,
        service: service?,
        environment: section.templates("environment"),
        stdin: section.template("stdin"),
        user: section.text("user"),
    })
}

fn command(section: &Section<'_>) -> Option<CommandAction> {
    if let Some(node) = section.get("service") {
        let message = "`command` runs on this machine, so it has no `service`";
        let hint = "`exec` runs beside a service";
        let mistake = Mistake::new(message).at(&node.key).hint(hint);
        section.reader.report(mistake);
    }
    Some(CommandAction {
        words: section.command("command")?,
        working_dir: section
            .host_path("working_dir")
            .unwrap_or_else(|| section.reader.workspace.to_owned()),
        environment: section.templates("environment"),
        stdin: section.template("stdin"),
    })
}

fn hurl(section: &Section<'_>, services: &Services) -> Option<HurlAction> {
    let port = if section.has("service") {
        Some(request::port(section, services)?)
    } else {
        None
    };
    Some(HurlAction {
        file: section.host_path("hurl")?,
        port,
        variables: section.templates("variables"),
    })
}

fn flow(section: &Section<'_>) -> Flow {
    let names = |key| {
        let texts = section.texts(key).into_iter();
        texts.map(|(name, _)| name).collect()
    };
    Flow {
        depends_on: names("depends_on"),
        setup: names("setup"),
        teardown: names("teardown"),
        tags: names("tags"),
        is_step: false,
    }
}

fn captures(section: &Section<'_>) -> IndexMap<String, Capture> {
    let sections = section.sections("capture").into_iter();
    sections
        .filter_map(|(name, section)| Some((name, capture(&section)?)))
        .collect()
}

fn capture(section: &Section<'_>) -> Option<Capture> {
    let from = if section.has("json") {
        let (node, path) = (section.get("json")?, section.text("json")?);
        check_path(section, node, &path);
        CaptureFrom::Json(path)
    } else if section.has("header") {
        CaptureFrom::Header(section.text("header")?.to_lowercase())
    } else if section.boolean("text") {
        CaptureFrom::Text
    } else {
        let message = format!("`{}` does not say what to keep", section.path);
        let hint = "write a JSONPath, `{ header = \"location\" }` or `{ text = true }`";
        section.wrong_with("", message, Some(hint.to_owned()));
        return None;
    };
    let pattern = section.get("matches").zip(section.text("matches"));
    Some(Capture {
        from,
        pattern: pattern.and_then(|(node, text)| matcher::pattern(section, node, &text)),
        secret: section.boolean("secret"),
    })
}

/// Reports a text that is no JSONPath.
pub(super) fn check_path(section: &Section<'_>, node: &Node, path: &str) {
    if PlainPath::parse(path).is_some() {
        return;
    }
    if let Err(error) = JsonPath::parse(path) {
        let position = error.position() + 1;
        let message = format!("`{path}` is no JSONPath (character {position})");
        let hint = "for example `\"$.rates[0].price\"`";
        let mistake = Mistake::new(message).at(&node.at).hint(hint);
        section.reader.report(mistake);
    }
}
