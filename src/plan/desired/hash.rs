//! What of a declaration makes a running copy of it stale.

use super::Upkeep;
use crate::engine::{Readers, ServiceSpec};
use crate::model::{Digest, FileValue, Reference, Template};
use crate::plan::wiring::Wiring;

/// Returns the hash of all that was declared, but for the host's ports where any will do. What a
/// reference stands for inside belongs to it: another password of the database is another URL.
pub(super) fn of_spec(spec: &ServiceSpec, upkeep: &Upkeep, wiring: &Wiring) -> String {
    let mut digest = of_texts(spec, |template| {
        let filled = template
            .references()
            .filter_map(|it| wiring.inside(it).ok());
        let digests = filled.map(|secret| secret.digest());
        template.canonical() + &digests.collect::<String>()
    });
    // No signal makes a server read again what its kind needs.
    let own = spec.files.iter().filter(|it| it.readers != Readers::All);
    for file in own.filter_map(|it| upkeep.files.get(&it.name)) {
        let values = file.values.values().map(FileValue::canonical);
        digest.field("own file", values.collect::<String>());
    }
    digest.finish()
}

/// Returns the hash of what is written down alone: what a task brought is no other data when its
/// database has another password.
pub(super) fn as_written(spec: &ServiceSpec) -> String {
    of_texts(spec, Template::canonical).finish()
}

fn of_texts(spec: &ServiceSpec, canonical: impl Fn(&Template) -> String) -> Digest {
    let mut digest = Digest::new();
    let list = |templates: &Option<Vec<Template>>| {
        let texts = templates.iter().flatten().map(&canonical);
        (templates.is_some(), texts.collect::<Vec<_>>())
    };
    digest.field("kind", format!("{:?}", spec.kind));
    digest.field("command", format!("{:?}", list(&spec.command)));
    digest.field("entrypoint", format!("{:?}", list(&spec.entrypoint)));
    for (name, value) in &spec.environment {
        digest
            .field("variable", name)
            .field("value", canonical(value));
    }
    digest.field("ports", format!("{:?}", spec.ports));
    digest.field("mounts", format!("{:?}", spec.mounts));
    digest.field("limits", format!("{:?}", spec.limits));
    digest.field("user", format!("{:?}", spec.user));
    digest.field("working_dir", format!("{:?}", spec.working_dir));
    digest.field("tmpfs", format!("{:?}", spec.tmpfs));
    digest.field("shm", format!("{:?}", spec.shm_size_bytes));
    digest.field("files", format!("{:?}", spec.files));
    digest.field("restart", format!("{:?}", spec.restart));
    digest.field(
        "stop",
        format!("{:?} {:?}", spec.stop_signal, spec.stop_grace_period),
    );
    digest
}

/// Whether something that a running copy is compared by is not known, since the command of a secret
/// was not run.
pub(super) fn is_unread(spec: &ServiceSpec, upkeep: &Upkeep, wiring: &Wiring) -> bool {
    let words = spec.command.iter().chain(&spec.entrypoint).flatten();
    let values = upkeep.files.values().flat_map(|file| file.values.values());
    let texts = values.filter_map(|value| match value {
        FileValue::Text(template) => Some(template),
        FileValue::Integer(_) | FileValue::Boolean(_) | FileValue::Addresses(_) => None,
    });
    let mut templates = words.chain(spec.environment.values()).chain(texts);
    templates.any(|template| {
        let inside = template.references();
        let mut inside = inside.filter_map(|reference| wiring.inside(reference).ok());
        template.is_unread() || inside.any(|secret| secret.is_unread())
    })
}

/// Returns the ports of other services that the values of a spec name.
pub(super) fn reads(spec: &ServiceSpec, wiring: &Wiring) -> Vec<(String, String)> {
    let words = spec.command.iter().chain(&spec.entrypoint).flatten();
    let templates = words.chain(spec.environment.values());
    let is_foreign = |reference: &&Reference| match reference {
        Reference::Service { service, .. } => *service != spec.service,
        _ => false,
    };
    let others = templates.flat_map(Template::references).filter(is_foreign);
    let mut reads: Vec<(String, String)> = others
        .flat_map(|reference| wiring.ports_of(reference))
        .collect();
    reads.sort_unstable();
    reads.dedup();
    reads
}
