//! `[seeds.NAME]`, and what holds for tasks that bring data: of a seed, or of the migrations.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::section::Section;
use crate::config::suggest;
use crate::model::{Kind, Migrations, Seed, SeedContent, Service, Task};

/// Reads one seed.
pub(super) fn read(section: &Section<'_>, services: &IndexMap<String, Service>) -> Option<Seed> {
    let service = section.needed("service", "the `postgres` service that the data goes to");
    if let Some(name) = &service {
        check_database(section, name, services);
    }
    let content = match (section.has("file"), section.has("task")) {
        (true, false) => dump(section),
        (false, true) => sent(section),
        (both, _) => {
            let path = &section.path;
            let (message, hint) = if both {
                let message = format!("`{path}` has both `file` and `task`");
                (message, "make it two seeds: dumps are loaded first")
            } else {
                let message = format!("`{path}` needs one of `file` and `task`");
                let hint = "`file` is a dump, `.sql` or `.sql.gz`; `task` a task that sends data";
                (message, hint)
            };
            section.wrong_with("", message, Some(hint.to_owned()));
            None
        }
    };
    Some(Seed {
        service: service?,
        content: content?,
    })
}

fn dump(section: &Section<'_>) -> Option<SeedContent> {
    let path = section.host_path("file")?;
    if section.has("inputs") {
        let hint = "a dump is compared by its content".to_owned();
        section.wrong_with("inputs", "`inputs` goes with `task`", Some(hint));
    }
    Some(SeedContent::Dump {
        file: path,
        superuser: section.boolean("superuser"),
    })
}

fn sent(section: &Section<'_>) -> Option<SeedContent> {
    if section.has("superuser") {
        let hint = "a task has the rights that its own user has".to_owned();
        section.wrong_with("superuser", "`superuser` goes with `file`", Some(hint));
    }
    let task = task_name(section)?;
    Some(SeedContent::Task {
        task,
        inputs: section.host_paths("inputs", None),
    })
}

/// Reads the name of a declared task.
pub(super) fn task_name(section: &Section<'_>) -> Option<String> {
    let name = section.text("task")?;
    let tasks = &section.reader.names.tasks;
    if tasks.contains(&name) {
        return Some(name);
    }
    let hint = suggest::did_you_mean(&name, tasks.iter().map(String::as_str));
    section.wrong_with("task", format!("there is no task `{name}`"), hint);
    None
}

/// Reports a `service` that is none or is no database.
pub(super) fn check_database(
    section: &Section<'_>,
    name: &str,
    services: &IndexMap<String, Service>,
) {
    let databases = services
        .iter()
        .filter(|(_, service)| matches!(service.kind, Kind::Postgres(_)))
        .map(|(name, _)| name.as_str());
    match services.get(name).map(|service| &service.kind) {
        Some(Kind::Postgres(_)) => {}
        Some(Kind::Container | Kind::Redis(_)) => {
            let message = format!("the service `{name}` is no database");
            let hint = suggest::did_you_mean(name, databases);
            section.wrong_with("service", message, hint);
        }
        None => {
            let hint = suggest::did_you_mean(name, databases);
            section.wrong_with("service", format!("there is no service `{name}`"), hint);
        }
    }
}

/// What was read and may name a task.
pub(super) struct Parts<'a> {
    pub services: &'a IndexMap<String, Service>,
    pub tasks: &'a IndexMap<String, Task>,
    pub seeds: &'a IndexMap<String, Seed>,
}

/// Reports tasks that bring data and are used for anything else.
pub(super) fn check_tasks(root: &Section<'_>, parts: &Parts<'_>) {
    let mut users: BTreeMap<&str, String> = BTreeMap::new();
    for (service, section) in root.sections("services") {
        let Some(task) = migrating(&service, parts.services) else {
            continue;
        };
        let Some(section) = section.section("migrations") else {
            continue;
        };
        take(&section, task, &mut users);
        let needs = parts.tasks.get(task).map(|task| task.depends_on.keys());
        let other = needs.into_iter().flatten().find(|name| **name != service);
        if let Some(other) = other {
            let message = format!("the task `{task}` depends on `{other}`");
            let hint = format!("what migrates `{service}` can wait for that alone");
            section.wrong_with("task", message, Some(hint));
        }
    }
    for (name, section) in root.sections("seeds") {
        if let Some(SeedContent::Task { task, .. }) = parts.seeds.get(&name).map(|it| &it.content) {
            take(&section, task, &mut users);
        }
    }
    for kind in ["services", "tasks"] {
        for (_, section) in root.sections(kind) {
            refuse_waiting(&section, &users);
        }
    }
}

/// Returns the task that migrates a database.
fn migrating<'a>(service: &str, services: &'a IndexMap<String, Service>) -> Option<&'a str> {
    let Kind::Postgres(postgres) = &services.get(service)?.kind else {
        return None;
    };
    match postgres.migrations.as_ref()? {
        Migrations::Task(task) => Some(task),
        Migrations::Folder(_) => None,
    }
}

fn take<'a>(section: &Section<'_>, task: &'a str, users: &mut BTreeMap<&'a str, String>) {
    if let Some(other) = users.insert(task, section.path.clone()) {
        let message = format!("the task `{task}` brings the data of `{other}` already");
        let hint = Some("give each its own task".to_owned());
        section.wrong_with("task", message, hint);
    }
}

fn refuse_waiting(section: &Section<'_>, users: &BTreeMap<&str, String>) {
    for (name, dependency) in section.sections("depends_on") {
        let Some(user) = users.get(name.as_str()) else {
            continue;
        };
        let hint = if user.starts_with("seeds.") {
            "it sends its data once the services run"
        } else {
            "depend on the database, which is ready when its migrations are in"
        };
        let message = format!("nothing can wait for the task of `{user}`");
        dependency.wrong_with("", message, Some(hint.to_owned()));
    }
}
