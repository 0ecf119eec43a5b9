//! A PostgreSQL server's first data, made beside its place, which only whole data gets.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use tokio::process::Command;

use super::unusable;
use crate::engine::process::user::HostUser;
use crate::engine::process::way;
use crate::host::{CommandFailure, Group, LastLines};

/// How the names of folders begin in which data is made.
const SCRATCH: &str = "pgdata.new-";

/// What the first data is made with.
pub(super) struct Cluster<'a> {
    /// The server's program; `initdb` is beside it.
    pub program: &'a Path,
    pub user: Option<&'a HostUser>,
    pub superuser: &'a str,
    pub password: Option<&'a str>,
    /// How clients prove who they are: `scram-sha-256`.
    pub authentication: &'a str,
    /// Further arguments of `initdb`, which win.
    pub arguments: Vec<String>,
}

impl Cluster<'_> {
    /// Makes the data as `pgdata` in `volume`.
    pub(super) async fn make(&self, volume: &Path) -> Result<(), CommandFailure> {
        let scratch = Scratch::below(volume).map_err(unusable)?;
        self.prepare(&scratch.0).map_err(unusable)?;
        // Not every C library has it.
        if self.initdb(&scratch.0, "C.UTF-8").await.is_err() {
            remove_data(&scratch.0).map_err(unusable)?;
            self.initdb(&scratch.0, "C").await?;
        }
        let data = scratch.0.join("data");
        open_to_hosts(&data, self.authentication).map_err(unusable)?;
        fs_err::rename(data, volume.join("pgdata")).map_err(unusable)
    }

    fn prepare(&self, scratch: &Path) -> std::io::Result<()> {
        if let Some(password) = self.password {
            write_secret(&scratch.join("password"), password)?;
        }
        match self.user {
            Some(user) => way::give_all(scratch, user),
            None => Ok(()),
        }
    }

    /// Runs `initdb`, which also sees to it that all is on the disk.
    async fn initdb(&self, scratch: &Path, locale: &str) -> Result<(), CommandFailure> {
        let initdb = self.program.with_file_name("initdb");
        let mut command = Command::new(&initdb);
        command
            .args(["--pgdata", "data", "--username", self.superuser])
            .args(["--auth-local=trust", "--encoding=UTF8"])
            .arg(format!("--auth-host={}", self.authentication))
            .arg(format!("--locale={locale}"));
        if self.password.is_some() {
            command.arg("--pwfile=password");
        }
        command
            .args(&self.arguments)
            .current_dir(scratch)
            // As in a container, whatever the machine's own are.
            .envs([("TZ", "UTC"), ("LC_ALL", "C")])
            .env_remove("PGDATA");
        if let Some(user) = self.user {
            command.uid(user.uid).gid(user.gid).env("HOME", &user.home);
        }
        // What it starts writes to the scratch folder too, and goes with it.
        let group = Group::start(command).map_err(|error| {
            CommandFailure::because(format!("{} cannot be started: {error}", initdb.display()))
        })?;
        let output = group.collect(None).await.map_err(unusable)?;
        if output.status.success() {
            return Ok(());
        }
        let mut last = LastLines::default();
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8_lossy(text);
            text.lines().for_each(|line| last.push(line.to_owned()));
        }
        Err(CommandFailure {
            reason: "`initdb` could not make its data".to_owned(),
            output: last.into_vec(),
        })
    }
}

/// Lets clients from everywhere prove who they are, where the server listens for them: `initdb`
/// names only those of this machine.
fn open_to_hosts(data: &Path, method: &str) -> std::io::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    let mut rules = options.append(true).open(data.join("pg_hba.conf"))?;
    writeln!(rules, "\nhost all all all {method}")
}

fn write_secret(file: &Path, secret: &str) -> std::io::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    writeln!(file, "{secret}")
}

fn remove_data(scratch: &Path) -> std::io::Result<()> {
    match fs_err::remove_dir_all(scratch.join("data")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// A folder that goes when whoever made it is done.
struct Scratch(PathBuf);

impl Scratch {
    fn below(volume: &Path) -> std::io::Result<Self> {
        for entry in fs_err::read_dir(volume)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
                // Left by a killed run, whose `initdb` may still be writing to it.
                let _ = fs_err::remove_dir_all(entry.path());
            }
        }
        let folder = volume.join(format!("{SCRATCH}{}", std::process::id()));
        fs_err::create_dir_all(&folder)?;
        fs_err::set_permissions(&folder, Permissions::from_mode(0o700))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs_err::remove_dir_all(&self.0);
    }
}
