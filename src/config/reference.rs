//! The grammar of `${…}`. Knows no values.

use crate::model::{Reference, ServiceField};

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// What stands between `${` and `}`.
    Hole(String),
    /// A `${` without its `}`.
    Open(String),
}

/// What a hole asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Var(String),
    Env {
        name: String,
        default: Option<String>,
    },
    Instance,
    Workspace,
    Secret(String),
    /// It stays open until the environment runs.
    Later(Reference),
}

/// Cuts a text at its `${…}`; `$${` is a plain `${`.
pub(crate) fn split(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(index) = rest.find('$') {
        plain.push_str(&rest[..index]);
        rest = &rest[index..];
        if let Some(after) = rest.strip_prefix("$${") {
            plain.push_str("${");
            rest = after;
        } else if let Some(after) = rest.strip_prefix("${") {
            flush(&mut plain, &mut pieces);
            if let Some((inner, after)) = after.split_once('}') {
                pieces.push(Piece::Hole(inner.to_owned()));
                rest = after;
            } else {
                pieces.push(Piece::Open(rest.to_owned()));
                rest = "";
            }
        } else {
            plain.push('$');
            rest = &rest[1..];
        }
    }
    plain.push_str(rest);
    flush(&mut plain, &mut pieces);
    pieces
}

fn flush(plain: &mut String, pieces: &mut Vec<Piece>) {
    if !plain.is_empty() {
        pieces.push(Piece::Text(std::mem::take(plain)));
    }
}

/// Reads what a hole asks for; `None` is nothing that envctl knows.
pub(crate) fn ask(inner: &str) -> Option<Ask> {
    if let Some(variable) = inner.strip_prefix("env:") {
        let (name, default) = match variable.split_once(":-") {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (variable, None),
        };
        let name = (!name.is_empty()).then(|| name.to_owned())?;
        return Some(Ask::Env { name, default });
    }
    if let Some(name) = inner.strip_prefix("secret:") {
        return (!name.is_empty()).then(|| Ask::Secret(name.to_owned()));
    }
    let names: Vec<&str> = inner.split('.').collect();
    if names.iter().any(|name| name.is_empty()) {
        return None;
    }
    let service = |service: &str, field| {
        let service = service.to_owned();
        Some(Ask::Later(Reference::Service { service, field }))
    };
    match names.as_slice() {
        ["instance"] => Some(Ask::Instance),
        ["workspace"] => Some(Ask::Workspace),
        ["vars", name] => Some(Ask::Var((*name).to_owned())),
        ["each", name] => Some(Ask::Later(Reference::Each((*name).to_owned()))),
        ["capture", name] => Some(Ask::Later(Reference::Capture((*name).to_owned()))),
        ["images", name] => Some(Ask::Later(Reference::Image((*name).to_owned()))),
        ["services", name, "url"] => service(name, ServiceField::Url),
        ["services", name, "host"] => service(name, ServiceField::Host),
        ["services", name, "port"] => service(name, ServiceField::Port),
        ["services", name, "addresses"] => service(name, ServiceField::Addresses),
        ["services", name, "ports", port] => {
            service(name, ServiceField::NamedPort((*port).to_owned()))
        }
        ["services", name, "files", file] => service(name, ServiceField::File((*file).to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: &Expect) {
        let pieces: Vec<_> = split(text)
            .into_iter()
            .map(|piece| match piece {
                Piece::Text(text) => format!("{text:?}"),
                Piece::Hole(inner) => format!("{:?}", ask(&inner)),
                Piece::Open(text) => format!("open {text:?}"),
            })
            .collect();
        expected.assert_eq(&pieces.join("\n"));
    }

    #[test]
    fn texts_without_references_are_one_piece() {
        check("", &expect![""]);
        check("$5 and $", &expect![[r#""$5 and $""#]]);
    }

    #[test]
    fn two_dollars_write_a_brace() {
        check("a$${b}c", &expect![[r#""a${b}c""#]]);
        check("$$${b}", &expect![[r#""$${b}""#]]);
    }

    #[test]
    fn every_reference_has_its_form() {
        check(
            "${vars.a}${env:HOME}${env:X:-a:-b}${instance}${workspace}${secret:key}",
            &expect![[r#"
                Some(Var("a"))
                Some(Env { name: "HOME", default: None })
                Some(Env { name: "X", default: Some("a:-b") })
                Some(Instance)
                Some(Workspace)
                Some(Secret("key"))"#]],
        );
        check(
            "${images.a}:${services.db.url}${services.db.host}${services.db.port}${services.db.ports.x}\
             ${services.db.addresses}${services.db.files.x}",
            &expect![[r#"
                Some(Later(Image("a")))
                ":"
                Some(Later(Service { service: "db", field: Url }))
                Some(Later(Service { service: "db", field: Host }))
                Some(Later(Service { service: "db", field: Port }))
                Some(Later(Service { service: "db", field: NamedPort("x") }))
                Some(Later(Service { service: "db", field: Addresses }))
                Some(Later(Service { service: "db", field: File("x") }))"#]],
        );
    }

    #[test]
    fn what_is_no_reference_is_none() {
        check(
            "${HOME}${}${vars.}${services.db}${env:} ${open",
            &expect![[r#"
                None
                None
                None
                None
                None
                " "
                open "${open""#]],
        );
    }
}
