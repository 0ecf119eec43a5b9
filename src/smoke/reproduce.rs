//! The line that does by hand what a check does. Words are masked before they are quoted.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use url::Url;

use crate::model::DeclaredTls;
use crate::probe::{Body, BodyPart, Content, HttpRequest};
use crate::tell::Mask;

/// How curl has to be told to send a request.
#[derive(Default)]
pub(super) struct CurlOptions<'a> {
    pub(super) redirects: u32,
    pub(super) tls: Option<&'a DeclaredTls>,
    /// What earlier answers set, as it was sent.
    pub(super) cookies: Option<String>,
}

/// Returns a request as a line for curl.
pub(super) fn curl(request: &HttpRequest, options: &CurlOptions<'_>, mask: &Mask) -> String {
    let mut words: Vec<String> = ["curl", "-sS", "-i"].map(str::to_owned).into();
    // Without this, curl reads brackets and braces as patterns.
    if request.url().contains(['[', ']', '{', '}']) {
        words.push("-g".to_owned());
    }
    match (request.method(), request.body()) {
        ("GET", None) => {}
        ("HEAD", None) => words.push("-I".to_owned()),
        (method, _) => words.extend(["-X".to_owned(), method.to_owned()]),
    }
    if options.redirects > 0 {
        let most = options.redirects.to_string();
        words.extend(["-L".to_owned(), "--max-redirs".to_owned(), most]);
    }
    tls(options.tls, &mut words);
    let mut typed = false;
    let mut cookies = Vec::new();
    for (name, value) in request.headers() {
        typed |= name == "content-type";
        // curl sends either a header or what `-b` says.
        if name == "cookie" && options.cookies.is_some() {
            cookies.push(value);
            continue;
        }
        if let Some(login) = login(name, &value) {
            words.extend(["-u".to_owned(), login]);
            continue;
        }
        // An empty value would take the header away; a semicolon sends it empty.
        let header = if value.is_empty() {
            format!("{name};")
        } else {
            format!("{name}: {value}")
        };
        words.extend(["-H".to_owned(), header]);
    }
    cookies.extend(options.cookies.clone());
    if !cookies.is_empty() {
        words.extend(["-b".to_owned(), cookies.join("; ")]);
    }
    if let Some(body) = request.body() {
        words.extend(self::body(body, typed));
    }
    let name = options.tls.and_then(|tls| tls.server_name.as_deref());
    match name.and_then(|name| named(request.url(), name)) {
        Some((connect_to, url)) => words.extend(["--connect-to".to_owned(), connect_to, url]),
        None => words.push(request.url().to_owned()),
    }
    line(words, mask)
}

/// Returns the URL with the server's own name in it, and what makes curl find it at its address.
fn named(url: &str, name: &str) -> Option<(String, String)> {
    let mut url = Url::parse(url).ok()?;
    let (host, port) = (url.host_str()?.to_owned(), url.port_or_known_default()?);
    url.set_host(Some(name)).ok()?;
    let connect_to = format!("{name}:{port}:{host}:{port}");
    Some((connect_to, url.to_string()))
}

/// Returns the user and the password in a header of basic authentication, so that a password can
/// be masked alone.
fn login(name: &str, value: &str) -> Option<String> {
    let encoded = value
        .strip_prefix("Basic ")
        .filter(|_| name == "authorization")?;
    String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()
}

fn tls(tls: Option<&DeclaredTls>, words: &mut Vec<String>) {
    let Some(tls) = tls else { return };
    if tls.insecure {
        words.push("-k".to_owned());
    }
    let files = [
        ("--cacert", &tls.ca),
        ("--cert", &tls.client_cert),
        ("--key", &tls.client_key),
    ];
    for (flag, file) in files {
        if let Some(file) = file {
            words.extend([flag.to_owned(), file.display().to_string()]);
        }
    }
}

/// Returns the words for a body; `typed` says that a header names its type already.
fn body(body: &Body, typed: bool) -> Vec<String> {
    let mut words = Vec::new();
    let untyped = ["-H".to_owned(), "content-type:".to_owned()];
    match body {
        Body::Text(text) => {
            words.extend(untyped.into_iter().filter(|_| !typed));
            words.extend(["--data-raw".to_owned(), text.clone()]);
        }
        Body::Bytes(_) => words.extend(["--data-binary".to_owned(), "@-".to_owned()]),
        Body::File(path) => {
            words.extend(untyped.into_iter().filter(|_| !typed));
            words.extend(["--data-binary".to_owned(), format!("@{}", path.display())]);
        }
        Body::Form(pairs) => {
            for (name, value) in pairs {
                words.extend(["--data-urlencode".to_owned(), format!("{name}={value}")]);
            }
        }
        Body::Multipart(parts) => {
            for part in parts {
                words.extend(["--form".to_owned(), form_part(part)]);
            }
        }
    }
    words
}

fn form_part(part: &BodyPart) -> String {
    let quoted = |text: &str| text.replace('\\', r"\\").replace('"', "\\\"");
    let mut word = match &part.content {
        Content::Text(text) => format!("{}=\"{}\"", part.name, quoted(text)),
        Content::File(path) => {
            format!("{}=@\"{}\"", part.name, quoted(&path.display().to_string()))
        }
    };
    if let Some(name) = &part.file_name {
        word = format!("{word};filename=\"{}\"", quoted(name));
    }
    if let Some(kind) = &part.content_type {
        word = format!("{word};type={kind}");
    }
    word
}

/// Returns words as a line for the shell.
pub(super) fn line(words: impl IntoIterator<Item = String>, mask: &Mask) -> String {
    shell_words::join(words.into_iter().map(|word| mask.apply(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, path: &str, expect: &str) {
        let request = HttpRequest::new(method, "http://127.0.0.1:3000", path).unwrap();
        assert_eq!(
            curl(&request, &CurlOptions::default(), &Mask::default()),
            expect
        );
    }

    #[test]
    fn methods_and_brackets() {
        check("GET", "/", "curl -sS -i http://127.0.0.1:3000/");
        check("HEAD", "/", "curl -sS -i -I http://127.0.0.1:3000/");
        check(
            "DELETE",
            "/a",
            "curl -sS -i -X DELETE http://127.0.0.1:3000/a",
        );
        check(
            "GET",
            "/?a[]=1",
            "curl -sS -i -g 'http://127.0.0.1:3000/?a[]=1'",
        );
    }

    #[test]
    fn a_server_is_asked_by_its_own_name() {
        let request = HttpRequest::new("GET", "https://127.0.0.1:3000", "/a?b=1").unwrap();
        let tls = DeclaredTls {
            server_name: Some("api.test".to_owned()),
            ..DeclaredTls::default()
        };
        let options = CurlOptions {
            tls: Some(&tls),
            ..CurlOptions::default()
        };
        assert_eq!(
            curl(&request, &options, &Mask::default()),
            "curl -sS -i --connect-to api.test:3000:127.0.0.1:3000 'https://api.test:3000/a?b=1'"
        );
    }

    #[test]
    fn cookies_of_earlier_answers_are_sent_with_those_that_are_declared() {
        let mut request = HttpRequest::new("GET", "http://127.0.0.1:3000", "/").unwrap();
        request.header("cookie", "own=1").unwrap();
        let options = CurlOptions {
            cookies: Some("session=hunter2; b=2".to_owned()),
            ..CurlOptions::default()
        };
        assert_eq!(
            curl(&request, &options, &Mask::new(["hunter2"])),
            "curl -sS -i -b 'own=1; session=***; b=2' http://127.0.0.1:3000/"
        );
    }

    #[test]
    fn an_empty_header_stays() {
        let mut request = HttpRequest::new("GET", "http://127.0.0.1:3000", "/").unwrap();
        request.header("x-none", "").unwrap();
        assert_eq!(
            curl(&request, &CurlOptions::default(), &Mask::default()),
            "curl -sS -i -H 'x-none;' http://127.0.0.1:3000/"
        );
    }

    #[test]
    fn a_query_is_one_word() {
        let words = ["envctl", "psql", "-c", "SELECT 'it''s', 'pw-1'"];
        assert_eq!(
            line(words.map(str::to_owned), &Mask::new(["pw-1"])),
            r"envctl psql -c 'SELECT '\''it'\'''\''s'\'', '\''***'\'''"
        );
    }
}
