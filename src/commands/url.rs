//! `url`: where a service is reached from this machine.

use super::choice::Purpose;
use super::failure::{Failure, FailureKind};
use super::scene::Scene;
use super::session::Session;
use crate::cli::UrlArgs;
use crate::engine::Addresses;
use crate::model::{Kind, Reference, ServiceField};
use crate::plan::{self, Wiring, password};
use crate::tell::{Answer, Diagnostic};

pub(super) async fn run(session: &Session, args: &UrlArgs) -> Result<Answer, Failure> {
    let scene = Scene::open(session, args.environment.as_ref(), Purpose::Use).await?;
    let (name, port) = match args.service.split_once('.') {
        Some((name, port)) => (name, Some(port)),
        None => (args.service.as_str(), None),
    };
    let services = &scene.environment.services;
    let Some(service) = services.get(name) else {
        let known: Vec<&str> = services.keys().map(String::as_str).collect();
        return Err(unknown(format!("there is no service `{name}`"), &known));
    };
    let ports: Vec<&str> = service.ports.keys().map(String::as_str).collect();
    let of_url = scene.desired.wiring.port_of_url(name);
    let port = match (port, ports.as_slice(), of_url) {
        (Some(port), _, _) if ports.contains(&port) => port,
        (None, [only], _) => only,
        (Some(port), _, _) => {
            return Err(unknown(format!("`{name}` has no port `{port}`"), &ports));
        }
        (None, [], _) => return Err(unknown(format!("`{name}` has no port"), &[])),
        (None, _, Some(port)) => port,
        (None, _, None) => {
            let names: Vec<String> = ports.iter().map(|it| format!("{name}.{it}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            return Err(unknown(format!("`{name}` has several ports"), &names));
        }
    };
    let address = scene.engine.address(name, port).await;
    let address = address.map_err(|error| Failure::not_up(&scene.invocation, error))?;
    let mut environment = scene.environment.clone();
    let database = scene.desired.service(name);
    let database = database.and_then(|service| service.database.as_ref());
    if let (true, Some(database)) = (args.show_password, database)
        && let Some(declared) = environment.services.get_mut(name)
        && let Kind::Postgres(declared) = &mut declared.kind
    {
        declared.password = password(scene.engine.as_ref(), &database.login).await?;
    }
    let wiring = Wiring::new(&environment);
    let has_password = wiring.is_hidden(name, port);
    let url = if has_password && args.show_password {
        let reference = Reference::Service {
            service: name.to_owned(),
            field: ServiceField::Url,
        };
        let mut addresses = Addresses::new();
        for (container, port) in wiring.ports_of(&reference) {
            let address = scene.engine.address(&container, &port).await;
            let address = address.map_err(|error| Failure::not_up(&scene.invocation, error))?;
            addresses.insert((container, port), address);
        }
        let url = wiring.outside(&reference, &addresses);
        let url = url.map_err(|error| Failure::of_io(&std::io::Error::other(error)))?;
        if url.is_unread() {
            let service = name.to_owned();
            return Err(plan::Error::Unread { service }.into());
        }
        url.expose().to_owned()
    } else {
        if has_password {
            let text = "the password is left out; `--show-password` prints it";
            session.events.info(text.to_owned());
        }
        wiring.public_url(name, port, address)
    };
    Ok(Answer::Url { url })
}

/// Nothing has that name; these do.
fn unknown(title: String, known: &[&str]) -> Failure {
    let mut diagnostic = Diagnostic::new(title);
    if !known.is_empty() {
        diagnostic = diagnostic.hint(format!("name one: {}", known.join(", ")));
    }
    Failure::new(FailureKind::Usage, diagnostic)
}
