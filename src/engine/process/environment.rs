//! The variables that a service's processes get.

use indexmap::IndexMap;

use super::record::Record;
use crate::engine::ServiceKind;
use crate::model::Variables;

/// Where programs are where nobody says so.
pub(super) const DEFAULT_PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Returns a caller's variables without those that are meant for envctl itself: a process that
/// inherited another service's marks would be taken for a part of it.
pub(super) fn inherited(caller: &Variables) -> impl Iterator<Item = (&String, &String)> {
    let ours = |name: &str| name.starts_with("ENVCTL_");
    caller.iter().filter(move |(name, _)| !ours(name))
}

/// Returns the environment of a service's main process. A program gets the caller's variables, as
/// if it was started by hand; a server only those that cannot change what it does.
pub(super) fn of(record: &Record, caller: &Variables) -> IndexMap<String, String> {
    let mut environment = IndexMap::new();
    let mut set = |name: &str, value: &str| environment.insert(name.to_owned(), value.to_owned());
    set("PATH", DEFAULT_PATH);
    if record.kind == ServiceKind::Program {
        for (name, value) in inherited(caller) {
            set(name, value);
        }
    } else {
        for name in ["PATH", "HOME", "TZ"] {
            caller.get(name).map(|value| set(name, value));
        }
        set("LANG", "C.UTF-8");
    }
    if let Some(user) = &record.user {
        set("HOME", &user.home.display().to_string());
        set("USER", &user.name);
        set("LOGNAME", &user.name);
    }
    for (name, value) in record.environment.iter().chain(record.marks.variables()) {
        set(name, value);
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::process::record::tests::record;

    fn check(kind: ServiceKind, expect: &str) {
        let caller = [
            ("PATH", "/caller/bin"),
            ("EDITOR", "ed"),
            ("LC_ALL", "de_DE"),
            ("TZ", "Europe/Tallinn"),
            ("ENVCTL_ENV", "rates"),
            ("ENVCTL_SERVICE", "another"),
        ];
        let caller = caller.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut record = record("api");
        record.kind = kind;
        record.environment = vec![("PGHOST".to_owned(), "/run".to_owned())];
        let found = of(&record, &Variables::from(caller));
        let mut found: Vec<String> = found
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        found.sort();
        assert_eq!(found.join(" "), expect);
    }

    #[test]
    fn a_program_inherits_and_a_server_does_not() {
        check(
            ServiceKind::Program,
            "EDITOR=ed ENVCTL_INSTANCE=id ENVCTL_SERVICE=api ENVCTL_STATE=/s LC_ALL=de_DE PATH=/caller/bin PGHOST=/run \
             TZ=Europe/Tallinn",
        );
        check(
            ServiceKind::Postgres,
            "ENVCTL_INSTANCE=id ENVCTL_SERVICE=api ENVCTL_STATE=/s LANG=C.UTF-8 PATH=/caller/bin PGHOST=/run TZ=Europe/Tallinn",
        );
    }
}
