//! A request over HTTP.

use std::time::Duration;

use super::super::evidence::{AnswerStatus, Evidence};
use super::super::reproduce;
use super::super::runner::CheckContext;
use super::super::scope::Scope;
use super::Nothing;
use crate::model::{Auth, Call, DeclaredTls, FormPart, HttpAction, PartContent, RequestBody};
use crate::probe::{self, BodyPart, Content, Delivery, HttpError, HttpRequest, Tls};

/// Sends a request once.
pub(super) async fn send(
    session: &CheckContext<'_>,
    action: &HttpAction,
    scope: &Scope<'_>,
    timeout: Duration,
) -> Result<Evidence, Nothing> {
    let request = request(action, scope)
        .map_err(|reason| Nothing::Impossible("a request that can be sent", reason))?;
    let delivery = Delivery {
        redirects: action.redirects,
        ..delivery(&action.call, scope, timeout)
    };
    let response = session.http.send(&request, &delivery).await;
    let response = response.map_err(|error| Nothing::NoAnswer {
        reason: shown(&error, scope),
        transient: error.is_transient() && (request.is_idempotent() || error.is_unheard()),
    })?;
    Ok(Evidence {
        status: AnswerStatus::Http(response.status),
        headers: response.headers,
        body: response.body,
        elapsed: response.elapsed,
        ..Evidence::default()
    })
}

/// Returns what an error says; of what came instead of an answer only the start may be known.
pub(super) fn shown(error: &HttpError, scope: &Scope<'_>) -> String {
    match error {
        HttpError::NotHttp(start, true) => {
            HttpError::NotHttp(scope.mask.apply_to_start(start), true).to_string()
        }
        error => error.to_string(),
    }
}

/// Returns how the requests of a call are sent.
pub(super) fn delivery(call: &Call, scope: &Scope<'_>, timeout: Duration) -> Delivery {
    Delivery {
        timeout,
        redirects: 0,
        tls: call.tls.as_ref().map(tls),
        cookies: Some(scope.cookies.clone()),
    }
}

/// Returns the request as a line for curl.
pub(super) fn by_hand(action: &HttpAction, scope: &Scope<'_>) -> Option<String> {
    let request = request(action, scope).ok()?;
    let more = reproduce::CurlOptions {
        redirects: action.redirects,
        tls: action.call.tls.as_ref(),
        cookies: scope.cookies.sent_to(request.url()),
    };
    Some(reproduce::curl(&request, &more, &scope.mask))
}

fn request(action: &HttpAction, scope: &Scope<'_>) -> Result<HttpRequest, String> {
    let mut request = call(&action.method, &action.call, scope)?;
    if let Some(body) = &action.body {
        let (body, content_type) = match body {
            RequestBody::Text(text) => (
                probe::Body::Text(scope.text(text)?.expose().to_owned()),
                None,
            ),
            RequestBody::Json(json) => {
                let text = scope.json(json)?.to_string();
                (probe::Body::Text(text), Some("application/json"))
            }
            RequestBody::Form(fields) => {
                let pair = |(name, value): (&String, _)| {
                    Ok((name.clone(), scope.text(value)?.expose().to_owned()))
                };
                let pairs: Result<_, String> = fields.iter().map(pair).collect();
                (probe::Body::Form(pairs?), None)
            }
            RequestBody::File(path) => (probe::Body::File(path.clone()), None),
            RequestBody::Multipart(parts) => {
                let parts = parts
                    .iter()
                    .map(|(name, declared)| part(name, declared, scope));
                let parts: Result<_, String> = parts.collect();
                (probe::Body::Multipart(parts?), None)
            }
        };
        request.set_body(body, content_type);
    }
    Ok(request)
}

fn part(name: &str, declared: &FormPart, scope: &Scope<'_>) -> Result<BodyPart, String> {
    Ok(BodyPart {
        name: name.to_owned(),
        content: match &declared.content {
            PartContent::Text(text) => Content::Text(scope.text(text)?.expose().to_owned()),
            PartContent::File(path) => Content::File(path.clone()),
        },
        file_name: declared.file_name.clone(),
        content_type: declared.content_type.clone(),
    })
}

/// Returns the request that every action over HTTP begins with.
pub(super) fn call(method: &str, call: &Call, scope: &Scope<'_>) -> Result<HttpRequest, String> {
    let address = (scope.places.address)(&call.port)?;
    let path = scope.text(&call.path)?;
    let invalid = |error: probe::InvalidRequest| error.to_string();
    let mut request =
        HttpRequest::to(method, (address, call.tls.is_some()), path.expose()).map_err(invalid)?;
    for (name, value) in &call.query {
        request.query(name, scope.text(value)?.expose());
    }
    for (name, value) in &call.headers {
        let value = scope.text(value)?;
        request.header(name, value.expose()).map_err(invalid)?;
    }
    match &call.auth {
        Some(Auth::Basic { user, password }) => {
            let (user, password) = (scope.text(user)?, scope.text(password)?);
            let set = request.basic_auth(user.expose(), password.expose());
            set.map_err(invalid)?;
        }
        Some(Auth::Bearer(token)) => {
            let token = scope.text(token)?;
            request.bearer(token.expose()).map_err(invalid)?;
        }
        None => {}
    }
    Ok(request)
}

fn tls(declared: &DeclaredTls) -> Tls {
    Tls {
        ca: declared.ca.clone(),
        insecure: declared.insecure,
        server_name: declared.server_name.clone(),
        client_cert: declared.client_cert.clone(),
        client_key: declared.client_key.clone(),
    }
}
