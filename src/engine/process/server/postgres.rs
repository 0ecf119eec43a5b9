//! A PostgreSQL server, and the variables of the official image that are declared for it.

use std::net::SocketAddr;
use std::path::Path;

use super::cluster::Cluster;
use super::{NewServer, socket, unusable};
use crate::engine::PostgresSpec;
use crate::engine::process::prepared::Prepared;
use crate::engine::process::program::is_fetched;
use crate::engine::process::user::HostUser;
use crate::host::CommandFailure;
use crate::kinds::POSTGRES;

/// The folder of the data, in the volume, which is the server's working directory.
pub(super) const DATA: &str = "pgdata";

/// What is set for every server, before its declared command.
const SETTINGS: [&str; 3] = [
    // A sandbox's /dev/shm may be tiny, or shared with others.
    "dynamic_shared_memory_type=mmap",
    "logging_collector=off",
    "log_destination=stderr",
];

/// What is set where no replica is declared: a load then writes its rows once instead of twice.
const WITHOUT_REPLICAS: [&str; 2] = ["wal_level=minimal", "max_wal_senders=0"];

/// Settings that need more than [`WITHOUT_REPLICAS`], or say that the others are elsewhere.
const REPLICATION: [&str; 5] = [
    "archive_mode",
    "config_file",
    "max_wal_senders",
    "summarize_wal",
    "wal_level",
];

/// Makes the server's data, unless it is there.
pub(super) async fn prepare(
    server: &NewServer<'_>,
    postgres: &PostgresSpec,
) -> Result<Prepared, CommandFailure> {
    let declared = server.arguments(&POSTGRES)?;
    let user = server.user(&POSTGRES)?;
    let volume = server.data(user.as_ref())?;
    let data = volume.join(DATA);
    if !data.join("PG_VERSION").exists() {
        let cluster = cluster(server, postgres, user.as_ref())?;
        let made = cluster.make(&volume).await;
        made.map_err(|failure| explain(server, failure))?;
    }
    let places = (server.process.home.state.as_path(), server.folder);
    let temporary = std::env::temp_dir();
    let socket = socket::folder(places, &temporary, user.as_ref()).map_err(unusable)?;
    let text = |path: &Path| path.display().to_string();
    let environment = [
        server.path(),
        ("PGHOST".to_owned(), text(&socket)),
        ("PGPORT".to_owned(), server.address.port().to_string()),
        ("PGUSER".to_owned(), postgres.user.clone()),
    ];
    let mut argv = vec![text(server.program()), "-D".to_owned(), text(&data)];
    argv.extend(options(&declared, server.address, &socket));
    Ok(Prepared {
        argv,
        environment: environment.into(),
        user,
        working_dir: Some(volume),
        socket_dir: Some(socket),
    })
}

fn cluster<'a>(
    server: &'a NewServer<'_>,
    postgres: &'a PostgresSpec,
    user: Option<&'a HostUser>,
) -> Result<Cluster<'a>, CommandFailure> {
    let arguments = server.variable("POSTGRES_INITDB_ARGS").unwrap_or_default();
    let arguments = shell_words::split(arguments).map_err(|error| {
        CommandFailure::because(format!("POSTGRES_INITDB_ARGS cannot be read: {error}"))
    })?;
    let method = server.variable("POSTGRES_HOST_AUTH_METHOD");
    let password = Some(postgres.password.expose()).filter(|password| !password.is_empty());
    if password.is_none() && method != Some("trust") {
        return Err(CommandFailure::because("its superuser has no password"));
    }
    Ok(Cluster {
        program: server.program(),
        user,
        superuser: &postgres.user,
        password,
        authentication: method.unwrap_or("scram-sha-256"),
        arguments,
    })
}

fn explain(server: &NewServer<'_>, failure: CommandFailure) -> CommandFailure {
    if !is_fetched(&server.launch.image) {
        return failure;
    }
    CommandFailure {
        reason: format!(
            "{}; this server was fetched, and knows no ICU locales and no extensions but plpgsql \
             and vector",
            failure.reason
        ),
        output: failure.output,
    }
}

/// Returns the server's options: ours, the declared ones, which win, and where it listens, which
/// is not theirs to say.
fn options(declared: &[String], address: SocketAddr, socket: &Path) -> Vec<String> {
    let is_declared = |name: &&str| declared.iter().any(|word| word.contains(*name));
    let mut settings = SETTINGS.to_vec();
    if !REPLICATION.iter().any(is_declared) {
        settings.extend(WITHOUT_REPLICAS);
    }
    // It is a list, in which a path may need its quotes.
    let socket = socket.display().to_string().replace('"', "\"\"");
    let place = [
        format!("port={}", address.port()),
        format!("listen_addresses={}", address.ip()),
        format!("unix_socket_directories=\"{socket}\""),
    ];
    let option = |setting: String| ["-c".to_owned(), setting];
    let settings = settings.into_iter().map(str::to_owned);
    let mut options: Vec<String> = settings.flat_map(option).collect();
    options.extend_from_slice(declared);
    options.extend(place.into_iter().flat_map(option));
    options
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(declared: &[&str], expect: &Expect) {
        let declared: Vec<String> = declared.iter().map(|word| (*word).to_owned()).collect();
        let address = "127.0.0.1:15432".parse().unwrap();
        let options = options(&declared, address, Path::new("/run/my db"));
        expect.assert_eq(&options.join("\n").replace("-c\n", "-c "));
    }

    #[test]
    fn declared_options_come_after_ours_and_before_the_address() {
        check(
            &["-c", "work_mem=64MB"],
            &expect![[r#"
                -c dynamic_shared_memory_type=mmap
                -c logging_collector=off
                -c log_destination=stderr
                -c wal_level=minimal
                -c max_wal_senders=0
                -c work_mem=64MB
                -c port=15432
                -c listen_addresses=127.0.0.1
                -c unix_socket_directories="/run/my db""#]],
        );
    }

    #[test]
    fn a_server_with_replicas_keeps_what_they_need() {
        check(
            &["-c", "wal_level=logical"],
            &expect![[r#"
                -c dynamic_shared_memory_type=mmap
                -c logging_collector=off
                -c log_destination=stderr
                -c wal_level=logical
                -c port=15432
                -c listen_addresses=127.0.0.1
                -c unix_socket_directories="/run/my db""#]],
        );
    }
}
