//! Users of this machine, and whom a server runs as: PostgreSQL refuses root.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

/// A user of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HostUser {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: PathBuf,
}

impl HostUser {
    /// Looks a user up by name or by number: in the file, else where the machine is told to look.
    pub(super) fn find(name_or_uid: &str) -> Option<Self> {
        let file = fs_err::read_to_string("/etc/passwd").unwrap_or_default();
        Self::read(&file, name_or_uid).or_else(|| {
            let mut getent = Command::new("getent");
            getent.args(["passwd", "--", name_or_uid]);
            let output = getent.stdin(Stdio::null()).stderr(Stdio::null()).output();
            Self::read(&String::from_utf8_lossy(&output.ok()?.stdout), name_or_uid)
        })
    }

    /// Returns the user of `1234` or `1234:1234`; a group that is not named has the same number.
    pub(super) fn numbered(text: &str) -> Option<Self> {
        let (uid, gid) = text.split_once(':').unwrap_or((text, text));
        Some(Self {
            name: uid.to_owned(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            home: PathBuf::from("/"),
        })
    }

    fn read(passwd: &str, name_or_uid: &str) -> Option<Self> {
        let users = || passwd.lines().filter_map(Self::entry);
        let by_name = users().find(|user| user.name == name_or_uid);
        by_name.or_else(|| {
            let uid: u32 = name_or_uid.parse().ok()?;
            users().find(|user| user.uid == uid)
        })
    }

    fn entry(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, uid, gid, _, home, ..] = fields.as_slice() else {
            return None;
        };
        Some(Self {
            name: (*name).to_owned(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            home: PathBuf::from(home),
        })
    }
}

/// Returns whom a server runs as: the caller (`None`) unless that is root, else the first of
/// `names` that this machine knows. The error is a reason in words.
pub(super) fn server_user(names: &[&str]) -> Result<Option<HostUser>, String> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let found = names.iter().find_map(|name| HostUser::find(name));
    found.map(Some).ok_or_else(|| {
        format!(
            "it does not run as root, and this machine knows no user {}",
            names.join(" or ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
                          # a comment\n\
                          nobody:*:-2:-2::/var/empty:/usr/bin/false\n\
                          postgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash\n\
                          1000:x:7:7::/:\n";

    fn check(name: &str, expect: Option<(&str, u32, u32)>) {
        let user = HostUser::read(PASSWD, name);
        let seen = user.as_ref().map(|it| (it.name.as_str(), it.uid, it.gid));
        assert_eq!(seen, expect, "{name}");
    }

    #[test]
    fn users_are_found_by_name_and_by_number() {
        check("postgres", Some(("postgres", 101, 104)));
        check("101", Some(("postgres", 101, 104)));
        // A name of digits is still a name.
        check("1000", Some(("1000", 7, 7)));
        check("nobody", None);
        check("42", None);
    }
}
