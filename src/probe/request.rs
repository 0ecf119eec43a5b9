//! A request as it is sent. Its parts are checked and percent-encoded here.

use std::str::FromStr;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

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
}

/// A method, a URL, headers and a body.
#[derive(Clone, Debug)]
pub struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
}

impl Request {
    /// Returns a request for `path`, which may hold a query, below `base`: `http://127.0.0.1:3000`.
    pub fn new(method: &str, base: &str, path: &str) -> Result<Self, InvalidRequest> {
        if !path.starts_with('/') {
            return Err(InvalidRequest::RelativePath);
        }
        // A fragment is never sent, so a `#` can only be meant as a character.
        let text = format!("{}{}", base.trim_end_matches('/'), path.replace('#', "%23"));
        let url = Url::parse(&text).map_err(|_| InvalidRequest::Url)?;
        if url.scheme() != "http" || !url.has_host() {
            return Err(InvalidRequest::Url);
        }
        Ok(Self {
            method: Method::from_str(method)
                .map_err(|_| InvalidRequest::Method(method.to_owned()))?,
            url,
            headers: HeaderMap::new(),
            body: None,
        })
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

    /// Sets the body, and its content type unless a header has said it.
    pub fn body(&mut self, text: String, content_type: Option<&'static str>) {
        if let Some(content_type) = content_type {
            self.headers
                .entry(reqwest::header::CONTENT_TYPE)
                .or_insert(HeaderValue::from_static(content_type));
        }
        self.body = Some(text);
    }

    /// Returns the method in capitals.
    pub fn method(&self) -> &str {
        self.method.as_str()
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

    /// Returns the body, if there is one.
    pub fn text(&self) -> Option<&str> {
        self.body.as_deref()
    }

    /// Returns the request in the client's words.
    pub(super) fn for_client(&self) -> reqwest::Request {
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = self.headers.clone();
        *request.body_mut() = self.body.clone().map(Into::into);
        request
    }
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
            let request = Request::new("GET", BASE, path).unwrap();
            assert_eq!(request.url(), format!("{BASE}{expect}"), "{path}");
        }
    }

    #[test]
    fn parameters_join_the_query_of_the_path() {
        let mut request = Request::new("GET", "http://[::1]:80/", "/find?a=1").unwrap();
        request.query("name", "Göteborg & co+x");
        request.query("empty", "");
        assert_eq!(
            request.url(),
            "http://[::1]/find?a=1&name=G%C3%B6teborg%20%26%20co%2Bx&empty="
        );
        let mut request = Request::new("GET", BASE, "/find?").unwrap();
        request.query("a", "1");
        assert_eq!(request.url(), format!("{BASE}/find?a=1"));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let refused = |method, base, path| Request::new(method, base, path).unwrap_err();
        assert_eq!(
            refused("GE T", BASE, "/"),
            InvalidRequest::Method("GE T".to_owned())
        );
        assert_eq!(refused("GET", BASE, "rates"), InvalidRequest::RelativePath);
        assert_eq!(refused("GET", "127.0.0.1:3000", "/"), InvalidRequest::Url);
        assert_eq!(
            refused("GET", "https://127.0.0.1", "/"),
            InvalidRequest::Url
        );
        let mut request = Request::new("GET", BASE, "/").unwrap();
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
        let mut request = Request::new("POST", BASE, "/").unwrap();
        request
            .header("Content-Type", "application/problem+json")
            .unwrap();
        request.body("{}".to_owned(), Some("application/json"));
        let headers: Vec<_> = request.headers().collect();
        assert_eq!(
            headers,
            [("content-type", "application/problem+json".to_owned())]
        );
    }
}
