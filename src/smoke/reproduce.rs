//! The line that does by hand what a check does. Words are masked before they are quoted.

use super::mask::Mask;
use crate::probe::Request;

/// Returns a request as a line for curl.
pub(super) fn curl(request: &Request, mask: &Mask) -> String {
    let mut words: Vec<String> = ["curl", "-sS", "-i"].map(str::to_owned).into();
    // Without this, curl reads brackets and braces as patterns.
    if request.url().contains(['[', ']', '{', '}']) {
        words.push("-g".to_owned());
    }
    match (request.method(), request.text()) {
        ("GET", None) => {}
        ("HEAD", None) => words.push("-I".to_owned()),
        (method, _) => words.extend(["-X".to_owned(), method.to_owned()]),
    }
    let mut typed = false;
    for (name, value) in request.headers() {
        typed |= name == "content-type";
        // An empty value would take the header away; a semicolon sends it empty.
        let header = if value.is_empty() {
            format!("{name};")
        } else {
            format!("{name}: {value}")
        };
        words.extend(["-H".to_owned(), header]);
    }
    if let Some(body) = request.text() {
        if !typed {
            words.extend(["-H".to_owned(), "content-type:".to_owned()]);
        }
        words.extend(["--data-raw".to_owned(), body.to_owned()]);
    }
    words.push(request.url().to_owned());
    line(words, mask)
}

/// Returns words as a line for the shell.
pub(super) fn line(words: impl IntoIterator<Item = String>, mask: &Mask) -> String {
    shell_words::join(words.into_iter().map(|word| mask.apply(&word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::Secret;

    fn check(method: &str, path: &str, expect: &str) {
        let request = Request::new(method, "http://127.0.0.1:3000", path).unwrap();
        assert_eq!(curl(&request, &Mask::default()), expect);
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
    fn an_empty_header_stays() {
        let mut request = Request::new("GET", "http://127.0.0.1:3000", "/").unwrap();
        request.header("x-none", "").unwrap();
        assert_eq!(
            curl(&request, &Mask::default()),
            "curl -sS -i -H 'x-none;' http://127.0.0.1:3000/"
        );
    }

    #[test]
    fn a_query_is_one_word() {
        let command = ["envctl", "psql", "-c", "SELECT 'it''s', 'pw1'"];
        assert_eq!(
            line(
                command.map(str::to_owned),
                &Mask::new(&[Secret::new("pw1")])
            ),
            r"envctl psql -c 'SELECT '\''it'\'''\''s'\'', '\''***'\'''"
        );
    }
}
