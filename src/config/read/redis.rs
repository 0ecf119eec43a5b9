//! What a service of kind `redis` declares beyond a container.

use super::section::Section;
use super::server;
use crate::config::model::{Persistence, Redis};
use crate::config::suggest;

const PERSISTENCE: [&str; 3] = ["none", "rdb", "aof"];

/// Reads its keys.
pub(super) fn read(section: &Section<'_>) -> Redis {
    server::check_ports(section, "redis");
    let version = server::version(section, "`version = \"7\"` or `version = \"7.0\"`");
    Redis {
        version: version.text,
        strict_version: version.strict,
        bin_dir: server::bin_dir(section),
        password: server::password(section),
        persistence: persistence(section),
    }
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
        Some("rdb") | None => Persistence::Rdb,
        Some(other) => {
            let message = format!("there is no persistence `{other}`");
            let hint = suggest::did_you_mean(other, PERSISTENCE);
            section.wrong_with("persistence", message, hint);
            Persistence::Rdb
        }
    }
}
