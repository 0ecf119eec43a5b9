//! A real server of its own for this test binary: the host's programs, a private folder and port.

use std::io::Write as _;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use envctl::model::Secret;
use envctl::postgres::Server;

/// The user that the tests log in as.
pub(crate) const USER: &str = "tester";
/// Its password has what quoting can get wrong.
pub(crate) const PASSWORD: &str = "it's a \\ \"secret\"";

static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();

/// Returns the server; without its programs the calling test is counted as skipped.
pub(crate) fn server() -> Option<Server> {
    or_skip(SERVER.get_or_init(|| try_start(&[])).clone())
}

/// Starts one more server, for a test that cannot share.
pub(crate) fn start() -> Option<Server> {
    start_with(&[])
}

/// Starts a server whose cluster is made with these options of initdb.
pub(crate) fn start_with(options: &[&str]) -> Option<Server> {
    or_skip(try_start(options))
}

fn or_skip(server: Result<Server, String>) -> Option<Server> {
    let why = match server {
        Ok(server) => return Some(server),
        Err(why) => why,
    };
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test");
    // Not by a macro, whose output the test harness keeps to itself.
    writeln!(std::io::stderr(), "skipped: {name}: {why}").expect("standard error is open");
    None
}

/// Starts a server, or says what is missing; where Postgres is required, that is a failure.
fn try_start(options: &[&str]) -> Result<Server, String> {
    let Some(programs) = programs() else {
        let required = std::env::vars_os().any(|(name, value)| {
            name == "ENVCTL_REQUIRE" && value.to_string_lossy().contains("postgres")
        });
        let missing = "no PostgreSQL server program (apt-get install postgresql)";
        assert!(!required, "{missing}");
        return Err(missing.to_owned());
    };
    if !knows(&programs, options) {
        return Err(format!(
            "this PostgreSQL's initdb does not know {options:?}"
        ));
    }
    let folder = tempfile::Builder::new()
        .prefix("envctl-postgres-")
        .tempdir()
        .expect("a folder")
        .keep();
    let port = free_port();
    spawn_keeper(&programs, (&folder, port), options);
    Ok(Server {
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        user: USER.to_owned(),
        password: Secret::new(PASSWORD),
    })
}

/// Returns the folder of the server's programs: what `pg_config` says, else the newest of those
/// that distributions keep by version.
pub(crate) fn programs() -> Option<PathBuf> {
    let said = Command::new("pg_config").arg("--bindir").output().ok();
    let said = said.and_then(|output| String::from_utf8(output.stdout).ok());
    let said = said.map(|folder| PathBuf::from(folder.trim()));
    let versions = fs_err::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let mut kept: Vec<PathBuf> = versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    kept.sort();
    let folders = said.into_iter().chain(kept.into_iter().rev());
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").exists())
}

fn knows(programs: &Path, options: &[&str]) -> bool {
    let help = Command::new(programs.join("initdb")).arg("--help").output();
    let help = help.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let name = |option: &&str| option.split('=').next().unwrap_or_default().to_owned();
    let help = help.unwrap_or_default();
    options.iter().all(|option| help.contains(&name(option)))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Starts the server under a shell that waits on a pipe of ours, and stops and removes
/// everything when this process ends, however it does.
fn spawn_keeper(programs: &Path, (folder, port): (&Path, u16), options: &[&str]) {
    const SCRIPT: &str = r#"
        set -eu
        bin=$1 dir=$2 port=$3 user=$4
        shift 4
        as() { if [ "$(id -u)" = 0 ]; then exec setpriv --reuid nobody --regid nogroup --clear-groups "$@"; else exec "$@"; fi; }
        if [ "$(id -u)" = 0 ]; then chown nobody:nogroup "$dir"; fi
        trap 'rm -rf "$dir"' EXIT
        cd "$dir"
        (as "$bin/initdb" -D "$dir/data" -U "$user" --pwfile="$dir/password" -A scram-sha-256 \
            -E UTF8 --locale=C.UTF-8 --no-sync "$@") >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log"; exit 1; }
        # Others may clear /dev/shm (logind does when its user has no session).
        as "$bin/postgres" -c dynamic_shared_memory_type=mmap -D "$dir/data" -p "$port" -k "$dir" -h 127.0.0.1 -c fsync=off \
            -c max_connections=60 -c max_prepared_transactions=5 \
            -c log_min_messages=warning >"$dir/server.log" 2>&1 &
        server=$!
        echo started
        cat >/dev/null
        kill -QUIT "$server"
        wait "$server" || true
    "#;
    fs_err::write(folder.join("password"), PASSWORD).expect("the password");
    let mut keeper = Command::new("sh")
        .args(["-c", SCRIPT, "keeper"])
        .args([programs.as_os_str(), folder.as_os_str()])
        .args([port.to_string().as_str(), USER])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh");
    let mut said = String::new();
    let stdout = keeper.stdout.take().expect("a pipe");
    BufReader::new(stdout).read_line(&mut said).expect("a line");
    assert_eq!(said.trim(), "started", "the server does not start");
    // The pipe must live as long as this process does, and no longer.
    std::mem::forget(keeper);
}
