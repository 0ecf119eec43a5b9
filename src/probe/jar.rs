//! Cookies, by RFC 6265. Knows no connection: it is told what came and asked what to send.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cookie_store::{CookieStore, RawCookie};
use hyper::HeaderMap;
use hyper::header::{COOKIE, HeaderValue, SET_COOKIE};
use url::Url;

/// Cookies that several requests share; a clone is the same jar.
#[derive(Clone, Default)]
pub struct Jar(Arc<Mutex<CookieStore>>);

// The values are as good as passwords.
impl fmt::Debug for Jar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self
            .store()
            .iter_unexpired()
            .map(|cookie| cookie.name().to_owned())
            .collect();
        formatter.debug_tuple("Jar").field(&names).finish()
    }
}

impl Jar {
    /// Returns a jar of its own with what the others hold; of two alike the later one's counts.
    pub fn merged(jars: &[Self]) -> Self {
        let cookies: Vec<_> = jars
            .iter()
            .flat_map(|jar| {
                let store = jar.store();
                store.iter_unexpired().cloned().collect::<Vec<_>>()
            })
            .map(Ok::<_, Infallible>)
            .collect();
        match CookieStore::from_cookies(cookies, false) {
            Ok(store) => Self(Arc::new(Mutex::new(store))),
        }
    }

    /// Returns whether it holds nothing that is still valid.
    pub fn is_empty(&self) -> bool {
        self.store().iter_unexpired().next().is_none()
    }

    /// Keeps what an answer from `url` sets; what is malformed or of another site is left out.
    pub(super) fn keep(&self, headers: &HeaderMap, url: &Url) {
        let mut values = headers.get_all(SET_COOKIE).iter().peekable();
        if values.peek().is_some() {
            let cookies = values
                .filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
                .filter_map(|text| RawCookie::parse(text.to_owned()).ok());
            self.store().store_response_cookies(cookies, url);
        }
    }

    /// Adds what `url` gets to what the request declares itself.
    pub(super) fn add_to(&self, headers: &mut HeaderMap, url: &Url) {
        let store = self.store();
        let declared = headers
            .get_all(COOKIE)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let kept = store
            .get_request_values(url)
            .map(|(name, value)| format!("{name}={value}"));
        let pairs: Vec<String> = declared.chain(kept).collect();
        if let (false, Ok(mut value)) = (pairs.is_empty(), HeaderValue::try_from(pairs.join("; ")))
        {
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
    }

    /// Returns what a request to `url` gets beside what it declares itself: `a=1; b=2`.
    pub fn sent_to(&self, url: &str) -> Option<String> {
        let url = Url::parse(url).ok()?;
        let store = self.store();
        let kept = store.get_request_values(&url);
        let pairs: Vec<String> = kept
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    fn store(&self) -> MutexGuard<'_, CookieStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn jar(set: &[&str], from: &str) -> Jar {
        let jar = Jar::default();
        let mut headers = HeaderMap::new();
        for text in set {
            headers.append(SET_COOKIE, HeaderValue::from_str(text).unwrap());
        }
        jar.keep(&headers, &url(from));
        jar
    }

    fn sent(jar: &Jar, to: &str) -> String {
        let mut headers = HeaderMap::new();
        jar.add_to(&mut headers, &url(to));
        let value = headers.get(COOKIE);
        value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
    }

    fn sorted(cookies: &str) -> Vec<&str> {
        let mut pairs: Vec<&str> = cookies.split("; ").collect();
        pairs.sort_unstable();
        pairs
    }

    #[test]
    fn cookies_go_where_they_belong() {
        let base = "http://127.0.0.1:3000";
        let set = [
            "a=1; HttpOnly",
            "b=2; Path=/admin",
            "gone=1; Max-Age=0",
            "d=4; Domain=example.org",
        ];
        let local = jar(&set, base);
        assert_eq!(sent(&local, &format!("{base}/x")), "a=1");
        assert_eq!(
            sorted(&sent(&local, &format!("{base}/admin/y"))),
            ["a=1", "b=2"]
        );
        assert_eq!(sent(&local, "http://127.0.0.2/"), "");
        assert_eq!(sent(&local, "http://example.org/"), "");
        // As browsers have it, the own machine needs no TLS for what is secure.
        assert_eq!(sent(&jar(&["c=3; Secure"], base), base), "c=3");
        let far = jar(&["c=3; Secure"], "https://example.org/");
        assert_eq!(sent(&far, "http://example.org/"), "");
        assert_eq!(sent(&far, "https://example.org/"), "c=3");
    }

    #[test]
    fn jars_merge_into_one_of_its_own() {
        let base = "http://localhost/";
        let first = jar(&["a=1", "b=1"], base);
        let merged = Jar::merged(&[first.clone(), jar(&["b=2"], base)]);
        assert_eq!(sorted(&sent(&merged, base)), ["a=1", "b=2"]);
        assert!(sent(&first, base).contains("b=1"));
        assert!(!merged.is_empty() && Jar::merged(&[]).is_empty());
        assert!(!format!("{merged:?}").contains("=1"));
    }

    #[test]
    fn a_declared_cookie_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("own=1"));
        let base = "http://localhost/";
        jar(&["a=1"], base).add_to(&mut headers, &url(base));
        assert_eq!(headers[COOKIE], "own=1; a=1");
    }
}
