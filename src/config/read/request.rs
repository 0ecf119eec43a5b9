//! What a check sends over HTTP, and to which port of which service.

use indexmap::IndexMap;

use super::check::Services;
use super::json;
use super::section::Section;
use super::service::one_port;
use crate::config::mistake::Mistake;
use crate::config::suggest;
use crate::config::tree::Value;
use crate::kinds;
use crate::model::{
    Auth, Call, DeclaredTls, FormPart, HttpAction, PartContent, RequestBody, Service, ServicePort,
    WebSocketAction,
};

/// Reads a request whose method is the key `method`, or said by that key.
pub(super) fn http(section: &Section<'_>, key: &str, services: &Services) -> Option<HttpAction> {
    let (method, path_key) = if key == "method" {
        section.missing("path", "");
        (section.text("method")?, "path")
    } else {
        (key.to_owned(), key)
    };
    let body = body(section);
    let redirects = section.integer("redirects").unwrap_or(0);
    Some(HttpAction {
        call: call(section, path_key, services)?,
        method: method.to_uppercase(),
        body,
        redirects: u32::try_from(redirects).unwrap_or_default(),
    })
}

/// Reads a WebSocket's request, and what is sent over it.
pub(super) fn websocket(section: &Section<'_>, services: &Services) -> Option<WebSocketAction> {
    let send = section.get("send").map(|node| match &node.value {
        Value::List(items) => items.iter().collect(),
        _ => vec![node],
    });
    let send = send.into_iter().flatten();
    Some(WebSocketAction {
        send: send.filter_map(|node| json::read(section, node)).collect(),
        call: call(section, "websocket", services)?,
        subprotocol: section.text("subprotocol"),
        meanwhile: section.text("meanwhile"),
    })
}

fn call(section: &Section<'_>, path_key: &str, services: &Services) -> Option<Call> {
    let path = section.template(path_key);
    let port = port(section, services);
    Some(Call {
        query: section.templates("query"),
        headers: section.templates("headers"),
        auth: auth(section),
        tls: section.section("tls").map(|tls| self::tls(&tls)),
        path: path?,
        port: port?,
    })
}

fn auth(section: &Section<'_>) -> Option<Auth> {
    let Some(basic) = section.section("basic_auth") else {
        return section.template("bearer").map(Auth::Bearer);
    };
    if section.has("bearer") {
        section.wrong("bearer", "`basic_auth` and `bearer` exclude each other");
    }
    for key in ["user", "password"] {
        basic.missing(key, "");
    }
    Some(Auth::Basic {
        user: basic.template("user")?,
        password: basic.template("password")?,
    })
}

fn tls(section: &Section<'_>) -> DeclaredTls {
    let tls = DeclaredTls {
        ca: section.host_path("ca"),
        insecure: section.boolean("insecure"),
        server_name: section.text("server_name"),
        client_cert: section.host_path("client_cert"),
        client_key: section.host_path("client_key"),
    };
    if let (Some(node), true) = (section.get("ca"), tls.insecure) {
        let message = "`ca` is not looked at where `insecure` takes any certificate";
        section.reader.report(Mistake::new(message).at(&node.key));
    }
    for (one, other) in [("client_cert", "client_key"), ("client_key", "client_cert")] {
        if section.has(one) {
            section.missing(other, "a certificate and its key go together");
        }
    }
    tls
}

fn body(section: &Section<'_>) -> Option<RequestBody> {
    let mut set = section.chosen("body");
    set.retain(|key| section.get(key).is_some());
    if set.len() > 1 {
        let message = format!("{} exclude each other", suggest::list(&set));
        section.wrong(set[1], message);
    }
    match *set.first()? {
        "body" => section.template("body").map(RequestBody::Text),
        "json_body" => json::read(section, section.get("json_body")?).map(RequestBody::Json),
        "form" => Some(RequestBody::Form(section.templates("form"))),
        "body_file" => section.host_path("body_file").map(RequestBody::File),
        _ => Some(RequestBody::Multipart(parts(section))),
    }
}

fn parts(section: &Section<'_>) -> IndexMap<String, FormPart> {
    let sections = section.sections("multipart").into_iter();
    sections
        .filter_map(|(name, section)| Some((name, part(&section)?)))
        .collect()
}

fn part(section: &Section<'_>) -> Option<FormPart> {
    let content = match (section.has("text"), section.has("file")) {
        (true, false) => PartContent::Text(section.template("text")?),
        (false, true) => PartContent::File(section.host_path("file")?),
        _ => {
            let message = format!("`{}` needs one of `text` and `file`", section.path);
            section.wrong("", message);
            return None;
        }
    };
    Some(FormPart {
        content,
        file_name: section.text("file_name"),
        content_type: section.text("content_type"),
    })
}

/// Reads the service and its port, for what speaks HTTP.
pub(super) fn port(section: &Section<'_>, services: &Services) -> Option<ServicePort> {
    let name = section.needed("service", "the service to ask")?;
    let service = known_service(section, &name, services)?;
    if let Some(kind) = kinds::of(&service.kind) {
        let message = format!("`{name}` is {}: it answers no HTTP", kind.noun);
        section.wrong_with("service", message, Some(kind.asked_by.to_owned()));
        return None;
    }
    let ports: Vec<&str> = service.ports.keys().map(String::as_str).collect();
    if section.has("port") {
        let port = section.text("port")?;
        check_port(section, "port", (&name, service), &port);
        return Some(ServicePort {
            service: name,
            port,
        });
    }
    let port = one_port(&ports);
    if port.is_none() {
        let (message, hint) = if ports.is_empty() {
            (format!("the service `{name}` has no port"), None)
        } else {
            let hint = format!("add `port`: {}", suggest::list(&ports));
            let message = format!("the service `{name}` has several ports");
            (message, Some(hint))
        };
        section.wrong_with("service", message, hint);
    }
    Some(ServicePort {
        service: name,
        port: port?,
    })
}

/// Reads the service and the port that `tcp` names.
pub(super) fn tcp_port(section: &Section<'_>, services: &Services) -> Option<ServicePort> {
    let name = section.needed("service", "the service to connect to")?;
    let service = known_service(section, &name, services)?;
    let port = section.text("tcp")?;
    check_port(section, "tcp", (&name, service), &port);
    Some(ServicePort {
        service: name,
        port,
    })
}

fn check_port(section: &Section<'_>, key: &str, service: (&str, &Service), port: &str) {
    let (name, service) = service;
    if !service.ports.contains_key(port) {
        let hint = suggest::did_you_mean(port, service.ports.keys().map(String::as_str));
        let message = format!("the service `{name}` has no port `{port}`");
        section.wrong_with(key, message, hint);
    }
}

/// Returns the service of a name, or reports that there is none.
pub(super) fn known_service<'a>(
    section: &Section<'_>,
    name: &str,
    services: &'a Services,
) -> Option<&'a Service> {
    let service = services.get(name);
    if service.is_none() {
        let hint = suggest::did_you_mean(name, services.keys().map(String::as_str));
        section.wrong_with("service", format!("there is no service `{name}`"), hint);
    }
    service
}
