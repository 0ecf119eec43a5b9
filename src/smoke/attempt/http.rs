//! A request over HTTP.

use std::time::Duration;

use super::super::evidence::{Evidence, Status};
use super::super::reproduce;
use super::super::runner::Session;
use super::super::scope::Scope;
use super::Nothing;
use crate::config::model::{Body, Call, HttpAction};
use crate::probe::Request;

/// Sends a request once.
pub(super) async fn send(
    session: &Session<'_>,
    action: &HttpAction,
    scope: &Scope<'_>,
    timeout: Duration,
) -> Result<Evidence, Nothing> {
    let request = request(action, scope)
        .map_err(|reason| Nothing::Impossible("a request that can be sent", reason))?;
    let response = session.clients.http.send(&request, timeout).await;
    let response = response.map_err(|error| Nothing::NoAnswer {
        reason: error.to_string(),
        transient: error.is_transient(),
    })?;
    Ok(Evidence {
        status: Status::Http(response.status),
        headers: response.headers,
        body: response.body,
        elapsed: response.elapsed,
        ..Evidence::default()
    })
}

/// Returns the request as a line for curl.
pub(super) fn by_hand(action: &HttpAction, scope: &Scope<'_>) -> Option<String> {
    let request = request(action, scope).ok()?;
    Some(reproduce::curl(&request, &scope.mask))
}

fn request(action: &HttpAction, scope: &Scope<'_>) -> Result<Request, String> {
    let mut request = call(&action.method, &action.call, scope)?;
    match &action.body {
        Some(Body::Text(text)) => request.body(scope.text(text)?.expose().to_owned(), None),
        Some(Body::Json(json)) => {
            request.body(scope.json(json)?.to_string(), Some("application/json"));
        }
        _ => {}
    }
    Ok(request)
}

/// Returns the request that every action over HTTP begins with.
pub(super) fn call(method: &str, call: &Call, scope: &Scope<'_>) -> Result<Request, String> {
    let address = (scope.places.address)(&call.port)?;
    let scheme = if call.tls.is_some() { "https" } else { "http" };
    let base = format!("{scheme}://{address}");
    let path = scope.text(&call.path)?;
    let mut request =
        Request::new(method, &base, path.expose()).map_err(|error| error.to_string())?;
    for (name, value) in &call.query {
        request.query(name, scope.text(value)?.expose());
    }
    for (name, value) in &call.headers {
        request
            .header(name, scope.text(value)?.expose())
            .map_err(|error| error.to_string())?;
    }
    Ok(request)
}
