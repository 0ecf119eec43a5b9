//! `[tasks.NAME]`.

use indexmap::IndexMap;

use super::section::Section;
use super::{depends, image, process, volume};
use crate::config::suggest;
use crate::model::{ImageSource, Service, Task};

/// Reads one task; with `service`, it takes over what that service runs with.
pub(super) fn read(section: &Section<'_>, services: &IndexMap<String, Service>) -> Task {
    let command = section.command("command");
    let host = host(section, services);
    if host.is_some_and(|host| host.image.is_some()) {
        section.missing("command", "the service's own command would never end");
    }
    let mut task = Task {
        image: image::source(section, "image").unwrap_or(ImageSource::Named(String::new())),
        command,
        entrypoint: section.command("entrypoint"),
        environment: IndexMap::new(),
        volumes: volume::read(section),
        user: section.text("user"),
        working_dir: section.text("working_dir"),
        depends_on: depends::read(section),
        process: process::of_task(section, host),
        timeout: section.duration("timeout").unwrap_or_default(),
    };
    let environment = section.templates("environment");
    if let Some(host) = host {
        take_over(&mut task, host);
    }
    task.environment.extend(environment);
    task
}

/// Fills in what a task leaves out.
fn take_over(task: &mut Task, host: &Service) {
    if let Some(image) = &host.image {
        task.image.clone_from(image);
    }
    task.environment.clone_from(&host.environment);
    let targets: Vec<_> = task.volumes.iter().map(|it| it.target.clone()).collect();
    let others = host.volumes.iter();
    let others = others.filter(|it| !targets.contains(&it.target));
    task.volumes.extend(others.cloned());
    task.user = task.user.take().or_else(|| host.user.clone());
    task.working_dir = task.working_dir.take().or_else(|| host.working_dir.clone());
}

/// Returns the service that a task runs as, if it names one.
fn host<'a>(section: &Section<'_>, services: &'a IndexMap<String, Service>) -> Option<&'a Service> {
    let (image, service) = (section.has("image"), section.has("service"));
    if image && service {
        let message = format!("`{}` has both `image` and `service`", section.path);
        let hint = "take one out: a task runs in the image of its service".to_owned();
        section.wrong_with("", message, Some(hint));
        return None;
    }
    if !image && !service && !section.has("process") {
        let message = format!(
            "`{}` needs one of `image`, `service` and `process`",
            section.path
        );
        section.wrong("", message);
    }
    let name = section.text("service")?;
    let Some(service) = services.get(&name) else {
        let hint = suggest::did_you_mean(&name, services.keys().map(String::as_str));
        section.wrong_with("service", format!("there is no service `{name}`"), hint);
        return None;
    };
    if service.image.is_none() && service.process.is_some() && !section.has("process") {
        let message = format!("the service `{name}` has no image for a task to run in");
        let hint = format!("say how it runs without one: `[{}.process]`", section.path);
        section.wrong_with("service", message, Some(hint));
    }
    Some(service)
}
