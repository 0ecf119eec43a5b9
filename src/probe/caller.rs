//! Sends requests the way smoke checks need it: over kept connections, along redirects, with
//! cookies, and always within a time. Goes straight to its target, never through a proxy.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::HeaderMap;
use hyper::body::Incoming;
use rustls::ClientConfig;
use tokio::time::{Instant, timeout_at};

use super::channel::Destination;
use super::connection::Connection;
use super::hop::Hop;
use super::{HttpError, HttpRequest, InvalidRequest, Jar, Response, Tls, TlsError};

/// How many unused connections to one place are kept.
const KEPT_MAX: usize = 64;

/// More than anybody waits; later instants may not exist.
const FOREVER: Duration = Duration::from_hours(365 * 24);

/// How a request is sent.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// From the first connection to the last byte; redirects do not prolong it.
    pub timeout: Duration,
    /// How many redirects are followed. With 0 an answer that redirects is the answer.
    pub redirects: u32,
    /// How TLS is spoken; `None` trusts the system's roots.
    pub tls: Option<Tls>,
    /// Cookies that are sent, and that get what answers set.
    pub cookies: Option<Jar>,
}

impl Delivery {
    /// Returns a delivery without redirects and cookies.
    pub const fn within(timeout: Duration) -> Self {
        Self {
            timeout,
            redirects: 0,
            tls: None,
            cookies: None,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.timeout.min(FOREVER)
    }
}

/// Sends requests; clones share their connections.
#[derive(Clone, Debug, Default)]
pub struct Caller(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    kept: Mutex<HashMap<Destination, Vec<Connection>>>,
    configs: Mutex<HashMap<Tls, Arc<ClientConfig>>>,
}

impl Caller {
    /// Returns a caller without connections.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends one request and reads its whole answer, whatever its status is.
    ///
    /// A connection that was kept is used for methods that may be repeated; when the server has
    /// closed it meanwhile, they are, on a new one. Others always get a new one, so that no
    /// server does twice what it was told once.
    pub async fn send(
        &self,
        request: &HttpRequest,
        delivery: &Delivery,
    ) -> Result<Response, HttpError> {
        let started = Instant::now();
        let deadline = delivery.deadline();
        let mut hop = Hop::of(request, delivery.tls.as_ref());
        if !matches!(hop.url().scheme(), "http" | "https") {
            return Err(InvalidRequest::Url.into());
        }
        let mut redirects = 0;
        loop {
            let place = hop.place()?;
            let asked = timeout_at(deadline, self.ask(&hop, &place, delivery.cookies.as_ref()));
            let asked = asked.await;
            let asked = asked.unwrap_or(Err(HttpError::TimedOut(delivery.timeout)));
            let (mut connection, answer) = asked.map_err(|error| match error {
                // Another server has heard the request.
                HttpError::Refused | HttpError::Unknown(_) if redirects > 0 => HttpError::Broken(
                    format!("the redirect to {} leads nowhere: {error}", hop.url()),
                ),
                error => error,
            })?;
            let (head, incoming) = answer.into_parts();
            if let Some(jar) = &delivery.cookies {
                jar.keep(&head.headers, hop.url());
            }
            let mut body = Vec::new();
            let read = timeout_at(deadline, connection.body(incoming, &mut body)).await;
            let Ok(read) = read else {
                return Err(HttpError::Unfinished {
                    within: delivery.timeout,
                    got: body.len(),
                });
            };
            read?;
            if hop.leaves_nothing_behind(head.status) {
                self.keep(place, connection);
            }
            if delivery.redirects > 0
                && let Some(next) = hop.next(head.status, &head.headers)?
            {
                if redirects == delivery.redirects {
                    return Err(HttpError::TooManyRedirects {
                        limit: delivery.redirects,
                        last: next.url().to_string(),
                    });
                }
                redirects += 1;
                hop = next;
                continue;
            }
            return Ok(Response {
                status: head.status.as_u16(),
                headers: texts(&head.headers),
                body,
                elapsed: started.elapsed(),
            });
        }
    }

    async fn ask(
        &self,
        hop: &Hop<'_>,
        place: &Destination,
        jar: Option<&Jar>,
    ) -> Result<(Connection, hyper::Response<Incoming>), HttpError> {
        if hop.is_idempotent() {
            while let Some(mut connection) = self.take(place) {
                if !connection.is_idle().await {
                    continue;
                }
                match connection.head(hop.message(jar).await?).await {
                    Ok(answer) => return Ok((connection, answer)),
                    // The server closed it while the request was under way, or more than its
                    // last answer was on it.
                    Err(HttpError::Closed | HttpError::Reset | HttpError::NotHttp(..)) => break,
                    Err(error) => return Err(error),
                }
            }
        }
        // What cannot be sent is found before anything is.
        let message = hop.message(jar).await?;
        let config = match &place.tls {
            Some(tls) => Some(self.config(tls)?),
            None => None,
        };
        let mut connection = Connection::open(place, config).await?;
        let answer = connection.head(message).await?;
        Ok((connection, answer))
    }

    fn take(&self, place: &Destination) -> Option<Connection> {
        locked(&self.0.kept).get_mut(place)?.pop()
    }

    fn keep(&self, place: Destination, connection: Connection) {
        let mut kept = locked(&self.0.kept);
        let connections = kept.entry(place).or_default();
        if connections.len() < KEPT_MAX {
            connections.push(connection);
        }
    }

    fn config(&self, tls: &Tls) -> Result<Arc<ClientConfig>, TlsError> {
        if let Some(config) = locked(&self.0.configs).get(tls) {
            return Ok(Arc::clone(config));
        }
        let config = tls.config()?;
        locked(&self.0.configs).insert(tls.clone(), Arc::clone(&config));
        Ok(config)
    }
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let pairs = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    pairs.collect()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
