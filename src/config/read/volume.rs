//! Mounts as Compose writes them: `name:/path`, `./folder:/path:ro`.

use super::section::Section;
use crate::config::mistake::Mistake;
use crate::config::paths;
use crate::config::tree::Node;
use crate::config::units;
use crate::model::{Mount, MountSource};

/// Reads `volumes`.
pub(super) fn read(section: &Section<'_>) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = Vec::new();
    for (text, node) in section.texts("volumes") {
        let mistake = match mount(&text, node, section) {
            Err(why) => Mistake::new(format!("`{text}` is no volume: {why}"))
                .hint("write `name:/path`, `./folder:/path` or `./folder:/path:ro`"),
            Ok(mount) if mounts.iter().any(|other| other.target == mount.target) => {
                Mistake::new(format!("two volumes at `{}`", mount.target))
            }
            Ok(mount) => {
                mounts.push(mount);
                continue;
            }
        };
        section.reader.report(mistake.at(&node.at));
    }
    mounts
}

fn mount(text: &str, node: &Node, section: &Section<'_>) -> Result<Mount, String> {
    let mut parts = text.split(':');
    let (source, target) = match (parts.next(), parts.next()) {
        (Some(source), Some(target)) if !source.is_empty() => (source, target),
        _ => return Err("it has no source and target".to_owned()),
    };
    let read_only = match (parts.next(), parts.next()) {
        (None | Some("rw"), None) => false,
        (Some("ro"), None) => true,
        (option, more) => {
            let option = more.or(option).unwrap_or_default();
            return Err(format!("`{option}` is neither `ro` nor `rw`"));
        }
    };
    if !target.starts_with('/') {
        return Err(format!("`{target}` is no absolute path"));
    }
    let source = if source.starts_with(['.', '/']) {
        let folder = node.at.folder().unwrap_or(section.reader.workspace);
        MountSource::Bind(paths::join(folder, source))
    } else if source.starts_with('~') {
        return Err("only a shell knows `~`, `${env:HOME}` is the same".to_owned());
    } else if let Some(why) = units::name_mistake(source) {
        return Err(why);
    } else {
        MountSource::Volume(source.to_owned())
    };
    Ok(Mount {
        source,
        target: target.to_owned(),
        read_only,
    })
}
