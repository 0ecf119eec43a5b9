//! The ports of this machine: whether one is free, and which process listens on it, found through
//! /proc.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::OnceLock;

use super::{PortHolder, process};

/// Returns whether a port can be listened on. Only "in use" is a no: a low port that needs
/// rights, or an address that is not this machine's, is for the engine to judge.
pub(super) fn is_free(bind: IpAddr, port: u16) -> bool {
    // The standard library sets SO_REUSEADDR, so connections that linger do not count.
    match TcpListener::bind((bind, port)) {
        Ok(_) => true,
        Err(error) => error.kind() != ErrorKind::AddrInUse,
    }
}

/// Which ports are listened on, on any address: looked up and not tried, so that looking is never
/// in the way of a service that starts. It is read once, when it is first asked.
#[derive(Debug, Default)]
pub(super) struct ListeningPorts(OnceLock<BTreeMap<u16, Vec<u64>>>);

impl ListeningPorts {
    /// Whether somebody listens on a port.
    pub(super) fn has(&self, port: u16) -> bool {
        self.table().contains_key(&port)
    }

    /// Whether a process has a socket that listens on a port.
    pub(super) fn is_by(&self, pid: u32, port: u16) -> bool {
        let inodes = self.table().get(&port).into_iter().flatten();
        let sockets: Vec<String> = inodes.map(|inode| format!("socket:[{inode}]")).collect();
        !sockets.is_empty() && holds_one_of(Path::new(&format!("/proc/{pid}")), &sockets)
    }

    fn table(&self) -> &BTreeMap<u16, Vec<u64>> {
        self.0.get_or_init(|| {
            let mut table: BTreeMap<u16, Vec<u64>> = BTreeMap::new();
            for (address, inode) in listening(Path::new("/proc/net")) {
                table.entry(address.port()).or_default().push(inode);
            }
            table
        })
    }
}

/// Returns the process that listens on a port, on any address; one of another user is seen only
/// by root.
pub(super) fn holder(port: u16) -> Option<PortHolder> {
    let listening = ListeningPorts::default();
    if !listening.has(port) {
        return None;
    }
    let processes = fs_err::read_dir("/proc").ok()?.filter_map(Result::ok);
    let mut pids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    let pid = pids.find(|pid| listening.is_by(*pid, port))?;
    let command = fs_err::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(PortHolder::Process {
        pid,
        command: command.trim_end().to_owned(),
        of: process::holder(pid),
    })
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

/// Returns the addresses on which these processes listen, in order.
pub(super) fn addresses_of(pids: impl IntoIterator<Item = u32>) -> Vec<SocketAddr> {
    let sockets = listening(Path::new("/proc/net"));
    let mut found = Vec::new();
    for pid in pids {
        let Ok(files) = fs_err::read_dir(format!("/proc/{pid}/fd")) else {
            continue;
        };
        let links = files.filter_map(|file| fs_err::read_link(file.ok()?.path()).ok());
        let inodes = links.filter_map(|link| {
            let link = link.to_str()?.strip_prefix("socket:[")?;
            link.strip_suffix(']')?.parse::<u64>().ok()
        });
        let inodes: Vec<u64> = inodes.collect();
        let held = sockets.iter().filter(|(_, inode)| inodes.contains(inode));
        found.extend(held.map(|(address, _)| *address));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns what listens in the network that a process is in; nothing can be told where it cannot
/// be looked into.
pub(super) fn addresses_around(pid: u32) -> Option<Vec<SocketAddr>> {
    let folder = format!("/proc/{pid}/net");
    let folder = Path::new(&folder);
    fs_err::metadata(folder.join("tcp")).ok()?;
    let listening = listening(folder).into_iter();
    let mut found: Vec<SocketAddr> = listening.map(|(address, _)| address).collect();
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// Returns every address that is listened on in a network, with its socket's inode.
fn listening(folder: &Path) -> Vec<(SocketAddr, u64)> {
    let tables = ["tcp", "tcp6"].map(|table| fs_err::read_to_string(folder.join(table)));
    let tables = tables.iter().flatten();
    tables.flat_map(|table| listeners_in(table)).collect()
}

/// Reads the kernel's table: `sl local_address rem_address st … inode`, in hex but the last.
fn listeners_in(table: &str) -> Vec<(SocketAddr, u64)> {
    const LISTEN: &str = "0A";
    let listener = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if *fields.get(3)? != LISTEN {
            return None;
        }
        let (local, port) = fields.get(1)?.rsplit_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let address = SocketAddr::new(local_address(local)?, port);
        Some((address, fields.get(9)?.parse().ok()?))
    };
    table.lines().filter_map(listener).collect()
}

/// Reads an address of the kernel's table: words of four bytes, each in this machine's order.
fn local_address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| {
        let digits = hex.get(at * 8..at * 8 + 8)?;
        Some(u32::from_str_radix(digits, 16).ok()?.to_ne_bytes())
    };
    if hex.len() == 8 {
        return Some(Ipv4Addr::from(word(0)?).into());
    }
    let mut bytes = [0; 16];
    for (at, part) in bytes.chunks_exact_mut(4).enumerate() {
        part.copy_from_slice(&word(at)?);
    }
    Some(Ipv6Addr::from(bytes).into())
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
    fn only_listeners_count() {
        let found = listeners_in(TABLE).into_iter();
        let found: Vec<(u16, u64)> = found.map(|(at, inode)| (at.port(), inode)).collect();
        assert_eq!(found, [(3000, 41), (5432, 43)]);
    }

    #[test]
    fn addresses_are_read() {
        let six = "\
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0 100 0
   1: 00000000000000000000000001000000:1435 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 8 1 0 100 0
";
        let found = [TABLE, six].map(listeners_in).concat();
        let texts: Vec<String> = found
            .iter()
            .map(|(address, _)| address.to_string())
            .collect();
        assert_eq!(
            texts,
            ["127.0.0.1:3000", "0.0.0.0:5432", "[::]:8080", "[::1]:5173"]
        );
    }

    #[test]
    fn addresses_of_a_process_are_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(addresses_of([std::process::id()]).contains(&address));
        assert!(
            addresses_around(std::process::id())
                .unwrap()
                .contains(&address)
        );
        assert!(addresses_of([]).is_empty());
        assert_eq!(addresses_around(u32::MAX), None);
    }

    #[test]
    fn this_process_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let Some(PortHolder::Process { pid, .. }) = holder(address.port()) else {
            panic!("not found");
        };
        assert_eq!(pid, std::process::id());
        assert!(!is_free(address.ip(), address.port()));
        assert!(ListeningPorts::default().has(address.port()));
        drop(listener);
        assert!(!ListeningPorts::default().has(address.port()));
    }
}
