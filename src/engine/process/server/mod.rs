//! What a server needs beside its program: data, a user and the settings that say where it is.

mod cluster;
mod postgres;
mod redis;
mod socket;
mod stale;

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::prepared::Prepared;
use super::record::Record;
use super::user::{HostUser, server_user};
use super::{ProcessEngine, way};
use crate::engine::{Error, Launch, ServerSpec, ServiceKind, ServiceSpec};
use crate::host;
use crate::kinds::Facts;
use crate::model::MountSource;

/// Makes what a server needs, and says how to start it. `folder` is the service's own; `address`
/// is where the server shall listen.
pub(super) async fn prepare(
    process: &ProcessEngine,
    spec: &ServiceSpec,
    launch: &Launch,
    folder: &Path,
    address: SocketAddr,
) -> Result<Prepared, Error> {
    let server = NewServer {
        process,
        spec,
        launch,
        folder,
        address,
    };
    let prepared = match &spec.server {
        Some(ServerSpec::Postgres(postgres)) => postgres::prepare(&server, postgres).await,
        Some(ServerSpec::Redis) => redis::prepare(&server),
        None => Err(host::CommandFailure::because("it is not a server")),
    };
    prepared.map_err(|failure| Error::Prepare {
        service: spec.name.clone(),
        reason: failure.reason,
        output: failure.output,
    })
}

/// Takes away what a killed server left and the next start would trip over; the error says why it
/// cannot be.
pub(super) fn before_start(record: &Record) -> Result<(), String> {
    if record.kind != ServiceKind::Postgres {
        return Ok(());
    }
    let removed = stale::remove(&record.working_dir.join(postgres::DATA));
    removed.map_err(|failure| failure.reason)?;
    let Some(folder) = &record.socket_dir else {
        return Ok(());
    };
    let made = socket::make_anew(folder, record.user.as_ref());
    made.map_err(|error| unusable(error).reason)
}

/// A server that is to be.
struct NewServer<'a> {
    process: &'a ProcessEngine,
    spec: &'a ServiceSpec,
    launch: &'a Launch,
    folder: &'a Path,
    address: SocketAddr,
}

impl NewServer<'_> {
    /// Returns the server's program.
    fn program(&self) -> &Path {
        Path::new(&self.launch.image.reference)
    }

    /// Returns the folder of the server's volume.
    fn volume(&self) -> Result<PathBuf, host::CommandFailure> {
        let mut mounts = self.spec.mounts.iter();
        let volume = mounts.find_map(|mount| match &mount.source {
            MountSource::Volume(name) => Some(name),
            MountSource::Bind(_) => None,
        });
        let volume = volume.ok_or_else(|| host::CommandFailure::because("it has no volume"))?;
        let id = &self.process.identity.id;
        Ok(self.process.home.volume(id, volume))
    }

    /// Returns whom the server runs as: whose its data is, since a better user may have come to
    /// the machine later, else the first of its kind's users, or nobody.
    fn user(&self, kind: &Facts) -> Result<Option<HostUser>, host::CommandFailure> {
        let names = [kind.users, &["nobody"]].concat();
        let user = server_user(&names).map_err(host::CommandFailure::because)?;
        let owner = fs_err::metadata(self.volume()?).map(|it| it.uid()).ok();
        let owner = owner.filter(|uid| *uid != 0 && user.is_some());
        let owner = owner.and_then(|uid| HostUser::find(&uid.to_string()));
        Ok(owner.or(user))
    }

    /// Makes the folder of the server's data, open to `user` only.
    fn data(&self, user: Option<&HostUser>) -> Result<PathBuf, host::CommandFailure> {
        let folder = self.volume()?;
        let top = &self.process.home.state;
        let made = host::make_folder(&folder)
            .and_then(|()| way::open(top, &folder))
            .and_then(|()| way::give(&folder, user));
        made.map_err(unusable)?;
        Ok(folder)
    }

    /// Returns a variable that is declared for the server.
    fn variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.launch.environment.iter();
        let found = variables.find(|(key, _)| key == name);
        found.map(|(_, value)| value.expose())
    }

    /// Returns the arguments of the declared command, which names the server or only options.
    fn arguments(&self, kind: &Facts) -> Result<Vec<String>, host::CommandFailure> {
        let programs = kind.programs;
        let words = self.launch.command.iter().flatten();
        let mut words: Vec<String> = words.map(|word| word.expose().to_owned()).collect();
        match words.first() {
            Some(first) if programs.contains(&first.as_str()) => {
                words.remove(0);
            }
            Some(first) if !first.starts_with('-') => {
                return Err(host::CommandFailure::because(format!(
                    "its command starts with `{first}`, and not with `{}` or an option",
                    programs[0]
                )));
            }
            Some(_) | None => {}
        }
        Ok(words)
    }

    /// Returns a `PATH` that begins with the server's own programs.
    fn path(&self) -> (String, String) {
        let own = self.program().parent().unwrap_or(Path::new("/"));
        let inherited = self.process.variables.get("PATH");
        let path = match inherited {
            Some(inherited) => format!("{}:{inherited}", own.display()),
            None => format!("{}:/usr/local/bin:/usr/bin:/bin", own.display()),
        };
        ("PATH".to_owned(), path)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it goes into `map_err`")]
fn unusable(error: std::io::Error) -> host::CommandFailure {
    host::CommandFailure::because(format!("its folder cannot be made: {error}"))
}
