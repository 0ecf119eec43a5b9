//! The ports of this machine: whether one is free, and which process listens on it, found through
//! /proc.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};
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
pub(super) struct Listening(OnceLock<BTreeMap<u16, Vec<u64>>>);

impl Listening {
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
            for (port, inode) in tables().flat_map(|text| listeners_in(&text)) {
                table.entry(port).or_default().push(inode);
            }
            table
        })
    }
}

fn tables() -> impl Iterator<Item = String> {
    let files = ["/proc/net/tcp", "/proc/net/tcp6"].into_iter();
    files.filter_map(|table| fs_err::read_to_string(table).ok())
}

/// Returns the process that listens on a port, on any address; one of another user is seen only
/// by root.
pub(super) fn holder(port: u16) -> Option<PortHolder> {
    let listening = Listening::default();
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

/// Reads the kernel's table: `sl local_address rem_address st … inode`, in hex but the last.
/// Returns the ports that are listened on, each with its socket's inode.
fn listeners_in(table: &str) -> Vec<(u16, u64)> {
    const LISTEN: &str = "0A";
    let listener = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (_, port) = fields.get(1)?.rsplit_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        (fields.get(3)? == &LISTEN).then(|| Some((port, fields.get(9)?.parse().ok()?)))?
    };
    table.lines().filter_map(listener).collect()
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
        assert_eq!(listeners_in(TABLE), [(3000, 41), (5432, 43)]);
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
        assert!(Listening::default().has(address.port()));
        drop(listener);
        assert!(!Listening::default().has(address.port()));
    }
}
