//! What of an environment is hidden wherever it would be printed, and what cannot be.

use crate::config::{is_common, unhidden};
use crate::model::{Environment, Kind, Postgres, Secret};

/// A password that the documentation names hides nothing, and would mask every such word.
const DOCUMENTED: &str = "postgres";

/// Returns everything of an environment that is hidden.
pub(super) fn secrets(environment: &Environment) -> Vec<Secret> {
    let passwords = passwords(environment).map(|(_, password, _)| password);
    let secrets = environment.secrets.iter().chain(passwords);
    let secrets = secrets.filter(|it| !it.is_unread() && !is_common(it, environment));
    secrets.cloned().collect()
}

/// Returns what is to be known of passwords that are not hidden. Those that are secrets by their
/// own declaration are named by that, and those that are meant to be known are not named.
pub(super) fn warnings(environment: &Environment) -> impl Iterator<Item = String> {
    let passwords = passwords(environment).filter(|(_, password, is_known)| {
        !is_known && !password.is_unread() && !environment.secrets.contains(password)
    });
    passwords.filter_map(|(name, password, _)| {
        let what = format!("the password of `{name}`");
        if password.is_short() {
            let shortest = Secret::SHORTEST;
            return Some(format!(
                "{what} is too short to be hidden in what is printed: it has fewer than {shortest} \
                 characters"
            ));
        }
        is_common(password, environment).then(|| unhidden(&what))
    })
}

/// Returns the passwords that are shown, since everybody who reads the environment knows them.
pub(super) fn known(environment: &Environment) -> Vec<&str> {
    let known = passwords(environment).filter(|(_, _, is_known)| *is_known);
    known.map(|(name, ..)| name).collect()
}

/// Returns every password with its service, and whether it is meant to be known: the documented
/// one, and the name of its own user or database, with which it is shown.
fn passwords(environment: &Environment) -> impl Iterator<Item = (&str, &Secret, bool)> {
    let is_named = |postgres: &Postgres| {
        let names = [&*postgres.user, &*postgres.database, DOCUMENTED];
        !postgres.own_password && names.contains(&postgres.password.expose())
    };
    let services = environment.services.iter();
    services.filter_map(move |(name, service)| match &service.kind {
        Kind::Postgres(postgres) => Some((&**name, &postgres.password, is_named(postgres))),
        Kind::Redis(redis) => {
            let password = redis.password.as_ref()?;
            Some((name, password, password.expose() == DOCUMENTED))
        }
        Kind::Container => None,
    })
}
