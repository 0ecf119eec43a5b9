//! The ports of this machine: whether one is free, and which process listens on it, found through
//! /proc.

use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};
use std::path::Path;

use super::PortHolder;

/// Returns whether a port can be listened on. Only "in use" is a no: a low port that needs
/// rights, or an address that is not this machine's, is for the engine to judge.
pub(super) fn is_free(bind: IpAddr, port: u16) -> bool {
    // The standard library sets SO_REUSEADDR, so connections that linger do not count.
    match TcpListener::bind((bind, port)) {
        Ok(_) => true,
        Err(error) => error.kind() != ErrorKind::AddrInUse,
    }
}

/// Returns whether somebody listens on a port, on any address: looked up and not tried, so that
/// looking is never in the way of a service that starts.
pub(super) fn has_listener(port: u16) -> bool {
    !sockets(port).is_empty()
}

/// Returns the process that listens on a port, on any address; one of another user is seen only
/// by root.
pub(super) fn holder(port: u16) -> Option<PortHolder> {
    let pid = listeners(port).into_iter().next()?;
    let command = fs_err::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Some(PortHolder::Process {
        pid,
        command: command.trim_end().to_owned(),
    })
}

/// Returns every process that has a socket which listens on a port.
pub(super) fn listeners(port: u16) -> Vec<u32> {
    let sockets = sockets(port);
    if sockets.is_empty() {
        return Vec::new();
    }
    let Ok(processes) = fs_err::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .filter_map(Result::ok)
        .filter_map(|process| {
            let pid = process.file_name().to_str()?.parse().ok()?;
            holds_one_of(&process.path(), &sockets).then_some(pid)
        })
        .collect()
}

/// Returns the sockets that listen on a port, as they are called among open files.
fn sockets(port: u16) -> Vec<String> {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs_err::read_to_string(table).ok())
        .flat_map(|table| listening_inodes(&table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect()
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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let Some(PortHolder::Process { pid, .. }) = holder(address.port()) else {
            panic!("not found");
        };
        assert_eq!(pid, std::process::id());
        assert!(!is_free(address.ip(), address.port()));
        assert!(has_listener(address.port()));
        drop(listener);
        assert!(!has_listener(address.port()));
    }
}
