//! How the values of a declaration are written down for its hash: every field by hand, so that the
//! same declaration has the same text in every version of envctl, whatever its types are called and
//! hold by then.
//!
//! A field that comes later is written only where it is not its default, at the end of its record.
//! So what was made before there was such a field is still what is declared.

use std::time::Duration;

use crate::engine::{FileSpec, PortSpec, Readers, ServiceKind};
use crate::model::{HostPort, Limits, Mount, MountSource, Restart};

pub(super) fn text(text: &str) -> String {
    format!("{text:?}")
}

pub(super) fn texts(all: &[String]) -> String {
    list(all, |one| text(one))
}

pub(super) fn list<T>(all: &[T], form: impl Fn(&T) -> String) -> String {
    let all: Vec<String> = all.iter().map(form).collect();
    format!("[{}]", all.join(", "))
}

pub(super) fn option<T>(value: Option<T>, form: impl Fn(T) -> String) -> String {
    match value {
        Some(value) => format!("Some({})", form(value)),
        None => "None".to_owned(),
    }
}

/// Writes seconds, or less where it is less than one: `10s`, `2.5s`, `500ms`.
pub(super) fn duration(duration: Duration) -> String {
    format!("{duration:?}")
}

pub(super) fn kind(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Program => "Program",
        ServiceKind::Postgres => "Postgres",
        ServiceKind::Redis => "Redis",
    }
}

pub(super) fn port(port: &PortSpec) -> String {
    let PortSpec {
        name,
        container,
        host,
        bind,
    } = port;
    let name = text(name);
    let host = match host {
        HostPort::Any => "Any".to_owned(),
        HostPort::Fixed(port) => format!("Fixed({port})"),
    };
    format!("PortSpec {{ name: {name}, container: {container}, host: {host}, bind: {bind} }}")
}

pub(super) fn mount(mount: &Mount) -> String {
    let Mount {
        source,
        target,
        read_only,
    } = mount;
    let source = match source {
        MountSource::Volume(name) => format!("Volume({})", text(name)),
        MountSource::Bind(path) => format!("Bind({})", text(&path.to_string_lossy())),
    };
    let target = text(target);
    format!("Mount {{ source: {source}, target: {target}, read_only: {read_only} }}")
}

pub(super) fn limits(limits: &Limits) -> String {
    let Limits {
        nano_cpus,
        memory_bytes,
        pids,
    } = limits;
    let cpus = option(*nano_cpus, |it| it.to_string());
    let memory = option(*memory_bytes, |it| it.to_string());
    let pids = option(*pids, |it| it.to_string());
    format!("Limits {{ nano_cpus: {cpus}, memory_bytes: {memory}, pids: {pids} }}")
}

pub(super) fn file(file: &FileSpec) -> String {
    let FileSpec {
        name,
        path,
        readers,
    } = file;
    let readers = match readers {
        Readers::All => "All".to_owned(),
        Readers::Server(users) => format!("Server({})", list(users, |user| text(user))),
    };
    let (name, path) = (text(name), text(path));
    format!("FileSpec {{ name: {name}, path: {path}, readers: {readers} }}")
}

pub(super) fn restart(restart: Restart) -> String {
    match restart {
        Restart::No => "No".to_owned(),
        Restart::Always => "Always".to_owned(),
        Restart::OnFailure { max_retries } => {
            let retries = option(max_retries, |it| it.to_string());
            format!("OnFailure {{ max_retries: {retries} }}")
        }
        Restart::UnlessStopped => "UnlessStopped".to_owned(),
    }
}
