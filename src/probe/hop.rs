//! One step of a request on its way: where it goes, what is sent there, and where its answer
//! sends it on. Knows no connection.

use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, Entry, HOST,
    HeaderName, HeaderValue, LOCATION, PROXY_AUTHORIZATION, TRANSFER_ENCODING, USER_AGENT,
};
use hyper::{HeaderMap, Method, StatusCode, Uri};
use url::Url;

use super::body::{Outgoing, Sendable};
use super::channel::Destination;
use super::{Body, HttpError, HttpRequest, InvalidRequest, Jar, Tls};

/// What says who is asking; it stays with the server that it was meant for.
const PERSONAL: [HeaderName; 4] = [AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION];

/// A request on its way.
pub(super) struct Hop<'a> {
    method: Method,
    /// As the server sees it: with its own name, where one is given.
    url: Url,
    /// The host to connect to, where that is not the URL's.
    at: Option<String>,
    tls: Option<Tls>,
    headers: HeaderMap,
    body: Option<&'a Body>,
}

impl<'a> Hop<'a> {
    /// Returns the first step of a request.
    pub(super) fn of(request: &'a HttpRequest, tls: Option<&Tls>) -> Self {
        let (method, url, headers) = request.parts();
        let mut url = url.clone();
        let mut at = None;
        let name = tls.and_then(|tls| tls.server_name.as_deref());
        if let (Some(name), "https" | "wss") = (name, url.scheme()) {
            let host = url.host_str().unwrap_or_default();
            let host = host.trim_matches(['[', ']']).to_owned();
            if url.set_host(Some(name)).is_ok() {
                at = Some(host);
            }
        }
        Self {
            method: method.clone(),
            url,
            at,
            tls: tls.cloned(),
            headers: headers.clone(),
            body: request.body(),
        }
    }

    /// Returns where to connect.
    pub(super) fn place(&self) -> Result<Destination, InvalidRequest> {
        Destination::of(&self.url, self.at.as_deref(), self.tls.as_ref())
    }

    /// Returns the URL as the server sees it.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Returns whether a server that got the request twice would be where it is after one.
    pub(super) fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }

    /// Returns whether nothing of an answer can still come once it was read. Where an answer has no
    /// body, some servers send one all the same, and it would be taken for the next answer.
    pub(super) fn leaves_nothing_behind(&self, status: StatusCode) -> bool {
        let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        self.method != Method::HEAD && !bodiless
    }

    /// Returns the headers, with those of the jar and those that every request has.
    pub(super) fn headers(&self, jar: Option<&Jar>) -> Result<HeaderMap, InvalidRequest> {
        let mut headers = self.headers.clone();
        if let Some(jar) = jar {
            jar.add_to(&mut headers, &self.url);
        }
        if let Entry::Vacant(entry) = headers.entry(HOST) {
            let value = HeaderValue::try_from(self.authority()?);
            entry.insert(value.map_err(|_| InvalidRequest::Url)?);
        }
        let agent = concat!("envctl/", env!("CARGO_PKG_VERSION"));
        let agent = HeaderValue::from_static(agent);
        headers.entry(USER_AGENT).or_insert(agent);
        Ok(headers)
    }

    /// Returns what is sent; each call opens the body anew.
    pub(super) async fn message(
        &self,
        jar: Option<&Jar>,
    ) -> Result<hyper::Request<Outgoing>, InvalidRequest> {
        let mut headers = self.headers(jar)?;
        let everything = HeaderValue::from_static("*/*");
        headers.entry(ACCEPT).or_insert(everything);
        let sendable = Sendable::of(self.body).await?;
        if let Some(content_type) = sendable.content_type {
            // Only a multipart body's own type holds its boundary.
            if matches!(self.body, Some(Body::Multipart(_))) {
                headers.insert(CONTENT_TYPE, content_type);
            } else {
                headers.entry(CONTENT_TYPE).or_insert(content_type);
            }
        }
        let has_length = sendable.length > 0
            || matches!(self.method, Method::POST | Method::PUT | Method::PATCH);
        if has_length && !headers.contains_key(TRANSFER_ENCODING) {
            headers
                .entry(CONTENT_LENGTH)
                .or_insert(HeaderValue::from(sendable.length));
        }
        let mut message = hyper::Request::new(sendable.body);
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = self.target()?;
        *message.headers_mut() = headers;
        Ok(message)
    }

    /// Returns the host as the server sees it, with its port unless that is the usual one.
    pub(super) fn authority(&self) -> Result<String, InvalidRequest> {
        let host = self.url.host_str().ok_or(InvalidRequest::Url)?;
        Ok(match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }

    /// Returns the path and the query.
    pub(super) fn target(&self) -> Result<Uri, InvalidRequest> {
        let target = match self.url.query() {
            None => Uri::try_from(self.url.path()),
            Some(query) => Uri::try_from(format!("{}?{query}", self.url.path())),
        };
        target.map_err(|_| InvalidRequest::Url)
    }

    /// Returns the next step, when an answer asks for one.
    pub(super) fn next(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<Option<Self>, HttpError> {
        let Some(location) = headers.get(LOCATION).filter(|_| is_redirect(status)) else {
            return Ok(None);
        };
        let location = String::from_utf8_lossy(location.as_bytes());
        let wrong = || HttpError::Redirect(location.clone().into_owned());
        let mut url = self.url.join(&location).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong());
        }
        url.set_fragment(None);
        let mut next = Self {
            method: self.method.clone(),
            at: self.at.clone(),
            tls: self.tls.clone(),
            headers: self.headers.clone(),
            body: self.body,
            url,
        };
        if next.url.origin() != self.url.origin() {
            next.at = None;
            next.tls = self.tls.as_ref().map(Tls::elsewhere);
            for name in &PERSONAL {
                next.headers.remove(name);
            }
        }
        let keeps_method = matches!(
            status,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        );
        if !keeps_method && next.method != Method::HEAD {
            next.method = Method::GET;
            next.body = None;
            for name in [
                CONTENT_TYPE,
                CONTENT_LENGTH,
                CONTENT_ENCODING,
                TRANSFER_ENCODING,
            ] {
                next.headers.remove(name);
            }
        }
        Ok(Some(next))
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(method: &str, status: u16, location: &str) -> String {
        let mut request = HttpRequest::new(method, "http://127.0.0.1:3000", "/a/b?c=1").unwrap();
        request.set_body(Body::Text("{}".to_owned()), Some("application/json"));
        request.bearer("t0ken").unwrap();
        request.header("x-kind", "1").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(
            LOCATION,
            HeaderValue::from_bytes(location.as_bytes()).unwrap(),
        );
        let status = StatusCode::from_u16(status).unwrap();
        match Hop::of(&request, None).next(status, &headers) {
            Err(error) => error.to_string(),
            Ok(None) => "an answer".to_owned(),
            Ok(Some(hop)) => {
                let mut names: Vec<_> = hop.headers.keys().map(HeaderName::as_str).collect();
                names.sort_unstable();
                let body = if hop.body.is_some() { " with body" } else { "" };
                format!("{} {}{body} {}", hop.method, hop.url, names.join(" "))
            }
        }
    }

    #[test]
    fn a_redirect_says_where_and_how_to_go_on() {
        let base = "http://127.0.0.1:3000";
        for status in [301, 302, 303] {
            let expect = format!("GET {base}/a/x authorization x-kind");
            assert_eq!(next("POST", status, "x"), expect);
            let expect = format!("HEAD {base}/x with body authorization content-type x-kind");
            assert_eq!(next("HEAD", status, "/x#part"), expect);
        }
        for status in [307, 308] {
            let expect = format!("PUT {base}/x?y with body authorization content-type x-kind");
            assert_eq!(next("PUT", status, &format!("{base}/x?y")), expect);
        }
        for status in [200, 300, 304, 404] {
            assert_eq!(next("GET", status, "/x"), "an answer");
        }
    }

    #[test]
    fn another_server_does_not_learn_who_asks() {
        for elsewhere in [
            "http://127.0.0.1:3001/",
            "https://127.0.0.1:3000/",
            "//elsewhere.example/",
        ] {
            let went = next("GET", 307, elsewhere);
            assert!(went.ends_with(" with body content-type x-kind"), "{went}");
        }
    }

    #[test]
    fn only_http_is_followed() {
        for location in ["ftp://127.0.0.1/", "file:///etc/passwd", "http://"] {
            let expect = format!("the redirect to `{location}` leads to no http URL");
            assert_eq!(next("GET", 302, location), expect);
        }
    }

    #[test]
    fn a_server_name_is_kept_by_its_own_redirects() {
        let tls = Tls {
            server_name: Some("rates.example".to_owned()),
            ..Tls::default()
        };
        let request = HttpRequest::new("GET", "https://127.0.0.1:8443", "/").unwrap();
        let first = Hop::of(&request, Some(&tls));
        let place = first.place().unwrap();
        assert_eq!(first.headers(None).unwrap()[HOST], "rates.example:8443");
        assert_eq!((place.host.as_str(), place.port), ("127.0.0.1", 8443));
        let follow = |to: &'static str| {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(to))]);
            first
                .next(StatusCode::FOUND, &headers)
                .unwrap()
                .unwrap()
                .place()
                .unwrap()
        };
        assert_eq!(follow("https://rates.example:8443/x"), place);
        let other = follow("https://rates.example/x");
        assert_eq!(
            (other.host.as_str(), other.tls),
            ("rates.example", Some(Tls::default()))
        );
    }
}
