//! Where a service's OpenAPI document is: at the place that is named, or at a usual one.

use std::path::PathBuf;

use super::Asked;
use super::attempt::{Call, send};
use super::document::{Document, DocumentError};
use crate::probe::{BODY_LIMIT_BYTES, Caller, HttpError, status_line};

/// Where frameworks put the document, in the order of looking.
pub const USUAL: [&str; 8] = [
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
pub enum Source {
    Usual,
    /// A path on the service.
    Path(String),
    File(PathBuf),
}

/// Why a service has no document.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{service}` has no OpenAPI document")]
    Nowhere {
        service: String,
        /// Each path with what came.
        tried: Vec<(String, String)>,
    },
    #[error("`{service}` gives no OpenAPI document: {came}")]
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
enum Look {
    Found(Document),
    /// Something else is there.
    Other(String),
    /// Nobody answers, so that other paths need not be tried.
    Nobody(String),
    Wrong(Error),
}

/// Returns a service's document, and where it is.
pub(super) async fn find(
    caller: &Caller,
    asked: &Asked,
    source: &Source,
) -> Result<(Document, String), Error> {
    let service = asked.service.clone();
    match source {
        Source::File(file) => of_file(file),
        Source::Path(path) => match look(caller, asked, path).await {
            Look::Found(document) => Ok((document, path.clone())),
            Look::Other(came) | Look::Nobody(came) => Err(Error::NotThere {
                service,
                place: path.clone(),
                came,
            }),
            Look::Wrong(error) => Err(error),
        },
        Source::Usual => usual(caller, asked).await,
    }
}

async fn usual(caller: &Caller, asked: &Asked) -> Result<(Document, String), Error> {
    let (mut tried, mut wrong) = (Vec::new(), None);
    for path in USUAL {
        let came = match look(caller, asked, path).await {
            Look::Found(document) => return Ok((document, path.to_owned())),
            Look::Other(came) => came,
            Look::Nobody(came) => {
                tried.push((path.to_owned(), came));
                break;
            }
            Look::Wrong(error) => {
                let came = error.to_string();
                // An application that answers everything with a page says nothing by it.
                let is_page = matches!(
                    error,
                    Error::Unreadable {
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
    Err(wrong.unwrap_or(Error::Nowhere { service, tried }))
}

async fn look(caller: &Caller, asked: &Asked, path: &str) -> Look {
    let call = Call {
        path: path.to_owned(),
        ..Call::default()
    };
    let place = format!("{path} of `{}`", asked.service);
    match send(caller, &asked.base, &call).await {
        Ok(response) if response.status == 200 => match Document::read(&response.body, path) {
            Ok(document) => Look::Found(document),
            Err(source) => Look::Wrong(Error::Unreadable { place, source }),
        },
        Ok(response) => Look::Other(status_line(response.status)),
        Err(HttpError::TooLong) => Look::Wrong(Error::TooLong { place }),
        Err(error) if error.is_transient() => Look::Nobody(error.to_string()),
        Err(error) => Look::Other(error.to_string()),
    }
}

fn of_file(file: &std::path::Path) -> Result<(Document, String), Error> {
    let place = file.display().to_string();
    let failed = |source| Error::File {
        place: place.clone(),
        source,
    };
    let length = fs_err::metadata(file).map_err(failed)?.len();
    if usize::try_from(length).is_ok_and(|length| length > BODY_LIMIT_BYTES) {
        return Err(Error::TooLong { place });
    }
    let bytes = fs_err::read(file).map_err(failed)?;
    // Relative addresses in it start at the service's root.
    match Document::read(&bytes, "/") {
        Ok(document) => Ok((document, place)),
        Err(source) => Err(Error::Unreadable { place, source }),
    }
}
