//! `[smoke.NAME]`: what a check does, and which keys go with that.

use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json_path::JsonPath;

use super::section::{Claimed, Section};
use super::{expect, matcher, request, seed};
use crate::config::mistake::Mistake;
use crate::config::schema::METHODS;
use crate::config::suggest;
use crate::config::tree::{Node, Value};
use crate::model::{
    Action, Capture, CaptureFrom, Check, CommandAction, ExecAction, Flow, HurlAction, Kind,
    PlainPath, RedisAction, Service, SqlAction, TcpAction, Template,
};

pub(super) type Services = IndexMap<String, Service>;

/// The keys of every check.
const COMMON: [&str; 10] = [
    "service",
    "timeout",
    "eventually",
    "capture",
    "depends_on",
    "setup",
    "teardown",
    "tags",
    "each",
    "max_time",
];

/// The keys of an answer that has a text and a document.
const DOCUMENT: [&str; 6] = ["json", "json_schema", "text", "sha256", "snapshot", "masks"];

/// The keys of everything that begins with a request over HTTP.
const CALL: [&str; 6] = ["port", "query", "headers", "basic_auth", "bearer", "tls"];

const HTTP: [&str; 8] = [
    "body",
    "json_body",
    "form",
    "body_file",
    "multipart",
    "redirects",
    "status",
    "expect_headers",
];

const OUTPUT: [&str; 4] = ["environment", "stdin", "exit_code", "stderr"];

/// The keys that say what is done, beside the methods.
const OTHERS: [&str; 8] = [
    "method",
    "websocket",
    "sql",
    "redis",
    "tcp",
    "exec",
    "command",
    "hurl",
];

/// Reads one check, or one case of it.
pub(super) fn read(section: &Section<'_>, declared: &str, services: &Services) -> Option<Check> {
    let key = action_key(section);
    let timeout = section.time_limit("timeout");
    let expect = expect::read(section);
    let captures = captures(section);
    let Some(key) = key else {
        let service = section.text("service");
        service.inspect(|name| _ = request::known_service(section, name, services));
        return None;
    };
    refuse_others(section, key);
    let action = action(section, key, services)?;
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
fn action_key(section: &Section<'_>) -> Option<&'static str> {
    let known = || METHODS.into_iter().chain(OTHERS);
    let keys = section
        .node
        .table()
        .into_iter()
        .flat_map(|table| table.keys());
    let set: Vec<_> = keys
        .filter_map(|key| known().find(|known| known == key))
        .collect();
    // One that was merely guessed from a misspelt key counts where there is no other.
    let usable = set.iter().filter(|key| section.get(key).is_some());
    let usable: Vec<_> = usable.copied().collect();
    if let [key] = usable.as_slice() {
        return Some(key);
    }
    if usable.is_empty() && !set.is_empty() {
        return None;
    }
    let set = usable;
    let message = match set.as_slice() {
        [] => format!("`{}` does not say what to ask", section.path),
        several => format!("{} exclude each other", suggest::list(several)),
    };
    let hint = "write `get = \"/path\"`, `sql = \"SELECT …\"`, or one of `websocket`, `redis`, \
                `tcp`, `exec`, `command`, `hurl`";
    section.wrong_with("", message, set.is_empty().then(|| hint.to_owned()));
    None
}

/// Reports keys that do not go with what the check does.
fn refuse_others(section: &Section<'_>, action: &str) {
    let (name, groups): (&str, &[&[&str]]) = match action {
        "sql" => (
            "`sql`",
            &[&["database", "rows", "value", "count"], &DOCUMENT],
        ),
        "redis" => ("`redis`", &[&["value"], &DOCUMENT]),
        "tcp" => ("`tcp`", &[&["send", "text", "sha256"]]),
        "websocket" => {
            let own = &["subprotocol", "send", "meanwhile", "messages", "json"];
            ("`websocket`", &[&CALL, own])
        }
        "exec" => ("`exec`", &[&["user"], &OUTPUT, &DOCUMENT]),
        "command" => ("`command`", &[&["working_dir"], &OUTPUT, &DOCUMENT]),
        "hurl" => ("`hurl`", &[&["port", "variables"]]),
        "method" => ("a request", &[&["path"], &CALL, &HTTP, &DOCUMENT]),
        _ => ("a request", &[&CALL, &HTTP, &DOCUMENT]),
    };
    let fits = |key: &str| {
        key == action || COMMON.contains(&key) || groups.iter().any(|group| group.contains(&key))
    };
    for (key, node) in section.node.table().into_iter().flatten() {
        let key = key.as_str();
        if !fits(key) && !matches!(node.value, Value::Unusable) {
            let message = match key {
                "path" => format!("`path` does not go with `{action}`"),
                _ => format!("`{key}` does not go with {name}"),
            };
            section.reader.report(Mistake::new(message).at(&node.key));
        }
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
        file: claimed(section, "hurl")?,
        port,
        variables: section.templates("variables"),
    })
}

/// Reads the path of a file that must be there.
pub(super) fn claimed(section: &Section<'_>, key: &str) -> Option<PathBuf> {
    let (path, node) = (section.host_path(key)?, section.get(key)?);
    section.reader.claim(&path, Claimed::File, node);
    Some(path)
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
