//! Proposed checks with values from a real database, against a server of this test.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use envctl::postgres::{ensure_database, query};
use envctl::smoke::discover::{Asked, Discover, Discovery, DocumentSource, discover};
use expect_test::{Expect, expect};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::bench::Bench;

const TABLES: &str = "
    CREATE TABLE customers (id int PRIMARY KEY, email text, password_hash text);
    INSERT INTO customers VALUES (7, 'a@b.example', 'x'), (3, 'c@d.example', 'y');
    CREATE TABLE bookings (id bigint PRIMARY KEY, customer_id int REFERENCES customers, at timestamptz);
    INSERT INTO bookings VALUES (10, 7, '2021-01-31 12:00Z'), (11, 3, '2021-02-01 12:00Z');
    CREATE TYPE color AS ENUM ('red', 'blue');
    CREATE DOMAIN label AS text;
    CREATE TABLE items (uuid uuid PRIMARY KEY, color color, label label, grade char(4), day date);
    INSERT INTO items VALUES
        ('0b0e8cb5-8b1c-4f0e-9f0a-1d2c3b4a5f60', 'blue', 'a/b ü', 'xl', '2021-01-31');
    CREATE TABLE drafts (id int PRIMARY KEY);
    CREATE SCHEMA envctl;
    CREATE TABLE envctl.things (thing_no int PRIMARY KEY);
    INSERT INTO envctl.things VALUES (1);
    CREATE SCHEMA \"odd \"\"one\";
    CREATE TABLE \"odd \"\"one\".\"select\" (\"Group Code\" text);
    INSERT INTO \"odd \"\"one\".\"select\" VALUES ('g');
";

/// Answers every GET but those of `missing` with a JSON document; the API's own at its usual
/// place. Returns its address and the requests that came.
fn serve(document: &Value, missing: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (document, seen) = (document.to_string(), Arc::<Mutex<Vec<String>>>::default());
    let kept = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let head: Vec<String> = lines
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let request = head[0].strip_suffix(" HTTP/1.1").unwrap().to_owned();
            let (status, body) = match request.strip_prefix("GET ") {
                Some("/openapi.json") => ("200 OK", document.as_str()),
                Some(path) if missing.contains(&path) => ("404 Not Found", "{}"),
                Some(_) => ("200 OK", "{\"rows\": [1]}"),
                None => ("405 Method Not Allowed", "{}"),
            };
            kept.lock().unwrap().push(request);
            let length = body.len();
            write!(
                stream,
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n\
                 content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
            .unwrap();
        }
    });
    (base, seen)
}

/// Returns a document of operations such as `GET /items/{uuid}? size string`.
fn document(operations: &[(&str, &str, Value)]) -> Value {
    let mut paths = json!({});
    for (method, path, parameters) in operations {
        paths[*path][method.to_lowercase()] = json!({
            "parameters": parameters,
            "responses": {"200": {"description": "it"}},
        });
    }
    json!({"openapi": "3.1.0", "paths": paths})
}

fn parameter(name: &str, location: &str, schema: &Value) -> Value {
    json!({"name": name, "in": location, "required": true, "schema": schema})
}

fn operations() -> Value {
    let (integer, string) = (json!({"type": "integer"}), json!({"type": "string"}));
    let text = |name, location| parameter(name, location, &string);
    let number = |name, location| parameter(name, location, &integer);
    let format =
        |name, format| parameter(name, "query", &json!({"type": "string", "format": format}));
    document(&[
        (
            "GET",
            "/bookings/{booking_id}",
            json!([number("booking_id", "path")]),
        ),
        (
            "DELETE",
            "/bookings/{booking_id}",
            json!([number("booking_id", "path")]),
        ),
        (
            "GET",
            "/customers/{id}/bookings/{bookingId}",
            json!([number("id", "path"), number("bookingId", "path")]),
        ),
        ("GET", "/items/{uuid}", json!([text("uuid", "path")])),
        (
            "GET",
            "/items/by-label/{label}",
            json!([text("label", "path")]),
        ),
        (
            "GET",
            "/items",
            json!([
                text("color", "query"),
                text("grade", "query"),
                format("day", "date")
            ]),
        ),
        ("GET", "/bookings", json!([format("at", "date-time")])),
        ("GET", "/drafts/{id}", json!([number("id", "path")])),
        (
            "GET",
            "/things/{thing_no}",
            json!([number("thing_no", "path")]),
        ),
        ("GET", "/groups", json!([text("group_code", "query")])),
        ("GET", "/login", json!([text("password_hash", "query")])),
    ])
}

async fn discovered(bench: &Bench, base: &str) -> Discovery {
    let databases = [("db".to_owned(), bench.server.target(&bench.database))];
    let services = [Asked {
        service: "api".to_owned(),
        base: base.to_owned(),
    }];
    discover(Discover {
        services: &services,
        source: &DocumentSource::Usual,
        databases: &databases,
        checks: &IndexMap::new(),
        cancel: &bench.cancel,
    })
    .await
}

fn check(found: &Discovery, expected: &Expect) {
    let mut text = String::new();
    for proposed in &found.proposed {
        writeln!(text, "{}: {}", proposed.name, proposed.path).unwrap();
        for (name, value, from) in &proposed.values {
            writeln!(text, "  {name} = {value}, from {from}").unwrap();
        }
    }
    for left_out in &found.left_out {
        writeln!(
            text,
            "{} {}: {}",
            left_out.method, left_out.path, left_out.because
        )
        .unwrap();
    }
    expected.assert_eq(&text);
}

#[tokio::test]
async fn values_are_those_of_real_rows() {
    let Some(bench) = Bench::new("discover_values").await else {
        return;
    };
    ensure_database(&bench.server, &bench.database, &bench.cancel)
        .await
        .unwrap();
    let target = bench.server.target(&bench.database);
    query(&target, TABLES, &bench.cancel).await.unwrap();
    let (base, seen) = serve(&operations(), &["/bookings/10"]);
    let found = discovered(&bench, &base).await;
    check(
        &found,
        &expect![[r#"
            get-bookings-booking-id: /bookings/{booking_id}
              booking_id = 11, from db bookings.id
            get-customers-id-bookings-booking-id: /customers/{id}/bookings/{bookingId}
              id = 3, from db bookings.customer_id
              bookingId = 11, from db bookings.id
            get-items-uuid: /items/{uuid}
              uuid = 0b0e8cb5-8b1c-4f0e-9f0a-1d2c3b4a5f60, from db items.uuid
            get-items-by-label-label: /items/by-label/{label}
              label = a/b ü, from db items.label
            get-items: /items
              color = blue, from db items.color
              grade = xl, from db items.grade
              day = 2021-01-31, from db items.day
            get-bookings: /bookings
              at = 2021-01-31T12:00:00+00:00, from db bookings.at
            get-groups: /groups
              group_code = g, from db odd "one.select.Group Code
            DELETE /bookings/{booking_id}: changes data
            GET /drafts/{id}: neither a database nor the document has a value for `id`
            GET /things/{thing_no}: neither a database nor the document has a value for `thing_no`
            GET /login: neither a database nor the document has a value for `password_hash`
        "#]],
    );
    assert!(found.unread.is_empty(), "{:?}", found.unread);
    let seen = seen.lock().unwrap();
    let methods = seen.iter().filter_map(|it| it.split(' ').next());
    assert_eq!(methods.collect::<BTreeSet<_>>(), BTreeSet::from(["GET"]));
}

#[tokio::test]
async fn a_database_that_does_not_answer_leaves_the_document() {
    let Some(bench) = Bench::new("discover_nowhere").await else {
        return;
    };
    let code = json!({
        "name": "code", "in": "path", "required": true, "example": "a",
        "schema": {"type": "string"},
    });
    let (base, _) = serve(&document(&[("GET", "/ports/{code}", json!([code]))]), &[]);
    let found = discovered(&bench, &base).await;
    check(
        &found,
        &expect![[r"
        get-ports-code: /ports/{code}
          code = a, from the document's example
    "]],
    );
    assert_eq!(found.unread.len(), 1);
}
