//! Whom the server in a container becomes.

use super::{Docker, contained, container};
use crate::engine::{Error, MadeFile, Readers};

/// Where a container says who its users are.
const USERS: &str = "/etc/passwd";

/// Returns the number of the user that alone reads the files of a server; root's where there are
/// none.
pub(super) async fn of_server(
    docker: &Docker,
    container: &str,
    files: &[MadeFile],
) -> Result<u64, Error> {
    let names = files.iter().find_map(|file| match file.spec.readers {
        Readers::All => None,
        Readers::Server(names) => Some(names),
    });
    let Some(names) = names else { return Ok(0) };
    let found = container::inspect_by(docker, container).await?;
    let config = found.and_then(|found| found.config);
    let user = config.and_then(|config| config.user).unwrap_or_default();
    let users = contained::read(docker, container, USERS).await?;
    Ok(number(&user, names, &users))
}

/// Returns the number of a user as it is declared, `redis`, `999:999`; of root, that of whom the
/// server becomes.
fn number(user: &str, names: &[&str], users: &str) -> u64 {
    let user = user.split(':').next().unwrap_or_default();
    let declared = user.parse().ok().or_else(|| listed(user, users));
    let becomes = || names.iter().find_map(|name| listed(name, users));
    declared
        .filter(|number| *number != 0)
        .or_else(becomes)
        .unwrap_or(0)
}

fn listed(name: &str, users: &str) -> Option<u64> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_it = fields.next() == Some(name);
        is_it.then(|| fields.nth(1)?.parse().ok())?
    })
}

#[test]
fn a_server_is_who_is_declared_or_whom_it_becomes() {
    let users = "root:x:0:0:root:/root:/bin/sh\nredis:x:999:1000::/:\nown:x:7:7::/:\nodd\n";
    let check = |user: &str, expect: u64| {
        assert_eq!(number(user, &["valkey", "redis"], users), expect, "{user}");
    };
    check("", 999);
    check("root", 999);
    check("0:0", 999);
    check("own:redis", 7);
    check("1001", 1001);
    check("nobody-knows", 999);
    assert_eq!(number("", &["redis"], ""), 0);
}
