//! `[services.NAME]`.

use std::time::Duration;

use indexmap::IndexMap;

use super::section::Section;
use super::{depends, file, image, kind, official, port, process, replicas, url, volume};
use crate::config::env_file;
use crate::config::mistake::Mistake;
use crate::config::paths;
use crate::config::suggest;
use crate::model::{Healthcheck, Kind, Limits, Port, Probe, Restart, Service, Template};

/// Reads one service.
pub(super) fn read(section: &Section<'_>) -> Service {
    let kind = kind::read(section);
    let is_container = matches!(kind, Kind::Container);
    let is_postgres = matches!(kind, Kind::Postgres(_));
    let ports = port::read(section);
    let process = section.section("process").filter(|_| is_container);
    let process = process.map(|it| process::read(&it));
    let image = image::source(section, "image");
    let environment = environment(section);
    official::check(section, &kind, &environment);
    // Of an unknown kind, nothing is known to be missing.
    if section.text("kind").as_deref() == Some("container") && process.is_none() {
        section.missing("image", "an `[images.*]` name, or a reference with a tag");
    }
    Service {
        image,
        command: section.command("command"),
        entrypoint: section.command("entrypoint"),
        environment,
        volumes: volume::read(section),
        depends_on: depends::read(section),
        healthcheck: section
            .section("healthcheck")
            .and_then(|it| healthcheck(&it, &ports)),
        url: url::read(section),
        ports,
        restart: restart(section),
        limits: limits(section),
        // Of a database, `user` is the role; its server's user is the image's matter.
        user: section.text("user").filter(|_| !is_postgres),
        working_dir: section.text("working_dir"),
        tmpfs: tmpfs(section),
        shm_size_bytes: section.bytes("shm_size"),
        stop_signal: section.text("stop_signal"),
        stop_grace_period: section.duration("stop_grace_period").unwrap_or_default(),
        files: file::read(section),
        reload: section.text("reload"),
        update_delay: update_delay(section),
        ready_timeout: section.duration("ready_timeout").unwrap_or_default(),
        replicas: if is_container {
            replicas::read(section)
        } else {
            1
        },
        process,
        kind,
    }
}

/// Reads `env_file` contents first, then `environment` on top.
fn environment(section: &Section<'_>) -> IndexMap<String, Template> {
    let mut environment = IndexMap::new();
    for (text, node) in section.texts("env_file") {
        let folder = node.at.folder().unwrap_or(section.reader.workspace);
        let path = paths::join(folder, &text);
        let content = (section.reader.outside.read_text)(&path);
        let read = content.and_then(|content| {
            env_file::read(&content).map_err(|(line, why)| format!("line {line}: {why}"))
        });
        match read {
            Ok(pairs) => {
                let pairs = pairs.into_iter();
                environment.extend(pairs.map(|(name, value)| (name, Template::text(value))));
            }
            Err(why) => {
                let shown = paths::shown(&path, section.reader.workspace);
                let message = format!("cannot read the env file `{shown}`: {why}");
                section.reader.report(Mistake::new(message).at(&node.at));
            }
        }
    }
    environment.extend(section.templates("environment"));
    environment
}

fn healthcheck(section: &Section<'_>, ports: &IndexMap<String, Port>) -> Option<Healthcheck> {
    let set = section.chosen("probe");
    let [kind] = set.as_slice() else {
        let hint = "write `{ http = \"/\" }`, `{ tcp = \"port\" }` or `{ command = [\"…\"] }`; \
                    `healthcheck = false` asks nobody";
        let message = format!(
            "`{}` needs one of `http`, `tcp` and `command`",
            section.path
        );
        section.wrong_with("", message, Some(hint.to_owned()));
        return None;
    };
    let probe = match *kind {
        "http" => Probe::Http {
            port: health_port(section, "port", ports)?,
            path: section.text("http")?,
        },
        "tcp" => Probe::Tcp {
            port: health_port(section, "tcp", ports)?,
        },
        "command" => Probe::Command(section.plain_command("command")?),
        _ => {
            if !section.boolean("none") {
                section.wrong("none", "`none` can only be `true`");
            }
            return Some(Healthcheck { probe: None });
        }
    };
    if *kind != "http" && section.has("port") {
        section.wrong("port", "`port` belongs to `http`");
    }
    Some(Healthcheck { probe: Some(probe) })
}

fn health_port(section: &Section<'_>, key: &str, ports: &IndexMap<String, Port>) -> Option<String> {
    let ports: Vec<&str> = ports.keys().map(String::as_str).collect();
    if section.has(key) {
        let port = section.text(key)?;
        if !ports.contains(&port.as_str()) {
            let hint = suggest::did_you_mean(&port, ports.iter().copied());
            section.wrong_with(key, format!("there is no port `{port}`"), hint);
        }
        return Some(port);
    }
    let port = one_port(&ports);
    if port.is_none() {
        let known = if ports.is_empty() {
            "the service has none".to_owned()
        } else {
            format!("the service has {}", suggest::list(&ports))
        };
        let message = format!("`{}` does not say which port", section.path);
        section.wrong_with("", message, Some(known));
    }
    port
}

/// Returns the port that is meant where none is named: the only one, or `http`.
pub(super) fn one_port(ports: &[&str]) -> Option<String> {
    match ports {
        [one] => Some((*one).to_owned()),
        several => several.contains(&"http").then(|| "http".to_owned()),
    }
}

/// Reads what is done when it ends; what is no policy is reported already.
fn restart(section: &Section<'_>) -> Restart {
    let text = section.text("restart").unwrap_or_default();
    match text.as_str() {
        "no" | "" => Restart::No,
        "always" => Restart::Always,
        "unless-stopped" => Restart::UnlessStopped,
        _ => Restart::OnFailure {
            max_retries: text
                .strip_prefix("on-failure:")
                .and_then(|number| number.parse().ok()),
        },
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what has another sign or is out of range is reported already"
)]
fn limits(section: &Section<'_>) -> Limits {
    const BILLION: f64 = 1e9;
    let nano_cpus = |cpus: f64| (cpus * BILLION).round() as u64;
    let pids = section.integer("pids_limit");
    Limits {
        nano_cpus: section.number("cpus").map(nano_cpus),
        memory_bytes: section.bytes("mem_limit"),
        pids: pids.and_then(|number| u32::try_from(number).ok()),
    }
}

fn tmpfs(section: &Section<'_>) -> Vec<String> {
    let paths = section.texts("tmpfs").into_iter();
    paths.map(|(path, _)| path).collect()
}

fn update_delay(section: &Section<'_>) -> Duration {
    let update = section.section("update_config");
    let delay = update.and_then(|update| update.duration("delay"));
    delay.unwrap_or_default()
}
