//! Secrets that are ordinary words. To hide one would blot out whatever else has that word, and so
//! tell what the secret is.

use crate::model::{Environment, Kind, Secret};

/// What everybody tries first.
const WORDS: [&str; 24] = [
    "admin",
    "changeme",
    "default",
    "docker",
    "example",
    "false",
    "guest",
    "hidden",
    "letmein",
    "localhost",
    "none",
    "null",
    "pass",
    "passwd",
    "password",
    "postgres",
    "postgresql",
    "qwerty",
    "redis",
    "root",
    "secret",
    "test",
    "true",
    "user",
];

/// Numbers of so few digits are ports, counts and times.
const DIGITS: usize = 5;

/// Whether a secret that is long enough to be hidden is a word that everybody tries first, a small number, or a name that stands in
/// the environment itself.
pub fn is_common(secret: &Secret, environment: &Environment) -> bool {
    let text = secret.expose();
    let is_word = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    let is_small = text.len() <= DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_common = is_word || is_small || names(environment).any(|name| name == text);
    is_common && !secret.is_short()
}

/// Returns what is to be known of a secret that is not hidden for being common.
pub fn unhidden(what: &str) -> String {
    format!(
        "{what} is not hidden in what is printed: it is a name in the environment itself or a word \
         that everybody tries first, and would blot out ordinary text; take a text that stands \
         nowhere else"
    )
}

fn names(environment: &Environment) -> impl Iterator<Item = &str> {
    let services = environment.services.iter();
    let of_services = services.flat_map(|(name, service)| {
        let of_database = match &service.kind {
            Kind::Postgres(postgres) => vec![&postgres.user, &postgres.database],
            Kind::Redis(_) | Kind::Container => Vec::new(),
        };
        let ports = service.ports.keys();
        ports.chain(of_database).chain([name])
    });
    let others = [&environment.name].into_iter();
    let others = others.chain(&environment.profiles);
    let others = others.chain(environment.images.keys());
    let others = others.chain(environment.seeds.keys());
    let others = others.chain(environment.tasks.keys());
    of_services
        .chain(others)
        .chain(environment.checks.keys())
        .map(String::as_str)
}
