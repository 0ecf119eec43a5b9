//! Where a service's port can be reached from this process.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Docker, container, ports};
use crate::engine::{Error, ServiceState};

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
        Some(published) => Ok(SocketAddr::new(reachable(published.bind), published.host)),
        None => Err(Error::NoPort {
            service: service.to_owned(),
            port: port.to_owned(),
        }),
    }
}

/// "Every address" is no address to connect to.
fn reachable(bind: IpAddr) -> IpAddr {
    match bind {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}
