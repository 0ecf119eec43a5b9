//! `cargo xtask image-context PROGRAM`: a folder from which an image with one program is built.
//! The program is static, so it runs on an empty image and on any host, whatever C library it has.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::{program, repository};

/// A profile of its own keeps these artefacts apart from those of everyday builds.
const PROFILE: &str = "service";

/// Builds the program and writes `target/images/PROGRAM/`.
pub(crate) fn run(root: &Path, name: &str) -> anyhow::Result<()> {
    let service = service(root, name)?;
    let built = build(root, name)?;
    let context = Context::new(root, name)?;
    let mut changed = context.put(&built, name)?;
    changed |= context.put(&service.join("Dockerfile"), "Dockerfile")?;
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

/// Returns the folder under fixtures/services/ whose package has that name.
fn service(root: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let services = root.join("fixtures/services");
    let mut known = Vec::new();
    for folder in repository::folders(&services)? {
        let folder = services.join(folder);
        let manifest = fs_err::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        let package = manifest
            .lines()
            .find_map(|line| line.strip_prefix("name = "));
        match package.map(|quoted| quoted.trim_matches('"').to_owned()) {
            Some(package) if package == name => return Ok(folder),
            Some(package) => known.push(package),
            None => {}
        }
    }
    bail!(
        "no service has the program `{name}`; there are: {}",
        known.join(", ")
    )
}

fn build(root: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let triple = host_triple(root)?;
    // A target folder of its own: the lock of a build that is under way does not hold this one up.
    let target = target_folder(root).join("services");
    let mut command = program::cargo(root);
    command.args(["build", "--locked", "--package", name, "--profile", PROFILE]);
    // Without a triple, cargo would give the flags to build scripts and procedural macros as well.
    command
        .args(["--target", &triple])
        .arg("--target-dir")
        .arg(&target);
    command.env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static");
    program::run(&mut command).with_context(|| format!("cannot build {name}"))?;
    Ok(target.join(triple).join(PROFILE).join(name))
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
