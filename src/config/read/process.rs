//! `process`: how a service or a task runs without a container.

use super::image;
use super::section::Section;
use crate::config::mistake::Mistake;
use crate::model::{Process, Service, Template};

/// Reads the table of a service.
pub(super) fn read(section: &Section<'_>) -> Process {
    section.missing("command", "");
    Process {
        build: section
            .section("build")
            .map(|build| image::host_command(&build)),
        command: command(section).unwrap_or_default(),
        working_dir: section
            .host_path("working_dir")
            .unwrap_or_else(|| section.reader.workspace.to_owned()),
        environment: section.templates("environment"),
        user: section.text("user"),
    }
}

/// Reads what runs; its program is known before anything does.
fn command(section: &Section<'_>) -> Option<Vec<Template>> {
    let words = section.command("command")?;
    if let Some(reference) = words.first()?.references().next() {
        let message = format!("`{reference}` cannot stand in the name of the program");
        section.wrong("command", message);
        return None;
    }
    Some(words)
}

/// Reads the table of a task. What it leaves out is that of the service it runs as; but what the
/// task itself says in `environment` goes before what the service's process says.
pub(super) fn of_task(task: &Section<'_>, host: Option<&Service>) -> Option<Process> {
    let section = task.section("process")?;
    if let Some(node) = section.get("bin_dir") {
        let path = section.path_of("bin_dir");
        let message = format!("`{path}` belongs to a service of kind `postgres` or `redis`");
        let hint = "take it out: `command` names the task's program";
        let mistake = Mistake::new(message).at(&node.key);
        section.reader.report(mistake.hint(hint));
    }
    let mut process = read(&section);
    let Some(service) = host.and_then(|host| host.process.as_ref()) else {
        return Some(process);
    };
    if !section.has("build") {
        process.build.clone_from(&service.build);
    }
    if !section.has("working_dir") {
        process.working_dir.clone_from(&service.working_dir);
    }
    if !section.has("user") {
        process.user.clone_from(&service.user);
    }
    let own = task.templates("environment");
    let mut environment = service.environment.clone();
    environment.retain(|name, _| !own.contains_key(name));
    environment.extend(process.environment);
    process.environment = environment;
    Some(process)
}
