//! What the URL of a service is, as a text whose addresses are still open, and what of it is shown.

use super::{postgres, redis};
use crate::model::{
    Kind, Part, Reference, Secret, Service, ServiceField, Template, UNRESERVED, percent_encoded,
};

/// Returns the URL of a service: the declared one, or what its kind is reached by. A secret in it is
/// written as it stands in a URL.
pub fn url(name: &str, service: &Service) -> Template {
    let mut url = match (&service.url, &service.kind) {
        (Some(declared), _) => declared.clone(),
        (None, Kind::Container) => Template {
            parts: [vec![text("http://")], address(name)].concat(),
        },
        (None, Kind::Postgres(postgres)) => postgres::url(name, postgres),
        (None, Kind::Redis(redis)) => redis::url(name, redis),
    };
    for part in &mut url.parts {
        if let Part::Secret(secret) = part {
            *secret = secret.within(encoded(secret.expose()));
        }
    }
    url
}

/// Returns a URL as it is shown: without a password.
pub fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let Some((login, place)) = authority.rsplit_once('@') else {
        return url.to_owned();
    };
    let user = login.split_once(':').map_or(login, |(user, _)| user);
    let at = if user.is_empty() { "" } else { "@" };
    format!("{scheme}://{user}{at}{place}{path}")
}

/// Whether a URL holds what is not shown of it.
pub fn has_password(url: &Template) -> bool {
    let is_secret = |part: &Part| matches!(part, Part::Secret(_));
    let written = url.to_string();
    url.parts.iter().any(is_secret) || without_password(&written) != written
}

pub(super) fn text(text: impl Into<String>) -> Part {
    Part::Text(text.into())
}

pub(super) fn encoded(text: &str) -> String {
    percent_encoded(text, UNRESERVED)
}

/// Returns the part of a password, which [`url`] writes as it stands in one.
pub(super) fn password(password: &Secret) -> Part {
    Part::Secret(password.clone())
}

/// Returns `host:port` of a service, whoever asks.
pub(super) fn address(service: &str) -> Vec<Part> {
    let part = |field| {
        let service = service.to_owned();
        Part::Reference(Reference::Service { service, field })
    };
    vec![
        part(ServiceField::Host),
        text(":"),
        part(ServiceField::Port),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (url, expect) in [
            (
                "postgresql://app:pw@db:5432/app",
                "postgresql://app@db:5432/app",
            ),
            ("redis://:p%40@[::1]:6379", "redis://[::1]:6379"),
            ("amqp://mq:5672/", "amqp://mq:5672/"),
            ("nats://token@mq:4222?a=b@c", "nats://token@mq:4222?a=b@c"),
            ("http://api:3000/@me:1", "http://api:3000/@me:1"),
        ] {
            assert_eq!(without_password(url), expect);
        }
    }
}
