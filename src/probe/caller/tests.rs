use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use rcgen::{BasicConstraints, IsCa, date_time_ymd};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::super::testing::{Authority, answer, listen, listen_tls, params, refusing, request};
use super::super::{BODY_LIMIT_BYTES, Body, BodyPart, Content};
use super::*;

const WITHIN: Delivery = Delivery::within(Duration::from_secs(20));

fn get(base: &str) -> HttpRequest {
    HttpRequest::new("GET", base, "/").unwrap()
}

fn text(response: &Response) -> &str {
    std::str::from_utf8(&response.body).unwrap()
}

/// Answers each request with the request itself, and with what its path asks for.
async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin + Send) {
    while let Some(asked) = request(&mut stream).await {
        let path = asked.split(' ').nth(1).unwrap_or_default();
        let head = match path.split_once("to=") {
            Some((_, to)) => format!(
                "302 Found\r\nset-cookie: hop{}=1\r\nlocation: {to}",
                path.len()
            ),
            None => "200 OK".to_owned(),
        };
        let body = if asked.starts_with("HEAD") {
            ""
        } else {
            &asked
        };
        if stream
            .write_all(answer(&head, body).as_bytes())
            .await
            .is_err()
        {
            break;
        }
    }
}

/// Says `words` to every request, then closes.
async fn says(words: impl AsRef<[u8]> + Clone + Send + Sync + 'static) -> String {
    let (address, _) = listen(move |mut stream| {
        let words = words.clone();
        async move {
            if request(&mut stream).await.is_some() {
                let _ = stream.write_all(words.as_ref()).await;
            }
        }
    })
    .await;
    format!("http://{address}")
}

async fn failure(base: &str, delivery: &Delivery) -> HttpError {
    let error = Caller::new().send(&get(base), delivery).await;
    error.expect_err("no answer is an error")
}

#[tokio::test]
async fn an_answer_is_read_whole() {
    let base = says(answer(
        "200 OK\r\nX-Kind: \u{e9}\r\ncontent-encoding: gzip",
        "hello",
    ))
    .await;
    let response = Caller::new().send(&get(&base), &WITHIN).await.unwrap();
    assert_eq!(text(&response), "hello");
    assert_eq!(response.status, 200);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(response.headers[0], header("x-kind", "\u{e9}"));

    let base = says(b"HTTP/1.1 200 OK\r\nx: a\xff\r\ncontent-length: 0\r\n\r\n").await;
    let response = Caller::new().send(&get(&base), &WITHIN).await.unwrap();
    assert_eq!(response.headers[0], header("x", "a\u{fffd}"));

    let base = says("HTTP/1.1 200 OK\r\n\r\nuntil the end").await;
    let response = Caller::new().send(&get(&base), &WITHIN).await.unwrap();
    assert_eq!(text(&response), "until the end");
}

#[tokio::test]
async fn a_request_arrives_as_it_was_declared() {
    let (address, _) = listen(echo).await;
    let base = format!("http://{address}");
    let mut asked = HttpRequest::new("POST", &base, "/a?b=c d").unwrap();
    asked.header("X-Kind", "1").unwrap();
    asked.set_body(Body::Text("{}".to_owned()), Some("application/json"));
    let response = Caller::new().send(&asked, &WITHIN).await.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let expect = format!(
        "POST /a?b=c%20d HTTP/1.1\nx-kind: 1\ncontent-type: application/json\nhost: {address}\n\
         user-agent: envctl/{version}\naccept: */*\ncontent-length: 2\n\n{{}}"
    );
    assert_eq!(text(&response).replace("\r\n", "\n"), expect);
    let empty = HttpRequest::new("POST", &base, "/").unwrap();
    let response = Caller::new().send(&empty, &WITHIN).await.unwrap();
    assert!(text(&response).contains("content-length: 0"));
}

#[tokio::test]
async fn files_are_sent_each_time_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    fs_err::write(&path, "x".repeat(200_000)).unwrap();
    let (address, _) = listen(echo).await;
    let caller = Caller::new();
    let mut asked = HttpRequest::new("PUT", &format!("http://{address}"), "/").unwrap();
    asked.set_body(Body::File(path.clone()), None);
    for _ in 0..2 {
        let response = caller.send(&asked, &WITHIN).await.unwrap();
        assert!(text(&response).contains("content-length: 200000\r\n"));
        assert_eq!(text(&response).matches('x').count(), 200_000);
    }
    let part = BodyPart {
        name: "file".to_owned(),
        content: Content::File(path.clone()),
        file_name: None,
        content_type: None,
    };
    asked.set_body(Body::Multipart(vec![part]), None);
    let response = caller.send(&asked, &WITHIN).await.unwrap();
    assert!(text(&response).contains("content-type: multipart/form-data; boundary=envctl-"));
    assert!(text(&response).contains("filename=\"a.bin\""));
    fs_err::remove_file(&path).unwrap();
    let error = caller.send(&asked, &WITHIN).await.unwrap_err();
    assert!(
        error.to_string().contains("No such file or directory"),
        "{error}"
    );
    assert!(!error.is_transient());
}

#[tokio::test]
async fn connections_are_kept() {
    let (address, count) = listen(echo).await;
    let (caller, asked) = (Caller::new(), get(&format!("http://{address}")));
    let send = async |_| caller.send(&asked, &WITHIN).await.unwrap().status;
    let all = futures_util::stream::iter(0..200)
        .map(send)
        .buffer_unordered(8);
    assert_eq!(
        all.filter(|status| std::future::ready(*status == 200))
            .count()
            .await,
        200
    );
    let made = count.load(Ordering::SeqCst);
    assert!(made <= 8, "{made} connections");
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_fails_nothing() {
    let base = says(answer("200 OK", "")).await;
    let caller = Caller::new();
    for method in ["GET", "POST", "PUT", "GET", "DELETE"].repeat(40) {
        let asked = HttpRequest::new(method, &base, "/").unwrap();
        assert_eq!(caller.send(&asked, &WITHIN).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_redirect_to_nobody_was_heard_all_the_same() {
    let (_socket, nobody) = refusing();
    let base = says(answer(
        &format!("303 Other\r\nlocation: http://{nobody}/x"),
        "",
    ))
    .await;
    let delivery = Delivery {
        redirects: 1,
        ..WITHIN
    };
    let error = failure(&base, &delivery).await;
    let expect = format!("the redirect to http://{nobody}/x leads nowhere: connection refused");
    assert_eq!(error.to_string(), expect);
    assert!(error.is_transient() && !error.is_unheard());
}

#[tokio::test]
async fn a_head_that_breaks_the_rules_is_told_from_what_is_no_http() {
    for header in ["a: \x1b", "content-length: -1"] {
        let base = says(format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n")).await;
        let error = failure(&base, &WITHIN).await;
        let expect = "the answer's head breaks the rules of HTTP: ";
        assert!(error.to_string().starts_with(expect), "{error}");
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn what_comes_behind_an_answer_is_not_the_next_answer() {
    // A body after the answer to HEAD, which looks like an answer itself.
    let (address, count) = listen(|mut stream| async move {
        while let Some(asked) = request(&mut stream).await {
            let head = asked.starts_with("HEAD");
            let words = answer(if head { "200 OK" } else { "500 Broken" }, "");
            let _ = stream.write_all(words.as_bytes()).await;
            if head {
                let _ = stream.write_all(words.as_bytes()).await;
            }
        }
    })
    .await;
    let (caller, base) = (Caller::new(), format!("http://{address}"));
    for number in 1..=20 {
        let head = HttpRequest::new("HEAD", &base, "/").unwrap();
        assert_eq!(caller.send(&head, &WITHIN).await.unwrap().status, 200);
        assert_eq!(caller.send(&get(&base), &WITHIN).await.unwrap().status, 500);
        assert!(count.load(Ordering::SeqCst) > number);
    }
    // Bytes that come late, when the next request is under way.
    let (address, count) = listen(|mut stream| async move {
        let mut late = "";
        while request(&mut stream).await.is_some() {
            let words = format!("{late}{}", answer("200 OK", ""));
            let _ = stream.write_all(words.as_bytes()).await;
            late = "{}";
        }
    })
    .await;
    let base = format!("http://{address}");
    for _ in 0..20 {
        assert_eq!(caller.send(&get(&base), &WITHIN).await.unwrap().status, 200);
    }
    assert_eq!(count.load(Ordering::SeqCst), 20);
}

#[tokio::test]
async fn what_may_not_be_repeated_is_sent_once() {
    // The first answer is kept alive; every later request is read and then ended.
    let (address, count) = listen(|mut stream| async move {
        if let Some(asked) = request(&mut stream).await
            && asked.starts_with("GET")
        {
            let _ = stream.write_all(answer("200 OK", "").as_bytes()).await;
            request(&mut stream).await;
        }
    })
    .await;
    let base = format!("http://{address}");
    let caller = Caller::new();
    caller.send(&get(&base), &WITHIN).await.unwrap();
    let asked = HttpRequest::new("POST", &base, "/").unwrap();
    let error = caller.send(&asked, &WITHIN).await.unwrap_err();
    assert_eq!(error.to_string(), "connection closed before an answer");
    assert!(error.is_transient());
    assert_eq!(count.load(Ordering::SeqCst), 2);
    assert_eq!(caller.send(&get(&base), &WITHIN).await.unwrap().status, 200);
}

#[tokio::test]
async fn redirects_are_followed_as_far_as_allowed() {
    let (address, _) = listen(echo).await;
    let base = format!("http://{address}");
    let mut asked = HttpRequest::new("POST", &base, "/?to=/next?to=/last").unwrap();
    asked.set_body(Body::Text("{}".to_owned()), None);
    let mut delivery = WITHIN;
    let caller = Caller::new();
    assert_eq!(caller.send(&asked, &delivery).await.unwrap().status, 302);
    delivery.redirects = 2;
    delivery.cookies = Some(Jar::default());
    let response = caller.send(&asked, &delivery).await.unwrap();
    assert!(text(&response).starts_with("GET /last HTTP/1.1"));
    assert!(text(&response).contains("hop19=1"), "{}", text(&response));
    assert!(text(&response).contains("hop14=1"), "{}", text(&response));

    let base = says(answer("302 Found\r\nlocation: /again", "")).await;
    delivery.redirects = 5;
    let error = failure(&base, &delivery).await;
    let expect = format!("more than 5 redirects, the last one to {base}/again");
    assert_eq!(error.to_string(), expect);
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_login_stays_with_its_server() {
    let (other, _) = listen(echo).await;
    let (address, _) = listen(echo).await;
    let path = format!("/?to=http://{other}/");
    let mut asked = HttpRequest::new("GET", &format!("http://{address}"), &path).unwrap();
    asked.bearer("t0ken").unwrap();
    asked.header("cookie", "a=1").unwrap();
    let mut delivery = WITHIN;
    delivery.redirects = 1;
    let response = Caller::new().send(&asked, &delivery).await.unwrap();
    assert!(text(&response).contains(&format!("host: {other}")));
    assert!(!text(&response).contains("t0ken") && !text(&response).contains("a=1"));
}

#[tokio::test]
async fn silence_ends_at_the_timeout() {
    let short = Delivery::within(Duration::from_millis(50));
    let (address, _) = listen(|mut stream| async move {
        request(&mut stream).await;
        request(&mut stream).await;
    })
    .await;
    let error = failure(&format!("http://{address}"), &short).await;
    assert_eq!(error.to_string(), "no answer within 50ms");
    assert!(error.is_transient());

    for (head, expect) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n",
            "longer than 8 MiB",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n",
            "no whole answer within 50ms: ",
        ),
        ("HTTP/1.1 200 OK\r\nx-flood: ", "no answer within 50ms"),
    ] {
        let (address, _) = listen(move |mut stream| async move {
            request(&mut stream).await;
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        let error = failure(&format!("http://{address}"), &short).await;
        assert!(error.to_string().contains(expect), "{error}");
    }
}

#[tokio::test]
async fn endless_answers_are_stopped() {
    for (head, piece, expect) in [
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            format!("10000\r\n{}\r\n", "x".repeat(0x10000)),
            "the body is longer than 8 MiB",
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\n",
            "x".repeat(0x10000),
            "the body is longer than 8 MiB",
        ),
        (
            "HTTP/1.1 200 OK\r\n",
            "a: b\r\n".to_owned(),
            "the answer's headers are too many or too long",
        ),
        (
            "HTTP/1.1 200 OK\r\na: ",
            "b".repeat(1000),
            "the answer's headers are too many or too long",
        ),
    ] {
        let (address, _) = listen(move |mut stream| {
            let piece = piece.clone();
            async move {
                request(&mut stream).await;
                let _ = stream.write_all(head.as_bytes()).await;
                while stream.write_all(piece.as_bytes()).await.is_ok() {}
            }
        })
        .await;
        let error = failure(&format!("http://{address}"), &WITHIN).await;
        assert_eq!(error.to_string(), expect);
        assert!(!error.is_transient());
    }
    let base = says(answer("200 OK", &"x".repeat(BODY_LIMIT_BYTES))).await;
    let response = Caller::new().send(&get(&base), &WITHIN).await.unwrap();
    assert_eq!(response.body.len(), BODY_LIMIT_BYTES);
}

#[tokio::test]
async fn a_broken_answer_says_how_far_it_came() {
    for (words, expect) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello",
            "connection closed after 5 of 100 bytes of the body",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
            "connection closed within the body, after 5 bytes",
        ),
        ("", "connection closed before an answer"),
        (
            "HTTP/1.1 200 OK\r\ncont",
            "connection closed before an answer",
        ),
    ] {
        let error = failure(&says(words).await, &WITHIN).await;
        assert_eq!(error.to_string(), expect);
        assert!(error.is_transient());
    }
    let (address, _) = listen(|mut stream| async move {
        request(&mut stream).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx")
            .await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let error = failure(&format!("http://{address}"), &WITHIN).await;
    assert_eq!(error.to_string(), "connection reset");
    let (_socket, nobody) = refusing();
    let error = failure(&format!("http://{nobody}"), &WITHIN).await;
    assert_eq!(error.to_string(), "connection refused");
}

#[tokio::test]
async fn what_is_no_http_is_named() {
    for (words, expect) in [
        (
            "SSH-2.0-OpenSSH\r\n",
            r"the answer is not HTTP: it begins with `SSH-2.0-OpenSSH\r\n`",
        ),
        (
            "\x15\x03\x03\x00\x02\x02\x0a",
            "the server speaks TLS, and the URL says http",
        ),
    ] {
        let error = failure(&says(words).await, &WITHIN).await;
        assert_eq!(error.to_string(), expect);
        assert!(!error.is_transient());
    }
}

#[tokio::test]
async fn what_is_no_http_is_named_on_a_kept_connection_too() {
    let first = Arc::new(AtomicBool::new(true));
    let (address, count) = listen(move |mut stream| {
        let first = Arc::clone(&first);
        async move {
            while request(&mut stream).await.is_some() {
                let words = if first.swap(false, Ordering::SeqCst) {
                    answer("200 OK", "")
                } else {
                    "SSH-2.0-OpenSSH\r\n".to_owned()
                };
                let _ = stream.write_all(words.as_bytes()).await;
            }
        }
    })
    .await;
    let (caller, asked) = (Caller::new(), get(&format!("http://{address}")));
    caller.send(&asked, &WITHIN).await.unwrap();
    let error = caller.send(&asked, &WITHIN).await.unwrap_err();
    let expect = r"the answer is not HTTP: it begins with `SSH-2.0-OpenSSH\r\n`";
    assert_eq!(error.to_string(), expect);
    // A new connection said the same.
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

/// Asks `https://HOST:port` of a server with those files.
async fn over_tls(
    authority: &Authority,
    files: &(std::path::PathBuf, std::path::PathBuf),
    tls: Tls,
) -> Result<String, HttpError> {
    let (address, _) = listen_tls(authority.server(files, false), echo).await;
    let mut delivery = WITHIN;
    delivery.tls = Some(tls);
    let caller = Caller::new();
    let base = format!("https://{address}");
    let mut body = String::new();
    for _ in 0..2 {
        body = text(&caller.send(&get(&base), &delivery).await?).replace(&address, "ADDRESS");
    }
    Ok(body)
}

#[tokio::test]
async fn certificates_are_checked() {
    let authority = Authority::new();
    let own = Tls {
        ca: Some(authority.ca()),
        ..Tls::default()
    };
    let named = |name: &str| Tls {
        server_name: Some(name.to_owned()),
        ..own.clone()
    };
    let anybody = Tls {
        insecure: true,
        ..Tls::default()
    };
    let reason = async |files: &_, tls: Tls| match over_tls(&authority, files, tls).await {
        Ok(_) => "trusted".to_owned(),
        Err(error) => {
            assert!(!error.is_transient(), "{error}");
            error.to_string()
        }
    };

    let good = authority.sign(&["127.0.0.1", "rates.example"]);
    assert_eq!(reason(&good, own.clone()).await, "trusted");
    let asked = over_tls(&authority, &good, named("rates.example"))
        .await
        .unwrap();
    assert!(asked.contains("host: rates.example:"), "{asked}");
    assert_eq!(
        reason(&good, named("other.example")).await,
        "certificate not trusted: it is for 127.0.0.1, rates.example, \
         not for `other.example`"
    );
    assert_eq!(
        reason(&good, Tls::default()).await,
        "certificate not trusted: its issuer is unknown"
    );

    let mut old = params(&["127.0.0.1"]);
    old.not_after = date_time_ymd(2020, 1, 31);
    let old = authority.sign_with(&old);
    assert_eq!(
        reason(&old, own.clone()).await,
        "certificate not trusted: expired at 2020-01-31T00:00:00Z"
    );
    assert_eq!(reason(&old, anybody).await, "trusted");

    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let mut lone = params(&["127.0.0.1"]);
        lone.is_ca = is_ca;
        let lone = authority.self_signed(&lone);
        assert_eq!(
            reason(&lone, own.clone()).await,
            "certificate not trusted: self-signed"
        );
        let itself = Tls {
            ca: Some(lone.0.clone()),
            ..Tls::default()
        };
        assert_eq!(reason(&lone, itself.clone()).await, "trusted");
        let other = Tls {
            server_name: Some("other.example".to_owned()),
            ..itself
        };
        assert_eq!(
            reason(&lone, other).await,
            "certificate not trusted: it is for 127.0.0.1, not for `other.example`"
        );
    }
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let authority = Authority::new();
    let files = authority.sign(&["127.0.0.1"]);
    let (address, _) = listen_tls(authority.server(&files, true), echo).await;
    let base = format!("https://{address}");
    let mut delivery = WITHIN;
    let mut tls = Tls {
        ca: Some(authority.ca()),
        ..Tls::default()
    };
    delivery.tls = Some(tls.clone());
    let error = failure(&base, &delivery).await;
    assert_eq!(
        error.to_string(),
        "TLS failed: the server wants a client certificate"
    );
    tls.client_cert = Some(files.0);
    tls.client_key = Some(files.1);
    delivery.tls = Some(tls);
    let response = Caller::new().send(&get(&base), &delivery).await.unwrap();
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn tls_and_none_are_told_apart() {
    let (address, _) = listen(|mut stream| async move {
        let _ = stream.read(&mut [0; 100]).await;
        let _ = stream
            .write_all(answer("400 Bad Request", "").as_bytes())
            .await;
    })
    .await;
    let error = failure(&format!("https://{address}"), &WITHIN).await;
    assert_eq!(error.to_string(), "the server does not speak TLS");
    assert!(!error.is_transient());

    let authority = Authority::new();
    let files = authority.sign(&["127.0.0.1"]);
    let (address, _) = listen_tls(authority.server(&files, false), echo).await;
    let error = failure(&format!("http://{address}"), &WITHIN).await;
    assert_eq!(
        error.to_string(),
        "the server speaks TLS, and the URL says http"
    );
}
