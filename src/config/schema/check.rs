//! The keys of `[smoke.NAME]`.

use super::{
    ANY, BOOLEAN, ENVIRONMENT, Fields, Group, HOST_TEXTS, INTEGER, Named, SCALARS, Shape, TEXT,
    TEXTS, Want, fields, things, values,
};

static EXPECTATIONS: Named = values(Want::Any);

/// The methods that are keys of a check.
pub(crate) const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

const ACTIONS: Group = &[
    &["get"],
    &["post"],
    &["put"],
    &["patch"],
    &["delete"],
    &["head"],
    &["options"],
    &["method", "path"],
    &["websocket"],
    &["sql"],
    &["redis"],
    &["tcp"],
    &["exec"],
    &["command"],
    &["hurl"],
];

const BODIES: Group = &[
    &["body"],
    &["json_body"],
    &["form"],
    &["body_file"],
    &["multipart"],
];

static TLS: Fields = fields(&[
    ("ca", TEXT),
    ("insecure", BOOLEAN),
    ("server_name", TEXT),
    ("client_cert", TEXT),
    ("client_key", TEXT),
]);

static BASIC_AUTH: Fields = fields(&[("user", TEXT), ("password", TEXT)]);

static FORM_PART: Fields = Fields {
    short: Some("text"),
    alternatives: &[&[&["text"], &["file"]]],
    ..fields(&[
        ("text", TEXT),
        ("file", TEXT),
        ("file_name", TEXT),
        ("content_type", TEXT),
    ])
};

static MULTIPART: Named = Named {
    declared: false,
    ..things(&FORM_PART)
};

static CAPTURE: Fields = Fields {
    short: Some("json"),
    alternatives: &[&[&["json"], &["header"], &["text"]]],
    ..fields(&[
        ("json", TEXT),
        ("header", TEXT),
        ("text", BOOLEAN),
        ("matches", TEXT),
        ("secret", BOOLEAN),
    ])
};

static CAPTURES: Named = Named {
    declared: false,
    ..things(&CAPTURE)
};

/// What a `[smoke.NAME]` may hold.
pub(crate) static CHECK: Fields = Fields {
    alternatives: &[ACTIONS, BODIES, &[&["basic_auth"], &["bearer"]]],
    ..fields(&[
        ("service", TEXT),
        ("port", TEXT),
        ("get", TEXT),
        ("post", TEXT),
        ("put", TEXT),
        ("patch", TEXT),
        ("delete", TEXT),
        ("head", TEXT),
        ("options", TEXT),
        ("method", TEXT),
        ("path", TEXT),
        ("query", Shape::Named(&SCALARS)),
        ("headers", Shape::Named(&SCALARS)),
        ("basic_auth", Shape::Table(&BASIC_AUTH)),
        ("bearer", TEXT),
        ("tls", Shape::Table(&TLS)),
        ("body", TEXT),
        ("json_body", ANY),
        ("form", Shape::Named(&SCALARS)),
        ("body_file", TEXT),
        ("multipart", Shape::Named(&MULTIPART)),
        ("redirects", INTEGER),
        ("websocket", TEXT),
        ("subprotocol", TEXT),
        ("send", ANY),
        ("meanwhile", TEXT),
        ("messages", ANY),
        ("sql", TEXT),
        ("database", TEXT),
        ("rows", ANY),
        ("value", ANY),
        ("count", ANY),
        ("redis", TEXTS),
        ("tcp", TEXT),
        ("exec", TEXTS),
        ("user", TEXT),
        ("command", HOST_TEXTS),
        ("working_dir", TEXT),
        ("environment", Shape::Named(&ENVIRONMENT)),
        ("stdin", TEXT),
        ("exit_code", ANY),
        ("stderr", ANY),
        ("hurl", TEXT),
        ("variables", Shape::Named(&SCALARS)),
        ("status", ANY),
        ("expect_headers", Shape::Named(&EXPECTATIONS)),
        ("json", Shape::Named(&EXPECTATIONS)),
        ("json_schema", TEXT),
        ("text", ANY),
        ("sha256", TEXT),
        ("snapshot", TEXT),
        ("masks", TEXTS),
        ("max_time", TEXT),
        ("capture", Shape::Named(&CAPTURES)),
        ("depends_on", TEXTS),
        ("setup", TEXTS),
        ("teardown", TEXTS),
        ("tags", TEXTS),
        ("each", ANY),
        ("timeout", TEXT),
        ("eventually", BOOLEAN),
    ])
};
