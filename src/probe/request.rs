//! A request as it is declared. Its parts are checked and percent-encoded here; nothing of it
//! knows a connection.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use url::Url;

use super::Body;

/// Why a request cannot be made. Values are left out: they may be secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequest {
    #[error("`{0}` is not an HTTP method")]
    Method(String),
    #[error("the path does not start with `/`")]
    RelativePath,
    #[error("base and path make no http URL")]
    Url,
    #[error("`{0}` is not a header's name")]
    HeaderName(String),
    #[error("the value of header `{0}` holds what a header cannot hold")]
    HeaderValue(String),
    #[error("a user of basic authentication cannot hold `:`")]
    User,
    #[error("`{}` cannot be sent: {reason}", path.display())]
    File { path: PathBuf, reason: String },
}

/// What the URLs of servers on an address are made from.
static PLAIN: LazyLock<Url> = LazyLock::new(|| root("http://127.0.0.1"));
static SECURE: LazyLock<Url> = LazyLock::new(|| root("https://127.0.0.1"));

fn root(text: &str) -> Url {
    Url::parse(text).expect("a constant that is a URL")
}

/// A method, a URL, headers and a body.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Body>,
}

impl HttpRequest {
    /// Returns a request for `path`, which may hold a query, below `base`: `http://127.0.0.1:3000`.
    /// A user and password in the base become basic authentication.
    pub fn new(method: &str, base: &str, path: &str) -> Result<Self, InvalidRequest> {
        if !path.starts_with('/') {
            return Err(InvalidRequest::RelativePath);
        }
        // A fragment is never sent, so a `#` can only be meant as a character.
        let text = format!("{}{}", base.trim_end_matches('/'), path.replace('#', "%23"));
        let url = Url::parse(&text).map_err(|_| InvalidRequest::Url)?;
        if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") || !url.has_host() {
            return Err(InvalidRequest::Url);
        }
        let mut request = Self::with(method, url)?;
        request.take_login()?;
        Ok(request)
    }

    /// Returns a request for `path`, which may hold a query, of the server at `address`; `secure`
    /// is over TLS. It takes less time than [`Self::new`] with such a base, and keeps spaces at the
    /// end.
    pub fn to(
        method: &str,
        (address, secure): (SocketAddr, bool),
        path: &str,
    ) -> Result<Self, InvalidRequest> {
        if !path.starts_with('/') {
            return Err(InvalidRequest::RelativePath);
        }
        let mut url = Url::clone(if secure { &SECURE } else { &PLAIN });
        let refused = |()| InvalidRequest::Url;
        url.set_ip_host(address.ip()).map_err(refused)?;
        url.set_port(Some(address.port())).map_err(refused)?;
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        url.set_path(path);
        url.set_query(query);
        Self::with(method, url)
    }

    fn with(method: &str, url: Url) -> Result<Self, InvalidRequest> {
        Ok(Self {
            method: Method::from_str(method)
                .map_err(|_| InvalidRequest::Method(method.to_owned()))?,
            url,
            headers: HeaderMap::new(),
            body: None,
        })
    }

    fn take_login(&mut self) -> Result<(), InvalidRequest> {
        if self.url.username().is_empty() && self.url.password().is_none() {
            return Ok(());
        }
        let plain = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8();
            decoded.map_or(Err(InvalidRequest::Url), |text| Ok(text.into_owned()))
        };
        let user = plain(self.url.username())?;
        let password = plain(self.url.password().unwrap_or_default())?;
        let removed = self.url.set_username("").and(self.url.set_password(None));
        removed.map_err(|()| InvalidRequest::Url)?;
        self.basic_auth(&user, &password)
    }

    /// Adds a parameter to the query; a space becomes `%20`, which every server understands.
    pub fn query(&mut self, name: &str, value: &str) {
        let mut encoder = self.url.clone();
        encoder.set_query(None);
        encoder.query_pairs_mut().append_pair(name, value);
        let pair = encoder.query().unwrap_or_default().replace('+', "%20");
        let query = match self.url.query() {
            None | Some("") => pair,
            Some(before) => format!("{before}&{pair}"),
        };
        self.url.set_query(Some(&query));
    }

    /// Adds a header.
    pub fn header(&mut self, name: &str, value: &str) -> Result<(), InvalidRequest> {
        let key =
            HeaderName::from_str(name).map_err(|_| InvalidRequest::HeaderName(name.to_owned()))?;
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| InvalidRequest::HeaderValue(name.to_owned()))?;
        self.headers.append(key, value);
        Ok(())
    }

    /// Logs in with a user and a password, by RFC 7617 in UTF-8.
    pub fn basic_auth(&mut self, user: &str, password: &str) -> Result<(), InvalidRequest> {
        if user.contains(':') {
            return Err(InvalidRequest::User);
        }
        self.authorize(&format!("Basic {}", basic_login(user, password)))
    }

    /// Logs in with a token, by RFC 6750.
    pub fn bearer(&mut self, token: &str) -> Result<(), InvalidRequest> {
        self.authorize(&format!("Bearer {token}"))
    }

    fn authorize(&mut self, text: &str) -> Result<(), InvalidRequest> {
        let mut value = HeaderValue::from_str(text)
            .map_err(|_| InvalidRequest::HeaderValue(AUTHORIZATION.to_string()))?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    /// Sets the body, and its content type unless a header has said it. A form and a multipart
    /// body bring their own type.
    pub fn set_body(&mut self, body: Body, content_type: Option<&'static str>) {
        if let Some(content_type) = content_type {
            self.headers
                .entry(CONTENT_TYPE)
                .or_insert(HeaderValue::from_static(content_type));
        }
        self.body = Some(body);
    }

    /// Returns the method in capitals.
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// Returns whether a server that gets it twice is where it is after one (RFC 9110, 9.2.2).
    pub fn is_idempotent(&self) -> bool {
        self.method.is_idempotent()
    }

    /// Returns the whole URL, percent-encoded.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Returns the headers that were set, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, String)> {
        self.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str(), value)
        })
    }

    /// Returns the body as it was declared, if there is one.
    pub fn body(&self) -> Option<&Body> {
        self.body.as_ref()
    }

    pub(super) fn parts(&self) -> (&Method, &Url, &HeaderMap) {
        (&self.method, &self.url, &self.headers)
    }
}

/// Returns a user and a password as a header holds them.
fn basic_login(user: &str, password: &str) -> String {
    BASE64_STANDARD.encode(format!("{user}:{password}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "http://127.0.0.1:3000";

    #[test]
    fn paths_are_percent_encoded() {
        for (path, expect) in [
            ("/", "/"),
            ("/rates?a=1&b=x y", "/rates?a=1&b=x%20y"),
            ("/häfen/Tallinn", "/h%C3%A4fen/Tallinn"),
            ("/a#b?c=#d", "/a%23b?c=%23d"),
            ("/100%25?x=a+b", "/100%25?x=a+b"),
            ("//elsewhere.example/x", "//elsewhere.example/x"),
            ("/@elsewhere.example", "/@elsewhere.example"),
        ] {
            let request = HttpRequest::new("GET", BASE, path).unwrap();
            assert_eq!(request.url(), format!("{BASE}{expect}"), "{path}");
        }
    }

    #[test]
    fn an_address_makes_the_same_url_as_its_text() {
        for (address, base) in [
            ("127.0.0.1:3000", BASE),
            ("127.0.0.1:80", "http://127.0.0.1:80"),
            ("127.0.0.1:443", "https://127.0.0.1:443"),
            ("127.0.0.1:8443", "https://127.0.0.1:8443"),
            ("[::1]:3000", "http://[::1]:3000"),
        ] {
            let at = (address.parse().unwrap(), base.starts_with("https:"));
            for path in [
                "/",
                "//elsewhere.example/x",
                "/@elsewhere.example",
                "/\\elsewhere.example",
                "/a/./b/../c/%2e%2E/d",
                "/häfen\t/100%25/{id}/\"<>`|^'",
                "/a#b?c=#d",
                "/?",
                "/a?b=x y&c='\"<>`{}|^&d=%zz?e",
            ] {
                let (made, read) = (
                    HttpRequest::to("GET", at, path),
                    HttpRequest::new("GET", base, path),
                );
                assert_eq!(made.unwrap().url(), read.unwrap().url(), "{path}");
            }
        }
        let at = ("127.0.0.1:3000".parse().unwrap(), false);
        for (path, expect) in [("/a ", "/a%20"), ("/a?b=x ", "/a?b=x%20")] {
            let made = HttpRequest::to("GET", at, path).unwrap();
            assert_eq!(made.url(), format!("{BASE}{expect}"));
        }
        let refused = |method, path| HttpRequest::to(method, at, path).unwrap_err();
        assert_eq!(refused("GET", "rates"), InvalidRequest::RelativePath);
        assert_eq!(
            refused("GE T", "/"),
            InvalidRequest::Method("GE T".to_owned())
        );
    }

    #[test]
    fn parameters_join_the_query_of_the_path() {
        let mut request = HttpRequest::new("GET", "http://[::1]:80/", "/find?a=1").unwrap();
        request.query("name", "Göteborg & co+x");
        request.query("empty", "");
        assert_eq!(
            request.url(),
            "http://[::1]/find?a=1&name=G%C3%B6teborg%20%26%20co%2Bx&empty="
        );
        let mut request = HttpRequest::new("GET", BASE, "/find?").unwrap();
        request.query("a", "1");
        assert_eq!(request.url(), format!("{BASE}/find?a=1"));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let refused = |method, base, path| HttpRequest::new(method, base, path).unwrap_err();
        assert_eq!(
            refused("GE T", BASE, "/"),
            InvalidRequest::Method("GE T".to_owned())
        );
        assert_eq!(refused("GET", BASE, "rates"), InvalidRequest::RelativePath);
        assert_eq!(refused("GET", "127.0.0.1:3000", "/"), InvalidRequest::Url);
        assert_eq!(refused("GET", "ftp://127.0.0.1", "/"), InvalidRequest::Url);
        let mut request = HttpRequest::new("GET", BASE, "/").unwrap();
        assert_eq!(
            request.header("x y", "1"),
            Err(InvalidRequest::HeaderName("x y".to_owned()))
        );
        assert_eq!(
            request.header("x-token", "a\r\nhost: b"),
            Err(InvalidRequest::HeaderValue("x-token".to_owned()))
        );
    }

    #[test]
    fn a_declared_content_type_stays() {
        let mut request = HttpRequest::new("POST", BASE, "/").unwrap();
        request
            .header("Content-Type", "application/problem+json")
            .unwrap();
        request.set_body(Body::Text("{}".to_owned()), Some("application/json"));
        let headers: Vec<_> = request.headers().collect();
        assert_eq!(
            headers,
            [("content-type", "application/problem+json".to_owned())]
        );
    }

    #[test]
    fn a_login_is_a_header_that_is_not_shown() {
        let mut request = HttpRequest::new("GET", BASE, "/").unwrap();
        // The example of RFC 7617, and one of its section 2.1 in UTF-8.
        request.basic_auth("Aladdin", "open sesame").unwrap();
        let shown = |request: &HttpRequest| request.headers().next().unwrap().1;
        assert_eq!(shown(&request), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        request.basic_auth("test", "123\u{a3}").unwrap();
        assert_eq!(shown(&request), "Basic dGVzdDoxMjPCow==");
        request.bearer("t0ken").unwrap();
        assert_eq!(shown(&request), "Bearer t0ken");
        assert_eq!(request.headers().count(), 1);
        assert!(!format!("{request:?}").contains("t0ken"));
        assert_eq!(request.basic_auth("a:b", ""), Err(InvalidRequest::User));
        let broken = Err(InvalidRequest::HeaderValue("authorization".to_owned()));
        assert_eq!(request.bearer("a\nb"), broken);
    }

    #[test]
    fn a_login_in_the_base_leaves_the_url() {
        let request = HttpRequest::new("GET", "https://ada:p%40ss%25@127.0.0.1", "/a").unwrap();
        assert_eq!(request.url(), "https://127.0.0.1/a");
        let mut expect = HttpRequest::new("GET", BASE, "/").unwrap();
        expect.basic_auth("ada", "p@ss%").unwrap();
        assert!(request.headers().eq(expect.headers()));
    }
}
