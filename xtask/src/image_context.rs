//! `cargo xtask image-context SERVICE`: a folder from which an image with a service is built.
//! Its programs are static: they run on an empty image and on any host, whatever C library it has.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::{program, repository};

/// A profile of its own keeps these artefacts apart from those of everyday builds.
const PROFILE: &str = "service";

/// Builds the programs of a package and writes `target/images/PACKAGE/`.
pub(crate) fn run(root: &Path, name: &str) -> anyhow::Result<()> {
    let service = service(root, name)?;
    let built = build(root, name, &["--bins"])?;
    let context = Context::new(root, name)?;
    let mut changed = context.put(&service.folder.join("Dockerfile"), "Dockerfile")?;
    for program in &service.programs {
        changed |= context.put(&built.join(program), program)?;
    }
    let outcome = if changed { "written" } else { "unchanged" };
    println!(
        "{outcome} {}",
        context
            .folder
            .strip_prefix(root)
            .unwrap_or(&context.folder)
            .display()
    );
    Ok(())
}

/// Builds an example of a service's package as its programs are built; returns where it is.
pub(crate) fn example(root: &Path, package: &str, name: &str) -> anyhow::Result<PathBuf> {
    let built = build(root, package, &["--example", name])?;
    Ok(built.join("examples").join(name))
}

struct Service {
    folder: PathBuf,
    programs: Vec<String>,
}

/// Returns the service under fixtures/services/ whose package has that name.
fn service(root: &Path, name: &str) -> anyhow::Result<Service> {
    let services = root.join("fixtures/services");
    let mut known = Vec::new();
    for folder in repository::folders(&services)? {
        let folder = services.join(folder);
        // Without one it is a library that services share.
        if !folder.join("Dockerfile").is_file() {
            continue;
        }
        let manifest = fs_err::read_to_string(folder.join("Cargo.toml"))?;
        let Some((package, programs)) = names(&manifest) else {
            continue;
        };
        if package == name {
            return Ok(Service { folder, programs });
        }
        known.push(package);
    }
    bail!(
        "no service has the package `{name}`; there are: {}",
        known.join(", ")
    )
}

/// Returns the names of a package and of its programs; one that declares none has its own name.
fn names(manifest: &str) -> Option<(String, Vec<String>)> {
    let mut section = "";
    let mut package = None;
    let mut programs = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let Some(quoted) = line.strip_prefix("name = ") else {
            continue;
        };
        let name = quoted.trim_matches('"').to_owned();
        match section {
            "[package]" => package = Some(name),
            "[[bin]]" => programs.push(name),
            _ => {}
        }
    }
    let package = package?;
    if programs.is_empty() {
        programs.push(package.clone());
    }
    Some((package, programs))
}

/// Returns the folder with what was built.
fn build(root: &Path, name: &str, what: &[&str]) -> anyhow::Result<PathBuf> {
    let triple = host_triple(root)?;
    // A target folder of its own: the lock of a build that is under way does not hold this one up.
    let target = target_folder(root).join("services");
    let mut command = program::cargo(root);
    command.args(["build", "--locked", "--package", name, "--profile", PROFILE]);
    command.args(what);
    // Without a triple, cargo would give the flags to build scripts and procedural macros as well.
    command
        .args(["--target", &triple])
        .arg("--target-dir")
        .arg(&target);
    command.env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static");
    program::run(&mut command).with_context(|| format!("cannot build {name}"))?;
    Ok(target.join(triple).join(PROFILE))
}

fn host_triple(root: &Path) -> anyhow::Result<String> {
    let version = program::read(program::cargo(root).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("cargo -vV names no host")?.to_owned())
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo's own setting, which its build obeys too"
)]
fn target_folder(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

/// The folder that a build sends; its place never depends on cargo's settings.
struct Context {
    folder: PathBuf,
}

impl Context {
    fn new(root: &Path, name: &str) -> anyhow::Result<Self> {
        let folder = root.join("target/images").join(name);
        fs_err::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// Puts a whole file in its place, unless the same is there; says whether it changed.
    fn put(&self, source: &Path, name: &str) -> anyhow::Result<bool> {
        let place = self.folder.join(name);
        if place.is_file() && fs_err::read(&place)? == fs_err::read(source)? {
            return Ok(false);
        }
        // Beside the folder, so that an interrupted copy is never sent with it.
        let partial = self
            .folder
            .with_extension(format!("{name}.{}.partial", std::process::id()));
        fs_err::copy(source, &partial)?;
        fs_err::rename(&partial, &place)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_package_has_its_declared_programs_or_one_of_its_own_name() {
        let one = "[package]\nname = \"rates-api\"\n[dependencies]\n";
        let own = vec!["rates-api".to_owned()];
        assert_eq!(names(one), Some(("rates-api".to_owned(), own)));
        let two = "[package]\nname = \"a\"\n[lib]\nname = \"x\"\n[[bin]]\nname = \"b\"\n[[bin]]\nname = \"c\"\n";
        let declared = vec!["b".to_owned(), "c".to_owned()];
        assert_eq!(names(two), Some(("a".to_owned(), declared)));
    }
}
