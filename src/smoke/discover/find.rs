//! Where a service's OpenAPI document is: at the place that is named, or at a usual one.

use std::io::Read as _;
use std::path::PathBuf;

use super::Asked;
use super::attempt::{FilledCall, send};
use super::document::{Document, DocumentError};
use crate::probe::{BODY_LIMIT_BYTES, Caller, HttpError, status_line};

/// Where frameworks put the document, in the order of looking.
const USUAL: [&str; 8] = [
    "/openapi.json",
    "/api-docs/openapi.json",
    "/api/openapi.json",
    "/api/v1/openapi.json",
    "/v3/api-docs",
    "/swagger.json",
    "/swagger/v1/swagger.json",
    "/docs/openapi.json",
];

/// Where to look for the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentSource {
    Usual,
    /// A path on the service.
    Path(String),
    File(PathBuf),
}

/// Why a service has no document.
#[derive(Debug, thiserror::Error)]
pub enum Undocumented {
    #[error("`{service}` has no OpenAPI document")]
    Nowhere {
        service: String,
        /// Each path with what came.
        tried: Vec<(String, String)>,
    },
    #[error("`{service}` has no OpenAPI document at {place}: {came}")]
    NotThere {
        service: String,
        place: String,
        came: String,
    },
    #[error("{place} cannot be read")]
    File {
        place: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{place} is longer than {} MiB", BODY_LIMIT_BYTES / 1024 / 1024)]
    TooLong { place: String },
    #[error("{place} is no OpenAPI document that can be read")]
    Unreadable {
        place: String,
        #[source]
        source: DocumentError,
    },
}

/// What one look gave.
enum Glance {
    Found(Document),
    /// Something else is there.
    Other(String),
    /// Nobody answers, so that other paths need not be tried.
    Nobody(String),
    Wrong(Undocumented),
}

/// Returns a service's document, and where it is.
pub(super) async fn find(
    caller: &Caller,
    asked: &Asked,
    source: &DocumentSource,
) -> Result<(Document, String), Undocumented> {
    let service = asked.service.clone();
    match source {
        DocumentSource::File(file) => of_file(file),
        DocumentSource::Path(path) => match look(caller, asked, path).await {
            Glance::Found(document) => Ok((document, path.clone())),
            Glance::Other(came) | Glance::Nobody(came) => Err(Undocumented::NotThere {
                service,
                place: path.clone(),
                came,
            }),
            Glance::Wrong(error) => Err(error),
        },
        DocumentSource::Usual => usual(caller, asked).await,
    }
}

async fn usual(caller: &Caller, asked: &Asked) -> Result<(Document, String), Undocumented> {
    let (mut tried, mut wrong) = (Vec::new(), None);
    for path in USUAL {
        let came = match look(caller, asked, path).await {
            Glance::Found(document) => return Ok((document, path.to_owned())),
            Glance::Other(came) => came,
            Glance::Nobody(came) => {
                tried.push((path.to_owned(), came));
                break;
            }
            Glance::Wrong(error) => {
                let came = error.to_string();
                // An application that answers everything with a page says nothing by it.
                let is_page = matches!(
                    error,
                    Undocumented::Unreadable {
                        source: DocumentError::NotJson(_) | DocumentError::NotOpenApi,
                        ..
                    }
                );
                wrong = wrong.or(Some(error).filter(|_| !is_page));
                if is_page {
                    "something else".to_owned()
                } else {
                    came
                }
            }
        };
        tried.push((path.to_owned(), came));
    }
    let service = asked.service.clone();
    Err(wrong.unwrap_or(Undocumented::Nowhere { service, tried }))
}

async fn look(caller: &Caller, asked: &Asked, path: &str) -> Glance {
    let call = FilledCall {
        path: path.to_owned(),
        ..FilledCall::default()
    };
    let place = format!("{path} of `{}`", asked.service);
    match send(caller, &asked.base, &call).await {
        Ok(response) if response.status == 200 => match Document::read(&response.body, path) {
            Ok(document) => Glance::Found(document),
            Err(source) => Glance::Wrong(Undocumented::Unreadable { place, source }),
        },
        Ok(response) => Glance::Other(status_line(response.status)),
        Err(HttpError::TooLong) => Glance::Wrong(Undocumented::TooLong { place }),
        Err(error) if error.is_transient() => Glance::Nobody(error.to_string()),
        Err(error) => Glance::Other(error.to_string()),
    }
}

fn of_file(file: &std::path::Path) -> Result<(Document, String), Undocumented> {
    let place = file.display().to_string();
    let failed = |error: std::io::Error| Undocumented::File {
        place: place.clone(),
        source: error.kind().into(),
    };
    let opened = fs_err::File::open(file).map_err(failed)?;
    let mut bytes = Vec::new();
    // What is no regular file may have no end.
    let mut limited = opened.take(BODY_LIMIT_BYTES as u64 + 1);
    limited.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > BODY_LIMIT_BYTES {
        return Err(Undocumented::TooLong { place });
    }
    // Relative addresses in it start at the service's root.
    match Document::read(&bytes, "/") {
        Ok(document) => Ok((document, place)),
        Err(source) => Err(Undocumented::Unreadable { place, source }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    const DOCUMENT: &str = r#"{"openapi": "3.1.0"}"#;

    /// Answers the paths of `pages` and says `otherwise` to all others; returns its base URL.
    async fn serve(pages: &[(&str, &str)], otherwise: &'static str) -> String {
        let answer = |(path, body): &(&str, &str)| {
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
            ((*path).to_owned(), answer)
        };
        let pages: HashMap<String, String> = pages.iter().map(answer).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&request[..read]).into_owned();
                let path = text.split(' ').nth(1).unwrap_or_default();
                let page = pages.get(path).map_or(otherwise, String::as_str);
                let _ = stream.write_all(page.as_bytes()).await;
            }
        });
        base
    }

    async fn check(base: &str, source: DocumentSource, expected: &Expect) {
        let asked = Asked {
            service: "api".to_owned(),
            base: base.to_owned(),
        };
        let text = match find(&Caller::new(), &asked, &source).await {
            Ok((_, place)) => format!("found at {place}"),
            Err(error) => {
                let mut text = error.to_string();
                if let Undocumented::Nowhere { tried, .. } = &error {
                    for (path, came) in tried {
                        write!(text, "\n  {path}: {came}").unwrap();
                    }
                }
                let cause = std::error::Error::source(&error);
                cause.map_or(text.clone(), |cause| format!("{text}: {cause}"))
            }
        };
        expected.assert_eq(&text);
    }

    const MISSING: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    const PAGE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>";

    #[tokio::test]
    async fn the_usual_places_are_looked_at() {
        let base = serve(&[("/v3/api-docs", DOCUMENT)], MISSING).await;
        check(
            &base,
            DocumentSource::Usual,
            &expect!["found at /v3/api-docs"],
        )
        .await;
        // An application of one page answers everything.
        let base = serve(&[("/swagger.json", DOCUMENT)], PAGE).await;
        check(
            &base,
            DocumentSource::Usual,
            &expect!["found at /swagger.json"],
        )
        .await;
        let base = serve(&[], MISSING).await;
        check(
            &base,
            DocumentSource::Usual,
            &expect![[r"
            `api` has no OpenAPI document
              /openapi.json: 404 Not Found
              /api-docs/openapi.json: 404 Not Found
              /api/openapi.json: 404 Not Found
              /api/v1/openapi.json: 404 Not Found
              /v3/api-docs: 404 Not Found
              /swagger.json: 404 Not Found
              /swagger/v1/swagger.json: 404 Not Found
              /docs/openapi.json: 404 Not Found"]],
        )
        .await;
        let base = serve(&[("/swagger.json", r#"{"swagger": "2.0"}"#)], PAGE).await;
        check(&base, DocumentSource::Usual, &expect!["/swagger.json of `api` is no OpenAPI document that can be read: it is Swagger 2.0, which is not read"]).await;
    }

    #[tokio::test]
    async fn nobody_is_asked_only_once() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let base = format!("http://{}", socket.local_addr().unwrap());
        check(
            &base,
            DocumentSource::Usual,
            &expect![[r"
            `api` has no OpenAPI document
              /openapi.json: connection refused"]],
        )
        .await;
    }

    #[tokio::test]
    async fn a_named_place_is_the_only_one() {
        let long = "x".repeat(BODY_LIMIT_BYTES + 1);
        let pages = [
            ("/openapi.json", DOCUMENT),
            ("/page", "<html>"),
            ("/long", &long),
        ];
        let base = serve(&pages, MISSING).await;
        let path = |path: &str| DocumentSource::Path(path.to_owned());
        check(
            &base,
            path("/openapi.json"),
            &expect!["found at /openapi.json"],
        )
        .await;
        check(
            &base,
            path("/other"),
            &expect!["`api` has no OpenAPI document at /other: 404 Not Found"],
        )
        .await;
        check(&base, path("/page"), &expect!["/page of `api` is no OpenAPI document that can be read: it is not JSON: expected value at line 1 column 1"]).await;
        check(
            &base,
            path("/long"),
            &expect!["/long of `api` is longer than 8 MiB"],
        )
        .await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("api.json");
        fs_err::write(&file, DOCUMENT).unwrap();
        let asked = Asked {
            service: "api".to_owned(),
            base,
        };
        let found = find(&Caller::new(), &asked, &DocumentSource::File(file.clone())).await;
        assert_eq!(found.unwrap().1, file.display().to_string());
        let missing = DocumentSource::File(folder.path().join("none"));
        let error = find(&Caller::new(), &asked, &missing).await.unwrap_err();
        assert!(
            error.to_string().ends_with("/none cannot be read"),
            "{error}"
        );
        let endless = DocumentSource::File(std::path::PathBuf::from("/dev/zero"));
        let error = find(&Caller::new(), &asked, &endless).await.unwrap_err();
        assert_eq!(error.to_string(), "/dev/zero is longer than 8 MiB");
    }
}
