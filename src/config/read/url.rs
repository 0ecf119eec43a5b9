//! `url` of a service: what it is reached by, wherever the reader is.

use super::section::Section;
use crate::model::{Part, Reference, ServiceField, Template};

/// Reads it; all that is not known before it runs is the service's own address.
pub(super) fn read(section: &Section<'_>) -> Option<Template> {
    let url = section.template("url")?;
    let service = section.path.rsplit('.').next().unwrap_or_default();
    let (foreign, own): (Vec<_>, Vec<_>) = url.references().partition(|it| !is_own(it, service));
    if let Some(reference) = foreign.first() {
        let message = format!("`{reference}` cannot stand in the URL of `{service}`");
        let hint =
            "it is made of the service's own `.host`, `.port`, `.ports.NAME` or `.addresses`";
        section.wrong_with("url", message, Some(hint.to_owned()));
        return None;
    }
    let wrong = if !begins_with_scheme(&url) {
        "does not begin with a scheme"
    } else if own.is_empty() {
        "names no address of the service"
    } else {
        return Some(url);
    };
    let message = format!("`{}` {wrong}", section.path_of("url"));
    let hint = format!(
        "write `amqp://${{services.{service}.host}}:{}`",
        port(section, service)
    );
    section.wrong_with("url", message, Some(hint));
    None
}

fn is_own(reference: &Reference, name: &str) -> bool {
    let Reference::Service { service, field } = reference else {
        return false;
    };
    let is_address = match field {
        ServiceField::Host
        | ServiceField::Port
        | ServiceField::NamedPort(_)
        | ServiceField::Addresses => true,
        ServiceField::Url | ServiceField::File(_) => false,
    };
    is_address && service == name
}

/// Whether it begins with `amqp://` or another scheme (RFC 3986).
fn begins_with_scheme(url: &Template) -> bool {
    let Some(Part::Text(text)) = url.parts.first() else {
        return false;
    };
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    let inside = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(inside)
}

/// Returns what a hint names the port by.
fn port(section: &Section<'_>, service: &str) -> String {
    match section.sections("ports").as_slice() {
        [_] | [] => format!("${{services.{service}.port}}"),
        [(first, _), ..] => format!("${{services.{service}.ports.{first}}}"),
    }
}
