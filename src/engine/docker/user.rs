//! Who the users of a container are, as the daemon finds them, and whom its server becomes.

use bollard::models::ContainerInspectResponse;

use super::{Docker, contained, container};
use crate::engine::{Error, MadeFile, Readers};

/// Where a container says who its users and groups are.
const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// The numbers of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) number: u64,
    pub(super) group: u64,
}

/// Returns the user that a container runs as, as it is declared, which may be the image's.
pub(super) fn declared(container: &ContainerInspectResponse) -> &str {
    let config = container.config.as_ref();
    let user = config.and_then(|config| config.user.as_deref());
    user.unwrap_or_default()
}

/// Finds the numbers of a user: `1000`, `1000:1000`, `app`, `app:staff`; nothing of one that the
/// container does not know.
pub(super) async fn find(
    docker: &Docker,
    container: &str,
    declared: &str,
) -> Result<Option<User>, Error> {
    let (user, group) = parts(declared);
    let users = contained::read(docker, container, USERS).await?;
    let found = user_in(&users, user);
    let (Some(found), false) = (found, group.is_empty()) else {
        return Ok(found);
    };
    let groups = contained::read(docker, container, GROUPS).await?;
    let group = group_in(&groups, group);
    Ok(group.map(|group| User { group, ..found }))
}

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
    let users = contained::read(docker, container, USERS).await?;
    let user = found.as_ref().map(declared).unwrap_or_default();
    Ok(server(user, names, &users))
}

/// Returns the number of a user as it is declared, `redis`, `999:999`; of root, that of whom the
/// server becomes.
fn server(declared: &str, names: &[&str], users: &str) -> u64 {
    let (user, _) = parts(declared);
    let declared = user_in(users, user).filter(|user| user.number != 0);
    let becomes = || names.iter().find_map(|name| user_in(users, name));
    declared.or_else(becomes).map_or(0, |user| user.number)
}

/// Splits a user from its group. Nobody named is root.
fn parts(declared: &str) -> (&str, &str) {
    let (user, group) = declared.split_once(':').unwrap_or((declared, ""));
    (if user.is_empty() { "0" } else { user }, group)
}

/// Finds a user in the lines of `/etc/passwd`, `app:x:1000:1000:…`. What is a number is never a name,
/// and may be anybody's.
fn user_in(users: &str, user: &str) -> Option<User> {
    let number = user.parse().ok();
    let known = users.lines().find_map(|line| {
        let mut fields = line.trim().split(':');
        let name = fields.next()?;
        let found = User {
            number: fields.nth(1)?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
        };
        let is_it = number.map_or(name == user, |number: u64| number == found.number);
        is_it.then_some(found)
    });
    known.or(number.map(|number| User { number, group: 0 }))
}

/// Finds a group in the lines of `/etc/group`, `staff:x:50:`, by the same rule.
fn group_in(groups: &str, group: &str) -> Option<u64> {
    let named = || {
        groups.lines().find_map(|line| {
            let mut fields = line.trim().split(':');
            let is_it = fields.next() == Some(group);
            is_it.then(|| fields.nth(1)?.parse().ok())?
        })
    };
    group.parse().ok().or_else(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_who_is_declared_or_whom_it_becomes() {
        let users = "root:x:0:0:root:/root:/bin/sh\nredis:x:999:1000::/:\nown:x:7:7::/:\nodd\n";
        let check = |user: &str, expect: u64| {
            assert_eq!(server(user, &["valkey", "redis"], users), expect, "{user}");
        };
        check("", 999);
        check("root", 999);
        check("0:0", 999);
        check("own:redis", 7);
        check("1001", 1001);
        check("nobody-knows", 999);
        assert_eq!(server("", &["redis"], ""), 0);
    }

    #[test]
    fn what_is_a_number_is_never_a_name() {
        let users = "odd\n1000:x:5:5::/:\napp:x:1000:50:App:/home/app:/bin/sh\n";
        let app = User {
            number: 1000,
            group: 50,
        };
        assert_eq!(user_in(users, "app"), Some(app));
        assert_eq!(user_in(users, "1000"), Some(app));
        let other = User {
            number: 50,
            group: 0,
        };
        assert_eq!(user_in(users, "50"), Some(other));
        assert_eq!(user_in(users, "odd"), None);
        assert_eq!(user_in("", "app"), None);
        let groups = "50:x:9:\nstaff:x:50:\n";
        assert_eq!(group_in(groups, "staff"), Some(50));
        assert_eq!(group_in(groups, "50"), Some(50));
        assert_eq!(group_in(groups, "app"), None);
    }
}
