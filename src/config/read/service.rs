//! `[services.NAME]`.

use std::time::Duration;

use indexmap::IndexMap;

use super::section::Section;
use super::{depends, file, image, kind, official, port, process, replicas, volume};
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
        ports,
        restart: restart(section),
        limits: limits(section),
        // Of a database, `user` is the role; its server's user is the image's matter.
        user: section.text("user").filter(|_| !is_postgres),
        working_dir: container_path(section, "working_dir"),
        tmpfs: tmpfs(section),
        shm_size_bytes: section.bytes("shm_size"),
        stop_signal: stop_signal(section),
        stop_grace_period: section.duration("stop_grace_period").unwrap_or_default(),
        files: file::read(section),
        reload: reload(section),
        update_delay: update_delay(section),
        ready_timeout: section.time_limit("ready_timeout").unwrap_or_default(),
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
    check_names(section);
    environment
}

/// Reports names that no operating system takes as a variable.
pub(super) fn check_names(section: &Section<'_>) {
    let table = section.get("environment").and_then(|node| node.table());
    for (name, node) in table.into_iter().flatten() {
        if name.is_empty() || name.contains(['=', '\0', ' ']) {
            let message = format!("`{name}` is no name of a variable");
            section.reader.report(Mistake::new(message).at(&node.key));
        }
    }
}

fn healthcheck(section: &Section<'_>, ports: &IndexMap<String, Port>) -> Option<Healthcheck> {
    let kinds = ["http", "tcp", "command", "none"];
    let set: Vec<_> = kinds.into_iter().filter(|key| section.has(key)).collect();
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
            path: http_path(section)?,
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

fn http_path(section: &Section<'_>) -> Option<String> {
    let path = section.text("http")?;
    if !path.starts_with('/') {
        let message = format!("the path `{path}` does not start with `/`");
        section.wrong("http", message);
    }
    Some(path)
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

fn restart(section: &Section<'_>) -> Restart {
    let text = section.text("restart").unwrap_or_default();
    let retries = text.strip_prefix("on-failure:");
    match text.as_str() {
        "no" | "" => Restart::No,
        "always" => Restart::Always,
        "unless-stopped" => Restart::UnlessStopped,
        "on-failure" => Restart::OnFailure { max_retries: None },
        _ => {
            let max_retries = retries.and_then(|number| number.parse().ok());
            if max_retries.is_none() {
                let hint = "write `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`";
                let message = format!("`{text}` is no restart policy");
                section.wrong_with("restart", message, Some(hint.to_owned()));
            }
            Restart::OnFailure { max_retries }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked before"
)]
fn limits(section: &Section<'_>) -> Limits {
    const BILLION: f64 = 1e9;
    let cpus = section.number("cpus");
    let nano_cpus = cpus.and_then(|cpus| {
        if cpus > 0.0 && cpus <= 4096.0 {
            return Some((cpus * BILLION).round() as u64);
        }
        section.wrong("cpus", format!("`{cpus}` is no number of processors"));
        None
    });
    let pids = section.integer("pids_limit").and_then(|number| {
        let pids = u32::try_from(number).ok().filter(|pids| *pids > 0);
        if pids.is_none() {
            section.wrong(
                "pids_limit",
                format!("`{number}` is no number of processes"),
            );
        }
        pids
    });
    Limits {
        nano_cpus,
        memory_bytes: section.bytes("mem_limit"),
        pids,
    }
}

/// Reads a path in the container.
pub(super) fn container_path(section: &Section<'_>, key: &str) -> Option<String> {
    let path = section.text(key)?;
    if !path.starts_with('/') {
        let message = format!("`{path}` is no absolute path in the container");
        section.wrong(key, message);
    }
    Some(path)
}

fn tmpfs(section: &Section<'_>) -> Vec<String> {
    let paths = section.texts("tmpfs").into_iter();
    paths
        .map(|(path, node)| {
            if !path.starts_with('/') {
                let message = format!("`{path}` is no absolute path in the container");
                section.reader.report(Mistake::new(message).at(&node.at));
            }
            path
        })
        .collect()
}

/// Reads a signal that programs are told of news by, not the end.
fn reload(section: &Section<'_>) -> Option<String> {
    const NEWS: [&str; 8] = [
        "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGALRM", "SIGCONT", "SIGINT", "SIGQUIT",
    ];
    let signal = section.text("reload")?;
    if !NEWS.contains(&signal.as_str()) {
        let message = format!("`{signal}` is no signal that a program reads its files again at");
        let hint = Some("write `SIGHUP`, `SIGUSR1` or `SIGUSR2`, as its manual says".to_owned());
        section.wrong_with("reload", message, hint);
    }
    Some(signal)
}

fn update_delay(section: &Section<'_>) -> Duration {
    let update = section.section("update_config");
    let delay = update.and_then(|update| update.duration("delay"));
    delay.unwrap_or_default()
}

fn stop_signal(section: &Section<'_>) -> Option<String> {
    let signal = section.text("stop_signal")?;
    let inside = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '+' || c == '-';
    let name = signal.strip_prefix("SIG").unwrap_or_default();
    if name.is_empty() || !name.chars().all(inside) {
        let hint = Some("write `SIGTERM`, `SIGINT`, `SIGQUIT`".to_owned());
        let message = format!("`{signal}` is no name of a signal");
        section.wrong_with("stop_signal", message, hint);
    }
    Some(signal)
}
