//! The whole environment: every table is read, then what refers to each other is checked.

use std::path::PathBuf;

use indexmap::IndexMap;

use super::reader::Reader;
use super::section::Section;
use super::{cases, check, depends, flow, image, port, replicas, seed, service, task};
use crate::config::mistake::Mistake;
use crate::config::schema::{ROOT, Shape};
use crate::config::tree::Node;
use crate::model::{Check, EngineChoice, Environment, Secret, Service};

/// What is known of an environment before its tables are read.
pub(crate) struct Known {
    pub name: String,
    pub folder: PathBuf,
    pub profiles: Vec<String>,
    pub secrets: Vec<Secret>,
}

/// Reads the environment; what is wrong is in the reader.
pub(crate) fn read(root: &Node, known: Known, reader: &Reader<'_>) -> Environment {
    let section = Section {
        reader,
        path: String::new(),
        node: root,
        shape: Shape::Table(&ROOT),
    };
    check_names(&section);
    let images = section.sections("images").into_iter();
    let images: IndexMap<_, _> = images
        .map(|(name, section)| (name, image::read(&section)))
        .collect();
    let services = section.sections("services").into_iter();
    let services: IndexMap<_, _> = services
        .map(|(name, section)| (name, service::read(&section)))
        .collect();
    let tasks = section.sections("tasks").into_iter();
    let tasks: IndexMap<_, _> = tasks
        .map(|(name, section)| (name, task::read(&section, &services)))
        .collect();
    let seeds = section.sections("seeds").into_iter();
    let seeds: IndexMap<_, _> = seeds
        .filter_map(|(name, section)| {
            let seed = seed::read(&section, &services)?;
            Some((name, seed))
        })
        .collect();
    let mut checks = checks(&section, &services);
    flow::check(&section, &mut checks);
    image::check_bases(&section, &images);
    depends::check(&section, &services, &tasks);
    let parts = seed::Parts {
        services: &services,
        tasks: &tasks,
        seeds: &seeds,
    };
    seed::check_tasks(&section, &parts);
    port::check(&section, &services);
    replicas::check(&section, &services);
    Environment {
        name: known.name,
        description: section.text("description"),
        engine: engine(&section),
        folder: known.folder,
        profiles: known.profiles,
        images,
        services,
        seeds,
        tasks,
        checks,
        secrets: known.secrets,
    }
}

fn checks(root: &Section<'_>, services: &IndexMap<String, Service>) -> IndexMap<String, Check> {
    let sections = root.sections("smoke");
    let mut checks = IndexMap::with_capacity(sections.len());
    for (declared, section) in sections {
        for case in cases::cases(&declared, &section) {
            let section = Section {
                node: &case.node,
                ..section.clone()
            };
            if let Some(check) = check::read(&section, &declared, services) {
                checks.insert(case.name, check);
            }
        }
    }
    checks
}

fn engine(section: &Section<'_>) -> EngineChoice {
    let name = section.text("engine");
    name.and_then(|name| EngineChoice::named(&name))
        .unwrap_or_default()
}

/// Reports names that are used twice.
fn check_names(root: &Section<'_>) {
    for (name, section) in root.sections("tasks") {
        if root.reader.names.services.contains(&name) {
            let message = format!("`{name}` is the name of a service and of a task");
            let mistake = Mistake::new(message).at(&section.node.key);
            root.reader.report(mistake);
        }
    }
}
