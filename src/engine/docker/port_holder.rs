//! Who holds a port of this machine: a container, or a process found through /proc.

use std::net::IpAddr;
use std::path::Path;

use bollard::query_parameters::ListContainersOptions;

use super::{Docker, labels};
use crate::engine::{Error, PortHolder};

/// Returns the holder of a port that is taken, as far as it can be known.
pub(super) async fn find(docker: &Docker, bind: IpAddr, port: u16) -> Result<PortHolder, Error> {
    if let Some(holder) = publisher(docker, bind, port).await? {
        return Ok(holder);
    }
    let process = tokio::task::spawn_blocking(move || listening_process(port));
    Ok(process.await.ok().flatten().unwrap_or(PortHolder::Unknown))
}

/// Returns the container that publishes a port, whoever's it is.
pub(super) async fn publisher(
    docker: &Docker,
    bind: IpAddr,
    port: u16,
) -> Result<Option<PortHolder>, Error> {
    let call = docker
        .client
        .api()
        .list_containers(None::<ListContainersOptions>);
    let containers = docker.client.call("list the containers", call).await?;
    let holder = containers.into_iter().find(|container| {
        container.ports.iter().flatten().any(|published| {
            let ip = published.ip.as_deref().unwrap_or_default();
            published.public_port == Some(port) && overlap(bind, ip.parse().ok())
        })
    });
    Ok(holder.map(|container| {
        let name = container.names.unwrap_or_default().into_iter().next();
        PortHolder::Container {
            name: name.unwrap_or_default().trim_start_matches('/').to_owned(),
            instance: container.labels.unwrap_or_default().remove(labels::ID),
        }
    }))
}

fn overlap(wanted: IpAddr, held: Option<IpAddr>) -> bool {
    let Some(held) = held else { return true };
    wanted == held || wanted.is_unspecified() || held.is_unspecified()
}

/// Finds the process that listens on a port, on any address; one of another user is seen only
/// by root.
fn listening_process(port: u16) -> Option<PortHolder> {
    let inodes: Vec<u64> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs_err::read_to_string(table).ok())
        .flat_map(|table| listening_inodes(&table, port))
        .collect();
    let sockets: Vec<String> = inodes
        .iter()
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let processes = fs_err::read_dir("/proc").ok()?.filter_map(Result::ok);
    for process in processes {
        let Some(pid) = process.file_name().to_str().and_then(|it| it.parse().ok()) else {
            continue;
        };
        if holds_one_of(&process.path(), &sockets) {
            let command = fs_err::read_to_string(process.path().join("comm")).unwrap_or_default();
            return Some(PortHolder::Process {
                pid,
                command: command.trim_end().to_owned(),
            });
        }
    }
    None
}

fn holds_one_of(process: &Path, sockets: &[String]) -> bool {
    let Ok(files) = fs_err::read_dir(process.join("fd")) else {
        return false;
    };
    files
        .filter_map(Result::ok)
        .filter_map(|file| fs_err::read_link(file.path()).ok())
        .any(|target| sockets.iter().any(|socket| target.as_os_str() == &**socket))
}

/// Reads the kernel's table: `sl local_address rem_address st … inode`, in hex but the last.
fn listening_inodes(table: &str, port: u16) -> Vec<u64> {
    const LISTEN: &str = "0A";
    let inode = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, local_port) = fields.get(1)?.rsplit_once(':')?;
        let is_it = u16::from_str_radix(local_port, 16).ok()? == port && fields.get(3)? == &LISTEN;
        is_it.then(|| fields.get(9)?.parse().ok()).flatten()
    };
    table.lines().filter_map(inode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000 0 41 1 0 100 0
   1: 0100007F:0BB8 0100007F:A2C4 01 00000000:00000000 00:00000000 00000000  1000 0 42 1 0 100 0
   2: 00000000:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0 0 43 1 0 100 0
";

    #[test]
    fn only_listeners_of_the_port_count() {
        assert_eq!(listening_inodes(TABLE, 3000), [41]);
        assert_eq!(listening_inodes(TABLE, 5432), [43]);
        assert!(listening_inodes(TABLE, 80).is_empty());
    }

    #[test]
    fn this_process_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let Some(PortHolder::Process { pid, .. }) = listening_process(port) else {
            panic!("not found");
        };
        assert_eq!(pid, std::process::id());
    }

    #[test]
    fn addresses_overlap() {
        let loopback: IpAddr = "127.0.0.1".parse().unwrap();
        let every: IpAddr = "0.0.0.0".parse().unwrap();
        let other: IpAddr = "10.0.0.1".parse().unwrap();
        assert!(overlap(loopback, Some(every)));
        assert!(overlap(every, Some(loopback)));
        assert!(!overlap(loopback, Some(other)));
    }
}
