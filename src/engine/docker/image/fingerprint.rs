//! The hash that an image which we build or load is known by: over its declaration, its inputs
//! and its bases. Paths count from the workspace, so two clones share their images.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::context::BuildContext;
use crate::engine::ImageHandle;
use crate::host::{declare, digest_of, relative};
use crate::model::{Build, Digest, HostCommand, Part, Reference};

/// Changed when the same inputs shall give another image than before.
const VERSION: &str = "1";

/// A build argument with its holes filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Argument {
    pub name: String,
    /// What the builder gets.
    pub value: String,
    /// What the hash gets: a base's id instead of its name, a secret's digest.
    identity: String,
}

/// Fills the build arguments; the error is a reason in words.
pub(super) fn arguments(
    build: &Build,
    bases: &BTreeMap<String, ImageHandle>,
) -> Result<Vec<Argument>, String> {
    let mut arguments = Vec::with_capacity(build.args.len());
    for (name, template) in &build.args {
        let (mut value, mut identity) = (String::new(), String::new());
        for part in &template.parts {
            match part {
                Part::Text(text) => {
                    value.push_str(text);
                    identity.push_str(text);
                }
                Part::Secret(secret) => {
                    value.push_str(secret.expose());
                    identity.push_str(&secret.digest());
                }
                Part::Reference(Reference::Image(image)) => {
                    let Some(base) = bases.get(image) else {
                        return Err(format!("its base `{image}` is not there"));
                    };
                    value.push_str(&base.reference);
                    identity.push_str(&base.id);
                }
                Part::Reference(reference) => {
                    return Err(format!(
                        "`{name}` names {reference}, which no build can reach"
                    ));
                }
            }
        }
        arguments.push(Argument {
            name: name.clone(),
            value,
            identity,
        });
    }
    Ok(arguments)
}

/// Returns the digest of what a build is made from: the inputs of its `prepare`, else its context.
pub(super) fn build_content(build: &Build, workspace: &Path) -> io::Result<String> {
    match &build.prepare {
        Some(prepare) => digest_of(&prepare.inputs, workspace),
        None => BuildContext::read(&build.context, &build.dockerfile)?.digest(),
    }
}

/// Returns the hash of a built image.
pub(super) fn built(
    build: &Build,
    arguments: &[Argument],
    content: &str,
    workspace: &Path,
) -> String {
    let mut digest = Digest::new();
    digest.field("source", "build").field("version", VERSION);
    digest.field("dockerfile", bytes(&build.dockerfile));
    digest.field("target", build.target.as_deref().unwrap_or_default());
    for argument in arguments {
        digest.field("name", &argument.name);
        digest.field("value", &argument.identity);
    }
    if let Some(prepare) = &build.prepare {
        digest.field("context", bytes(relative(&build.context, workspace)));
        declare(&mut digest, prepare, workspace);
    }
    digest.field("content", content);
    digest.finish()
}

/// Returns the hash of a loaded image.
pub(super) fn loaded(load: &HostCommand, workspace: &Path) -> io::Result<String> {
    let mut digest = Digest::new();
    digest.field("source", "load").field("version", VERSION);
    declare(&mut digest, load, workspace);
    digest.field("content", digest_of(&load.inputs, workspace)?);
    Ok(digest.finish())
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use indexmap::IndexMap;

    use super::*;
    use crate::model::{Secret, Template};

    fn base(id: &str) -> BTreeMap<String, ImageHandle> {
        let handle = ImageHandle {
            id: id.to_owned(),
            reference: "debian:bullseye".to_owned(),
        };
        BTreeMap::from([("debian".to_owned(), handle)])
    }

    fn build(arg: Part) -> Build {
        Build {
            context: PathBuf::from("/w/context"),
            dockerfile: PathBuf::from("Dockerfile"),
            args: IndexMap::from([("BASE".to_owned(), Template { parts: vec![arg] })]),
            target: None,
            prepare: None,
        }
    }

    #[test]
    fn a_base_counts_by_its_id_and_is_given_by_its_name() {
        let build = build(Part::Reference(Reference::Image("debian".to_owned())));
        let hash = |id: &str| {
            let arguments = arguments(&build, &base(id)).unwrap();
            assert_eq!(arguments[0].value, "debian:bullseye");
            built(&build, &arguments, "content", Path::new("/w"))
        };
        assert_ne!(hash("sha256:1"), hash("sha256:2"));
        let missing = arguments(&build, &BTreeMap::new()).unwrap_err();
        assert_eq!(missing, "its base `debian` is not there");
    }

    #[test]
    fn a_secret_counts_by_its_digest() {
        let build = build(Part::Secret(Secret::new("hunter2")));
        let arguments = arguments(&build, &BTreeMap::new()).unwrap();
        assert_eq!(arguments[0].value, "hunter2");
        assert_eq!(arguments[0].identity, Secret::new("hunter2").digest());
    }

    fn load(root: &Path) -> HostCommand {
        HostCommand {
            command: vec!["make-it".to_owned()],
            working_dir: root.to_owned(),
            inputs: vec![root.join("in")],
            environment: IndexMap::new(),
        }
    }

    #[test]
    fn two_clones_share_a_hash_and_an_input_changes_it() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for root in [&one, &other] {
            fs_err::create_dir_all(root.path().join("in")).unwrap();
            fs_err::write(root.path().join("in/file"), "1").unwrap();
        }
        let hash = |root: &Path| loaded(&load(root), root).unwrap();
        assert_eq!(hash(one.path()), hash(other.path()));
        fs_err::write(other.path().join("in/file"), "2").unwrap();
        assert_ne!(hash(one.path()), hash(other.path()));
        fs_err::remove_dir_all(other.path().join("in")).unwrap();
        assert!(loaded(&load(other.path()), other.path()).is_err());
    }
}
