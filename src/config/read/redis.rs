//! What a service of kind `redis` declares beyond a container.

use indexmap::IndexMap;

use super::section::Section;
use super::server;
use crate::config::mistake::Mistake;
use crate::config::tree::Value;
use crate::kinds::REDIS;
use crate::model::{Persistence, Redis};

/// Directives that envctl sets itself, each with the key that says it here.
const TAKEN: [(&str, Option<&str>); 16] = [
    ("appendonly", Some("persistence")),
    ("save", Some("persistence")),
    ("requirepass", Some("password")),
    ("user", Some("password")),
    ("aclfile", Some("password")),
    ("port", Some("ports")),
    ("bind", Some("ports")),
    ("protected-mode", Some("ports")),
    ("dir", None),
    ("daemonize", None),
    ("logfile", None),
    ("pidfile", None),
    ("supervised", None),
    ("unixsocket", None),
    ("include", None),
    ("tls-port", None),
];

/// Reads its keys.
pub(super) fn read(section: &Section<'_>) -> Redis {
    server::check_ports(section, REDIS.name);
    let version = server::version(section, REDIS.version_hint);
    Redis {
        version: version.text,
        strict_version: version.strict,
        bin_dir: server::bin_dir(section),
        password: server::password(section),
        persistence: persistence(section),
        config: config(section),
    }
}

/// Reads directives of `redis.conf`.
fn config(section: &Section<'_>) -> IndexMap<String, Vec<String>> {
    if let (true, Some(node)) = (section.has("command"), section.get("config")) {
        let message = format!(
            "`{}` replaces what `config` would set",
            section.path_of("command")
        );
        let hint = "take one out: a command says it by options such as `--maxmemory 64mb`";
        section
            .reader
            .report(Mistake::new(message).at(&node.key).hint(hint));
    }
    let texts = section.plain_texts("config").into_iter();
    let mut config = IndexMap::new();
    for (name, value) in texts {
        let node = section.get("config").and_then(|table| table.get(&name));
        let value = match node.map(|node| &node.value) {
            Some(Value::Boolean(true)) => "yes".to_owned(),
            Some(Value::Boolean(false)) => "no".to_owned(),
            _ => value,
        };
        match directive(&name, &value) {
            Ok(words) => drop(config.insert(name, words)),
            Err((message, hint)) => {
                let table = section.get("config").and_then(|table| table.get(&name));
                let at = table.map_or(&section.node.key, |node| &node.key);
                let mistake = Mistake::new(message).at(at);
                section.reader.report(mistake.maybe_hint(hint));
            }
        }
    }
    config
}

/// Returns the words of a directive's value, which are separated as in `redis.conf`.
fn directive(name: &str, value: &str) -> Result<Vec<String>, (String, Option<String>)> {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.starts_with('-') || !name.chars().all(inside) {
        let hint = "write it as in `redis.conf`: `maxmemory = \"64mb\"`".to_owned();
        return Err((format!("`{name}` is no name of a directive"), Some(hint)));
    }
    if let Some((_, key)) = TAKEN.iter().find(|(taken, _)| *taken == name) {
        let hint = match key {
            Some(key) => format!("use the key `{key}` of the service"),
            None => "take it out".to_owned(),
        };
        return Err((format!("`{name}` is set by envctl"), Some(hint)));
    }
    let words = shell_words::split(value).map_err(|_| {
        let message = format!("the value of `{name}` has a quote that is not closed");
        (message, None)
    })?;
    // On a command line it would be the next directive.
    if words.iter().any(|word| word.starts_with("--")) {
        let message = format!("the value of `{name}` cannot begin a word with `--`");
        return Err((message, None));
    }
    if words.is_empty() {
        return Ok(vec![String::new()]);
    }
    Ok(words)
}

fn persistence(section: &Section<'_>) -> Persistence {
    if section.has("command") && section.has("persistence") {
        let message = format!(
            "`{}` replaces what `persistence` would set",
            section.path_of("command")
        );
        let hint = "take one out: a command says it by `--save` and `--appendonly`";
        section.wrong_with("persistence", message, Some(hint.to_owned()));
    }
    match section.text("persistence").as_deref() {
        Some("none") => Persistence::None,
        Some("aof") => Persistence::Aof,
        _ => Persistence::Rdb,
    }
}
