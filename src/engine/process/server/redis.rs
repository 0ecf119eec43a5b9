//! A Redis or Valkey server, whose settings are on its command line, but for its password: every
//! user of the machine sees that line.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::fchown;
use std::path::{Path, PathBuf};

use super::{NewServer, unusable};
use crate::engine::process::prepared::Prepared;
use crate::engine::process::user::HostUser;
use crate::engine::process::way;
use crate::engine::redis_text;
use crate::host::{CommandFailure, whole};
use crate::kinds::REDIS;

/// Makes the server's folder.
pub(super) fn prepare(server: &NewServer<'_>) -> Result<Prepared, CommandFailure> {
    let mut declared = server.arguments(&REDIS)?;
    let user = server.user(&REDIS)?;
    let folder = server.data(user.as_ref())?;
    let mut argv = vec![server.program().display().to_string()];
    let mut settings = take_settings(&mut declared);
    if let Some(password) = take_password(&mut declared) {
        let text = with_password(settings.as_deref(), &password);
        let file = write_settings(server, &text, user.as_ref()).map_err(unusable)?;
        settings = Some(file.display().to_string());
    }
    argv.extend(settings);
    argv.extend(open_to_hosts(server.address));
    argv.extend(declared);
    argv.extend(options(server.address, &folder));
    Ok(Prepared {
        argv,
        environment: vec![server.path()],
        user,
        working_dir: Some(folder),
        socket_dir: None,
    })
}

/// Takes the file of settings that stands before a server's options.
fn take_settings(words: &mut Vec<String>) -> Option<String> {
    let is_file = words.first().is_some_and(|word| !word.starts_with('-'));
    is_file.then(|| words.remove(0))
}

/// Takes the password out of a server's options.
fn take_password(options: &mut Vec<String>) -> Option<String> {
    let at = options.iter().position(|word| word == "--requirepass")?;
    if at + 1 == options.len() {
        return None;
    }
    options.drain(at..at + 2).nth(1)
}

/// Returns settings with a password beside those of a file; an option would win over both.
fn with_password(file: Option<&str>, password: &str) -> String {
    let include = file.map(|file| format!("include {}\n", redis_text(file)));
    include.unwrap_or_default() + &format!("requirepass {}\n", redis_text(password))
}

/// Writes a file that only the server's user reads, and returns its path.
fn write_settings(
    server: &NewServer<'_>,
    text: &str,
    user: Option<&HostUser>,
) -> io::Result<PathBuf> {
    let file = server.folder.join("redis.conf");
    way::open(&server.process.home.state, server.folder)?;
    whole::write(&file, whole::OWNER_ALONE, text, |file| match user {
        Some(user) => fchown(file, Some(user.uid), Some(user.gid)),
        None => Ok(()),
    })?;
    Ok(file)
}

/// A server without a password refuses other machines, unless it is told that it is meant to.
fn open_to_hosts(address: SocketAddr) -> Vec<String> {
    if address.ip().is_loopback() {
        return Vec::new();
    }
    ["--protected-mode", "no"].map(str::to_owned).to_vec()
}

/// Returns the options that say where the server listens and writes; the last ones win.
fn options(address: SocketAddr, folder: &Path) -> Vec<String> {
    let options = [
        ("--port", address.port().to_string()),
        ("--bind", address.ip().to_string()),
        ("--dir", folder.display().to_string()),
        ("--daemonize", "no".to_owned()),
        ("--logfile", String::new()),
    ];
    let words = options.into_iter();
    let words = words.flat_map(|(name, value)| [name.to_owned(), value]);
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_on_no_command_line() {
        let words = ["--save", "", "--requirepass", "a \"b", "--appendonly", "no"];
        let mut options = words.map(str::to_owned).to_vec();
        let password = take_password(&mut options).unwrap();
        assert_eq!(options, ["--save", "", "--appendonly", "no"]);
        let expect = "include \"\\x2f\\x66\"\nrequirepass \"\\x61\\x20\\x22\\x62\"\n";
        assert_eq!(with_password(Some("/f"), &password), expect);
        assert_eq!(take_password(&mut options), None);
    }

    #[test]
    fn a_file_of_settings_stands_before_the_options() {
        let mut words = ["/f.conf", "--save", ""].map(str::to_owned).to_vec();
        assert_eq!(take_settings(&mut words).as_deref(), Some("/f.conf"));
        assert_eq!(take_settings(&mut words), None);
        assert_eq!(words, ["--save", ""]);
    }

    #[test]
    fn a_server_is_told_where_it_is() {
        let options = options("127.0.0.1:16379".parse().unwrap(), Path::new("/data"));
        let expect = "--port 16379 --bind 127.0.0.1 --dir /data --daemonize no --logfile ";
        assert_eq!(options.join(" "), expect);
    }
}
