//! Where a service's port can be reached from this process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::PoisonError;

use super::{Docker, container, ports};
use crate::engine::{Error, ServiceState, port};

/// Returns the published address of a running service's port.
pub(super) async fn address(
    docker: &Docker,
    service: &str,
    port: &str,
) -> Result<SocketAddr, Error> {
    let Some(found) = container::inspect(docker, service).await? else {
        return Err(Error::NoService {
            service: service.to_owned(),
        });
    };
    if container::state_of(found.state.as_ref()) != ServiceState::Running {
        return Err(Error::NotRunning {
            service: service.to_owned(),
        });
    }
    match ports::published(&found).get(port) {
        Some(published) => Ok(published.reached()),
        None => Err(Error::NoPort {
            service: service.to_owned(),
            port: port.to_owned(),
        }),
    }
}

/// The address at which a container asks the daemon for names.
const NAMES: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));

/// Returns what listens in a running service's container; `None` where its processes are not this
/// machine's, as behind a daemon in a virtual one.
pub(super) async fn listeners(
    docker: &Docker,
    service: &str,
) -> Result<Option<Vec<SocketAddr>>, Error> {
    let Some((pid, id)) = main_process(docker, service).await? else {
        return Ok(None);
    };
    let found = port::addresses_around(pid).map(|mut found| {
        found.retain(|address| address.ip() != NAMES);
        found
    });
    // Another process may have its number by now.
    Ok(found.filter(|_| is_in(pid, &id)))
}

/// Returns the main process of a service's container, and the container's id. The daemon is asked
/// again only when that process is no more: this is looked at every few milliseconds.
async fn main_process(docker: &Docker, service: &str) -> Result<Option<(u32, String)>, Error> {
    let mains = || docker.mains.lock().unwrap_or_else(PoisonError::into_inner);
    let known = mains().get(service).cloned();
    if let Some(known) = known.filter(|(pid, id)| is_in(*pid, id)) {
        return Ok(Some(known));
    }
    let Some(found) = container::inspect(docker, service).await? else {
        return Err(Error::NoService {
            service: service.to_owned(),
        });
    };
    let pid = found.state.as_ref().and_then(|state| state.pid);
    let pid = pid.and_then(|pid| u32::try_from(pid).ok());
    let (id, _) = container::identify(&found);
    let main = pid.map(|pid| (pid, id.to_owned()));
    let main = main.filter(|(pid, id)| is_in(*pid, id));
    if let Some(main) = &main {
        mains().insert(service.to_owned(), main.clone());
    }
    Ok(main)
}

/// Whether a process of this machine is in a container.
fn is_in(pid: u32, id: &str) -> bool {
    let groups = fs_err::read_to_string(format!("/proc/{pid}/cgroup"));
    !id.is_empty() && groups.is_ok_and(|groups| groups.contains(id))
}
