//! A Redis or Valkey server, whose settings are all on its command line.

use std::net::SocketAddr;
use std::path::Path;

use super::Server;
use crate::engine::host::Failure;
use crate::engine::process::prepared::Prepared;

/// Whom the server runs as when envctl is root.
const USERS: [&str; 3] = ["redis", "valkey", "nobody"];

/// Makes the server's folder.
pub(super) fn prepare(server: &Server<'_>) -> Result<Prepared, Failure> {
    let declared = server.arguments(&["redis-server", "valkey-server"])?;
    let user = server.user(&USERS)?;
    let folder = server.data(user.as_ref())?;
    let mut argv = vec![server.program().display().to_string()];
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
    fn a_server_is_told_where_it_is() {
        let options = options("127.0.0.1:16379".parse().unwrap(), Path::new("/data"));
        let expect = "--port 16379 --bind 127.0.0.1 --dir /data --daemonize no --logfile ";
        assert_eq!(options.join(" "), expect);
    }
}
