//! What of a declaration makes a running copy of it stale.

use super::{Upkeep, form};
use crate::engine::{Readers, ServiceSpec};
use crate::model::{Digest, FileValue, Part, Reference, Template};
use crate::plan::wiring::Wiring;

/// Another number has everything made anew once, since the same declaration is run in another way than
/// before. The first one is part of no hash, so that what was made before there were numbers stays.
const EDITION: u32 = 1;

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
    let ServiceSpec {
        server: _,
        command,
        entrypoint,
        environment,
        ports,
        mounts,
        limits,
        user,
        working_dir,
        tmpfs,
        shm_size_bytes,
        restart,
        stop_signal,
        stop_grace_period,
        files,
        // The image counts by its id. Of the others none makes a running copy stale.
        image: _,
        name: _,
        service: _,
        role: _,
        order: _,
        hash: _,
    } = spec;
    let words = |templates: &Option<Vec<Template>>| {
        let there = templates.is_some();
        let texts = templates.iter().flatten().map(&canonical);
        format!("({there}, {})", form::texts(&texts.collect::<Vec<_>>()))
    };
    let optional = |value: &Option<String>| form::option(value.as_deref(), form::text);
    let mut digest = Digest::new();
    if EDITION > 1 {
        digest.field("edition", EDITION.to_string());
    }
    digest.field("kind", form::kind(spec.kind()));
    digest.field("command", words(command));
    digest.field("entrypoint", words(entrypoint));
    for (name, value) in environment {
        digest
            .field("variable", name)
            .field("value", canonical(value));
    }
    for (name, part) in spec.variables() {
        let value = Template { parts: vec![part] };
        digest
            .field("variable", name)
            .field("value", canonical(&value));
    }
    let shm = form::option(*shm_size_bytes, |it| it.to_string());
    let grace = form::duration(*stop_grace_period);
    digest
        .field("ports", form::list(ports, form::port))
        .field("mounts", form::list(mounts, form::mount))
        .field("limits", form::limits(limits))
        .field("user", optional(user))
        .field("working_dir", optional(working_dir))
        .field("tmpfs", form::texts(tmpfs))
        .field("shm", shm)
        .field("files", form::list(files, form::file))
        .field("restart", form::restart(*restart))
        .field("stop", format!("{} {grace}", optional(stop_signal)));
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
    let is_unread = |part: &Part| matches!(part, Part::Secret(secret) if secret.is_unread());
    let mut of_server = spec.variables().into_iter();
    if of_server.any(|(_, part)| is_unread(&part)) {
        return true;
    }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::{FileSpec, PortSpec, PostgresSpec, Role, ServerSpec};
    use crate::model::{
        HostPort, ImageSource, Limits, Mount, MountSource, Part, Restart, Secret, ServiceField,
    };

    fn bare() -> ServiceSpec {
        ServiceSpec::new("api", Role::Service, ImageSource::Named("api".to_owned()))
    }

    /// Declares something of everything.
    fn full() -> ServiceSpec {
        let url = Part::Reference(Reference::Service {
            service: "db".to_owned(),
            field: ServiceField::Url,
        });
        let secret = Part::Secret(Secret::new("pa\"ss"));
        let values = [
            ("URL", Template { parts: vec![url] }),
            (
                "PASSWORD",
                Template {
                    parts: vec![secret],
                },
            ),
        ];
        let mount = |source, target: &str, read_only| Mount {
            source,
            target: target.to_owned(),
            read_only,
        };
        let port = |name: &str, host, bind: &str| PortSpec {
            name: name.to_owned(),
            container: 3000,
            host,
            bind: bind.parse().unwrap(),
        };
        let file = |name: &str, readers| FileSpec {
            name: name.to_owned(),
            path: format!("/etc/{name}"),
            readers,
        };
        ServiceSpec {
            server: Some(ServerSpec::Redis),
            command: Some(vec![Template::text("serve"), Template::text("a \"b\"\n")]),
            entrypoint: Some(Vec::new()),
            environment: values
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
            ports: vec![
                port("http", HostPort::Any, "127.0.0.1"),
                port("admin", HostPort::Fixed(8080), "::1"),
            ],
            mounts: vec![
                mount(MountSource::Volume("data".to_owned()), "/data", false),
                mount(MountSource::Bind("/srv/it's \"q\"".into()), "/srv", true),
            ],
            limits: Limits {
                nano_cpus: Some(1_500_000_000),
                memory_bytes: Some(1 << 30),
                pids: None,
            },
            user: Some("1000:1000".to_owned()),
            working_dir: Some("/app".to_owned()),
            tmpfs: vec!["/tmp".to_owned(), "/run".to_owned()],
            shm_size_bytes: Some(64 << 20),
            restart: Restart::OnFailure {
                max_retries: Some(3),
            },
            stop_signal: Some("SIGINT".to_owned()),
            stop_grace_period: Duration::from_millis(2500),
            files: vec![
                file("redis.conf", Readers::Server(&["redis", "valkey"])),
                file("own.conf", Readers::All),
            ],
            ..bare()
        }
    }

    /// What stands here was made by an earlier envctl, and runs somewhere: a field that is added may
    /// change neither of these hashes while it is its default.
    #[test]
    fn what_an_earlier_version_made_is_not_made_anew() {
        let wiring = Wiring::default();
        let hash = |spec: &ServiceSpec| of_spec(spec, &Upkeep::default(), &wiring);
        let earlier = "4583eadd0e9be08488c7b4c339f0a389d1389306057ac606434a09b46179b2d6";
        assert_eq!(hash(&bare()), earlier);
        let earlier = "2dbe3571fbaf94b3bf06b05b42207ba276bc830cb18f88b34ce38e1733004f68";
        assert_eq!(hash(&full()), earlier);
    }

    fn postgres(folder: Option<&str>) -> ServiceSpec {
        ServiceSpec {
            server: Some(ServerSpec::Postgres(PostgresSpec {
                user: "app".to_owned(),
                password: Secret::new("pw"),
                database: "shop".to_owned(),
                folder: folder.map(str::to_owned),
            })),
            environment: [("TZ".to_owned(), Template::text("UTC"))].into(),
            ..bare()
        }
    }

    /// Earlier versions had these variables among the declared ones.
    #[test]
    fn what_a_server_is_made_with_counts_as_its_variables() {
        let wiring = Wiring::default();
        let hash = |spec: &ServiceSpec| of_spec(spec, &Upkeep::default(), &wiring);
        let text = |text: &str| Template::text(text);
        let password = Part::Secret(Secret::new("pw"));
        let password = Template {
            parts: vec![password],
        };
        let told = [
            ("POSTGRES_USER", text("app")),
            ("POSTGRES_PASSWORD", password),
            ("POSTGRES_DB", text("shop")),
            ("PGDATA", text("/data")),
        ];
        for (folder, told) in [(None, &told[..3]), (Some("/data"), &told)] {
            let spec = postgres(folder);
            let mut earlier = spec.clone();
            let told = told.iter().cloned();
            let told = told.map(|(name, value)| (name.to_owned(), value));
            earlier.environment.extend(told);
            assert_eq!(hash(&spec), hash(&earlier));
            // What is declared is not told twice.
            assert_eq!(earlier.variables(), []);
        }
        assert_ne!(hash(&postgres(None)), hash(&postgres(Some("/data"))));
    }

    #[test]
    fn every_field_that_makes_a_copy_stale_is_in_the_hash() {
        let wiring = Wiring::default();
        let hash = |spec: &ServiceSpec| of_spec(spec, &Upkeep::default(), &wiring);
        let changes: [fn(&mut ServiceSpec); 16] = [
            |spec| spec.server = None,
            |spec| spec.command = None,
            |spec| spec.entrypoint = None,
            |spec| drop(spec.environment.shift_remove("URL")),
            |spec| spec.ports[0].bind = [127, 0, 0, 2].into(),
            |spec| spec.mounts[1].read_only = false,
            |spec| spec.limits.pids = Some(1),
            |spec| spec.user = None,
            |spec| spec.working_dir = None,
            |spec| spec.tmpfs.truncate(1),
            |spec| spec.shm_size_bytes = None,
            |spec| spec.restart = Restart::OnFailure { max_retries: None },
            |spec| spec.stop_signal = None,
            |spec| spec.stop_grace_period += Duration::from_nanos(1),
            |spec| spec.files[0].readers = Readers::All,
            |spec| spec.files[1].path.push('x'),
        ];
        let mut hashes: Vec<String> = changes
            .iter()
            .map(|change| {
                let mut spec = full();
                change(&mut spec);
                hash(&spec)
            })
            .collect();
        hashes.push(hash(&full()));
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), changes.len() + 1);
    }
}
