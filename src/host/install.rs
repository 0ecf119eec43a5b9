//! The command that installs a program, in the words of the machine's own package manager.

/// What a machine installs its packages with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Apt,
    Dnf,
    Apk,
    Brew,
}

/// A program and its packages, in the order of [`Manager`].
const PACKAGES: [(&str, [&str; 4]); 12] = [
    ("cargo", ["cargo", "cargo", "cargo", "rust"]),
    ("go", ["golang-go", "golang", "go", "go"]),
    ("make", ["make", "make", "make", "make"]),
    ("mmdebstrap", ["mmdebstrap"; 4]),
    ("node", ["nodejs", "nodejs", "nodejs", "node"]),
    ("npm", ["npm", "npm", "npm", "node"]),
    ("php", ["php-cli", "php-cli", "php", "php"]),
    ("pip3", ["python3-pip", "python3-pip", "py3-pip", "python"]),
    (
        "postgres",
        [
            "postgresql",
            "postgresql-server",
            "postgresql",
            "postgresql",
        ],
    ),
    ("python3", ["python3", "python3", "python3", "python"]),
    ("redis-server", ["redis-server", "redis", "redis", "redis"]),
    ("ruby", ["ruby", "ruby", "ruby", "ruby"]),
];

/// Returns the command that installs a program; `None` where its package is not known.
pub(crate) fn install_line(program: &str) -> Option<String> {
    line(here()?, program)
}

/// Returns the command that installs a PostgreSQL server of a major version.
pub(crate) fn install_postgres(major: u32) -> Option<String> {
    Some(match here()? {
        Manager::Apt => format!("apt-get install postgresql-{major}"),
        Manager::Dnf => format!("dnf install postgresql{major}-server"),
        Manager::Apk => format!("apk add postgresql{major}"),
        Manager::Brew => format!("brew install postgresql@{major}"),
    })
}

fn here() -> Option<Manager> {
    if cfg!(target_os = "macos") {
        return Some(Manager::Brew);
    }
    manager(&fs_err::read_to_string("/etc/os-release").ok()?)
}

/// Reads <https://www.freedesktop.org/software/systemd/man/latest/os-release.html>.
fn manager(os_release: &str) -> Option<Manager> {
    let value = |key: &str| {
        let found = os_release.lines().find_map(|line| line.strip_prefix(key));
        found.unwrap_or_default().trim_matches(['"', '\''])
    };
    let (id, like) = (value("ID="), value("ID_LIKE="));
    std::iter::once(id)
        .chain(like.split(' '))
        .find_map(|name| match name {
            "debian" | "ubuntu" => Some(Manager::Apt),
            "fedora" | "rhel" | "centos" | "amzn" => Some(Manager::Dnf),
            "alpine" => Some(Manager::Apk),
            _ => None,
        })
}

fn line(manager: Manager, program: &str) -> Option<String> {
    let (_, packages) = PACKAGES.iter().find(|(name, _)| *name == program)?;
    let (command, package) = match manager {
        Manager::Apt => ("apt-get install", packages[0]),
        Manager::Dnf => ("dnf install", packages[1]),
        Manager::Apk => ("apk add", packages[2]),
        Manager::Brew => ("brew install", packages[3]),
    };
    Some(format!("{command} {package}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_known_by_its_name_or_by_what_it_is_like() {
        assert_eq!(manager("NAME=x\nID=debian\n"), Some(Manager::Apt));
        let rocky = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n";
        assert_eq!(manager(rocky), Some(Manager::Dnf));
        assert_eq!(manager("ID=alpine"), Some(Manager::Apk));
        assert_eq!(manager("ID=plan9"), None);
    }

    #[test]
    fn a_known_program_has_a_line() {
        let expect = Some("dnf install postgresql-server".to_owned());
        assert_eq!(line(Manager::Dnf, "postgres"), expect);
        assert_eq!(line(Manager::Apt, "no-such-program"), None);
    }
}
