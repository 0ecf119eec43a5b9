//! What a request carries. Files are read while they are sent, so their size costs no memory.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};

use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Either, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::HeaderValue;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;
use url::form_urlencoded;

use super::InvalidRequest;

/// How much of a file is read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// A body as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Text(String),
    Bytes(Vec<u8>),
    File(PathBuf),
    /// Names and values, as a browser sends a form.
    Form(Vec<(String, String)>),
    Multipart(Vec<BodyPart>),
}

/// A part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyPart {
    pub name: String,
    pub content: Content,
    /// A file without one goes under its own name.
    pub file_name: Option<String>,
    /// A file without one is `application/octet-stream`.
    pub content_type: Option<String>,
}

/// What a part holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Text(String),
    File(PathBuf),
}

/// A body on its way: small ones are whole, files come in pieces.
pub(super) type Outgoing = Either<Full<Bytes>, UnsyncBoxBody<Bytes, io::Error>>;

/// A body that can be sent once.
pub(super) struct Sendable {
    pub(super) body: Outgoing,
    pub(super) length: u64,
    /// The type that the body brings itself.
    pub(super) content_type: Option<HeaderValue>,
}

impl Sendable {
    /// Opens what `body` names; none is an empty one.
    pub(super) async fn of(body: Option<&Body>) -> Result<Self, InvalidRequest> {
        let mut content_type = None;
        let segments = match body {
            None => Vec::new(),
            Some(Body::Text(text)) => vec![BodySegment::of(text.clone())],
            Some(Body::Bytes(bytes)) => vec![BodySegment::of(bytes.clone())],
            Some(Body::File(path)) => vec![BodySegment::open(path).await?],
            Some(Body::Form(pairs)) => {
                content_type = Some(HeaderValue::from_static(
                    "application/x-www-form-urlencoded",
                ));
                let mut encoder = form_urlencoded::Serializer::new(String::new());
                vec![BodySegment::of(encoder.extend_pairs(pairs).finish())]
            }
            Some(Body::Multipart(parts)) => {
                let boundary = boundary();
                let text = format!("multipart/form-data; boundary={boundary}");
                content_type = HeaderValue::try_from(text).ok();
                multipart(parts, &boundary).await?
            }
        };
        Ok(Self {
            length: segments.iter().map(BodySegment::length).sum(),
            body: joined(segments),
            content_type,
        })
    }
}

/// A stretch of a body.
enum BodySegment {
    Bytes(Bytes),
    File(File, u64),
}

impl BodySegment {
    fn of(bytes: impl Into<Bytes>) -> Self {
        Self::Bytes(bytes.into())
    }

    async fn open(path: &Path) -> Result<Self, InvalidRequest> {
        let refused = |reason: String| InvalidRequest::File {
            path: path.to_owned(),
            reason,
        };
        // Opening a named pipe would wait for its writer, so the kind is looked at first.
        let kind = tokio::fs::metadata(path).await;
        match kind {
            Ok(kind) if !kind.is_file() => return Err(refused("it is no regular file".to_owned())),
            Ok(_) => {}
            Err(error) => return Err(refused(error.to_string())),
        }
        let opened = async {
            let file = File::open(path).await?;
            let length = file.metadata().await?.len();
            io::Result::Ok(Self::File(file, length))
        };
        opened.await.map_err(|error| refused(error.to_string()))
    }

    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    fn stream(self) -> BoxStream<'static, io::Result<Bytes>> {
        match self {
            Self::Bytes(bytes) => stream::iter([Ok(bytes)]).boxed(),
            // What is appended meanwhile would no longer fit the announced length.
            Self::File(file, length) => {
                ReaderStream::with_capacity(file.take(length), PIECE_BYTES).boxed()
            }
        }
    }
}

fn joined(mut segments: Vec<BodySegment>) -> Outgoing {
    match segments.as_mut_slice() {
        [] => Either::Left(Full::default()),
        [BodySegment::Bytes(bytes)] => Either::Left(Full::new(std::mem::take(bytes))),
        _ => {
            let frames = stream::iter(segments).flat_map(BodySegment::stream);
            Either::Right(StreamBody::new(frames.map_ok(Frame::data)).boxed_unsync())
        }
    }
}

/// Writes parts by RFC 7578.
async fn multipart(parts: &[BodyPart], boundary: &str) -> Result<Vec<BodySegment>, InvalidRequest> {
    let mut segments = Vec::new();
    let mut text = String::new();
    for part in parts {
        text.push_str(&head(part, boundary)?);
        match &part.content {
            Content::Text(content) => text.push_str(content),
            Content::File(path) => {
                segments.push(BodySegment::of(std::mem::take(&mut text)));
                segments.push(BodySegment::open(path).await?);
            }
        }
        text.push_str("\r\n");
    }
    text.push_str("--");
    text.push_str(boundary);
    text.push_str("--\r\n");
    segments.push(BodySegment::of(text));
    Ok(segments)
}

fn head(part: &BodyPart, boundary: &str) -> Result<String, InvalidRequest> {
    let own_name = match &part.content {
        Content::Text(_) => None,
        Content::File(path) => path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned()),
    };
    let content_type = part.content_type.as_deref().or(match part.content {
        Content::Text(_) => None,
        Content::File(_) => Some("application/octet-stream"),
    });
    let mut head = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"{}\"",
        quoted(&part.name)
    );
    if let Some(name) = part.file_name.as_ref().or(own_name.as_ref()) {
        head.push_str("; filename=\"");
        head.push_str(&quoted(name));
        head.push('"');
    }
    if let Some(content_type) = content_type {
        let value = HeaderValue::from_str(content_type)
            .ok()
            .ok_or_else(|| InvalidRequest::HeaderValue("content-type".to_owned()))?;
        head.push_str("\r\ncontent-type: ");
        head.push_str(&String::from_utf8_lossy(value.as_bytes()));
    }
    head.push_str("\r\n\r\n");
    Ok(head)
}

/// Escapes as browsers do (<https://html.spec.whatwg.org/#multipart-form-data>).
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Returns a line that no content holds by accident.
fn boundary() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("envctl-{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn sent(body: &Body) -> (String, Option<String>) {
        let sendable = Sendable::of(Some(body)).await.unwrap();
        let bytes = sendable.body.collect().await.unwrap().to_bytes();
        assert_eq!(bytes.len() as u64, sendable.length);
        let content_type = sendable.content_type;
        (
            String::from_utf8(bytes.into()).unwrap(),
            content_type.map(|value| value.to_str().unwrap().to_owned()),
        )
    }

    #[tokio::test]
    async fn a_form_is_encoded() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let form = Body::Form(vec![pair("a b", "1&2"), pair("é", "")]);
        let (text, content_type) = sent(&form).await;
        assert_eq!(text, "a+b=1%262&%C3%A9=");
        assert_eq!(
            content_type.as_deref(),
            Some("application/x-www-form-urlencoded")
        );
    }

    #[tokio::test]
    async fn a_multipart_body_holds_texts_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rates.csv");
        fs_err::write(&path, "a;b\n").unwrap();
        let part = |name: &str, content, content_type: Option<&str>| BodyPart {
            name: name.to_owned(),
            content,
            file_name: None,
            content_type: content_type.map(str::to_owned),
        };
        let mut named = part("again", Content::File(path.clone()), None);
        named.file_name = Some("x\"\r\n.csv".to_owned());
        let body = Body::Multipart(vec![
            part("note", Content::Text("hello".to_owned()), None),
            part("file", Content::File(path), Some("text/csv")),
            named,
        ]);
        let (text, content_type) = sent(&body).await;
        let content_type = content_type.unwrap();
        let boundary = content_type
            .strip_prefix("multipart/form-data; boundary=")
            .unwrap();
        let expect = "--B\n\
            content-disposition: form-data; name=\"note\"\n\nhello\n\
            --B\n\
            content-disposition: form-data; name=\"file\"; filename=\"rates.csv\"\n\
            content-type: text/csv\n\na;b\n\n\
            --B\n\
            content-disposition: form-data; name=\"again\"; filename=\"x%22%0D%0A.csv\"\n\
            content-type: application/octet-stream\n\na;b\n\n\
            --B--\n";
        assert_eq!(text.replace("\r\n", "\n").replace(boundary, "B"), expect);
        let forged = part("a", Content::Text(String::new()), Some("a\r\nb: c"));
        let refused = Sendable::of(Some(&Body::Multipart(vec![forged])))
            .await
            .err();
        assert_eq!(
            refused,
            Some(InvalidRequest::HeaderValue("content-type".to_owned()))
        );
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let refused = async |path: &Path| {
            let body = Body::File(path.to_owned());
            Sendable::of(Some(&body)).await.err().unwrap().to_string()
        };
        let missing = folder.path().join("missing");
        assert_eq!(
            refused(&missing).await,
            format!(
                "`{}` cannot be sent: No such file or directory (os error 2)",
                missing.display()
            )
        );
        assert!(
            refused(folder.path())
                .await
                .ends_with("it is no regular file")
        );
    }
}
