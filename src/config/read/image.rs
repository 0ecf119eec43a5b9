//! `[images.NAME]`, the commands on the host that images need, and which image a service runs.

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::cycles::cycles;
use super::section::Section;
use crate::config::mistake::Mistake;
use crate::config::paths;
use crate::config::schema::{Claimed, is_image_reference};
use crate::config::suggest;
use crate::model::{Build, HostCommand, Image, ImageSource, Reference};

/// Reads one image.
pub(super) fn read(section: &Section<'_>) -> Image {
    if !["pull", "build", "load"].iter().any(|key| section.has(key)) {
        let message = format!("`{}` has no source", section.path);
        let hint = "give it `pull`, `build` or `load`".to_owned();
        section.wrong_with("", message, Some(hint));
    }
    Image {
        pull: section.text("pull"),
        build: section.section("build").map(|build| read_build(&build)),
        load: section.section("load").map(|load| host_command(&load)),
    }
}

fn read_build(section: &Section<'_>) -> Build {
    section.missing("context", "");
    let context = section.host_path("context").unwrap_or_default();
    let prepare = section
        .section("prepare")
        .map(|prepare| host_command(&prepare));
    let dockerfile = dockerfile(section, &context);
    if let (None, Some(node)) = (&prepare, section.get("context")) {
        section.reader.claim(&context, Claimed::Folder, node);
        let node = section.get("dockerfile").unwrap_or(node);
        let path = paths::join(&context, &dockerfile.to_string_lossy());
        section.reader.claim(&path, Claimed::File, node);
    }
    let args = section.templates("args");
    for (name, template) in &args {
        for reference in template.references() {
            if let Reference::Service { .. } = reference {
                let why = "no service runs while an image is built";
                let message = format!("`{reference}` cannot stand in a build argument: {why}");
                let args = section.section("args");
                args.inspect(|args| args.wrong(name, message));
            }
        }
    }
    Build {
        context,
        dockerfile,
        args,
        target: section.text("target"),
        prepare,
    }
}

/// Reads `dockerfile`, which starts at its context and stays in it.
fn dockerfile(section: &Section<'_>, context: &Path) -> PathBuf {
    let text = section.text("dockerfile");
    let text = text.unwrap_or_else(|| "Dockerfile".to_owned());
    let whole = paths::join(context, &text);
    if let Ok(inside) = whole.strip_prefix(context) {
        return inside.to_owned();
    }
    let shown = paths::shown(context, section.reader.workspace);
    let message = format!("`{text}` is outside of the context `{shown}`");
    section.wrong("dockerfile", message);
    PathBuf::from(text)
}

/// Reads a command on the host.
pub(super) fn host_command(section: &Section<'_>) -> HostCommand {
    section.missing("command", "");
    let working_dir = section.host_path("working_dir");
    let working_dir = working_dir.unwrap_or_else(|| section.reader.workspace.to_owned());
    let inputs = if section.has("inputs") {
        section.host_paths("inputs", Some(&working_dir))
    } else {
        Vec::new()
    };
    HostCommand {
        command: section.plain_command("command").unwrap_or_default(),
        inputs,
        working_dir,
        environment: section.plain_texts("environment"),
    }
}

/// Reads which image a service or task runs.
pub(super) fn source(section: &Section<'_>, key: &str) -> Option<ImageSource> {
    // `${images.x}` is as good as its name.
    if let Some(Reference::Image(name)) = section
        .template(key)
        .filter(|template| template.parts.len() == 1)
        .and_then(|template| template.references().next().cloned())
    {
        return Some(ImageSource::Named(name));
    }
    let text = section.text(key)?;
    let images = &section.reader.names.images;
    if images.contains(&text) {
        return Some(ImageSource::Named(text));
    }
    if !text.contains(['/', ':', '@']) {
        let known = images.iter().map(String::as_str);
        let hint = suggest::did_you_mean(&text, known).unwrap_or_else(|| {
            format!("declare `[images.{text}]`, or write a reference with a tag: `{text}:latest`")
        });
        section.wrong_with(key, format!("there is no image `{text}`"), Some(hint));
        return None;
    }
    if !is_image_reference(&text) {
        section.wrong(key, format!("`{text}` is no image reference"));
    }
    Some(ImageSource::Reference(text))
}

/// Reports images whose bases go round in a circle.
pub(super) fn check_bases(all: &Section<'_>, images: &IndexMap<String, Image>) {
    let bases = |name: &str| -> Vec<String> {
        let build = images.get(name).and_then(|image| image.build.as_ref());
        let args = build.into_iter().flat_map(|build| build.args.values());
        args.flat_map(|template| template.references().cloned().collect::<Vec<_>>())
            .filter_map(|reference| match reference {
                Reference::Image(base) => Some(base),
                _ => None,
            })
            .collect()
    };
    for chain in cycles(images.keys().map(String::as_str), bases) {
        let node = all.get("images").and_then(|all| all.get(&chain[0]));
        let message = format!("images are built on each other: {}", chain.join(" -> "));
        let mistake = Mistake::new(message);
        let mistake = match node {
            Some(node) => mistake.at(&node.key),
            None => mistake,
        };
        all.reader.report(mistake);
    }
}
