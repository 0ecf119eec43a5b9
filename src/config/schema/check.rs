//! The keys of `[smoke.NAME]`: which of them say what a check does, and which go with that.

use super::range::REDIRECTS;
use super::text::{METHOD, SHA256};
use super::{
    BOOLEAN, COMMAND, ENVIRONMENT, FILE, Fields, HOST_COMMAND, Literal, NameRule, Named, PATH,
    SCALARS, Shape, Sort, TEMPLATE, TEXT, TEXTS, TIME_LIMIT, Want, fields, key, things, values,
};

const EXPECTATION: Shape = Shape::Value(Want::Expectation);
const TARGET: Shape = Shape::Value(Want::Target);

static EXPECTATIONS: Named = values(Want::Expectation);

/// What has one answer of a service that speaks HTTP.
const REQUEST: &[&str] = &["request"];
/// What begins with a request.
const CALL: &[&str] = &["request", "websocket"];
/// What has a named port.
const PORT: &[&str] = &["request", "websocket", "hurl"];
/// What has a text and a document as its answer.
const DOCUMENT: &[&str] = &["request", "sql", "redis", "exec", "command"];
/// What has one, or a text alone.
const TEXTUAL: &[&str] = &["request", "sql", "redis", "exec", "command", "tcp"];
/// What has one, or messages.
const JSON: &[&str] = &["request", "sql", "redis", "exec", "command", "websocket"];
/// What runs a program.
const PROGRAM: &[&str] = &["exec", "command"];

static TLS: Fields = fields(&[
    key(
        "ca",
        FILE,
        "a PEM file with the authorities to trust; the system's unless set",
    ),
    key("insecure", BOOLEAN, "whether any certificate is taken"),
    key(
        "server_name",
        TEXT,
        "the name that the certificate is for, where it is not the address",
    ),
    key(
        "client_cert",
        FILE,
        "a PEM file with the client's own certificate",
    ),
    key(
        "client_key",
        FILE,
        "a PEM file with the key of that certificate",
    ),
]);

static BASIC_AUTH: Fields = fields(&[
    key("user", TEMPLATE, "the user"),
    key("password", TEMPLATE, "the user's password"),
]);

static FORM_PART: Fields = Fields {
    short: Some("text"),
    ..fields(&[
        key("text", TEMPLATE, "what is sent").choice("content"),
        key("file", FILE, "a file whose content is sent").choice("content"),
        key("file_name", TEXT, "what the file is called there"),
        key(
            "content_type",
            TEXT,
            "what it is, such as `application/pdf`",
        ),
    ])
};

static MULTIPART: Named = Named {
    names: NameRule::Free,
    declared: false,
    ..things(&FORM_PART)
};

static CAPTURE: Fields = Fields {
    short: Some("json"),
    ..fields(&[
        key("json", TEXT, "the value that a JSONPath selects").choice("source"),
        key("header", TEXT, "the value of a header").choice("source"),
        key("text", BOOLEAN, "`true`: the whole text").choice("source"),
        key(
            "matches",
            TEXT,
            "a regular expression; its first group is kept, or all that it matches",
        ),
        key(
            "secret",
            BOOLEAN,
            "whether it is masked wherever it is shown",
        ),
    ])
};

static CAPTURES: Named = Named {
    names: NameRule::Free,
    declared: false,
    ..things(&CAPTURE)
};

/// What a `[smoke.NAME]` may hold.
pub(crate) static CHECK: Fields = Fields {
    sort: Sort::Maker,
    ..fields(&[
        key("service", TEXT, "whom to ask"),
        key(
            "port",
            TEXT,
            "the name of its port, where it is not the only one or `http`",
        )
        .only(PORT),
        key("get", TARGET, "sends a request to this path").makes("request"),
        key("post", TARGET, "sends a request to this path").makes("request"),
        key("put", TARGET, "sends a request to this path").makes("request"),
        key("patch", TARGET, "sends a request to this path").makes("request"),
        key("delete", TARGET, "sends a request to this path").makes("request"),
        key("head", TARGET, "sends a request to this path").makes("request"),
        key("options", TARGET, "sends a request to this path").makes("request"),
        key(
            "method",
            Shape::Value(Want::Like(&METHOD)),
            "sends a request with this method",
        )
        .makes("request"),
        key("path", TARGET, "of `method`: the path")
            .only(REQUEST)
            .choice("action")
            .with("method"),
        key(
            "query",
            Shape::Named(&SCALARS),
            "what stands behind the `?`",
        )
        .only(CALL),
        key("headers", Shape::Named(&SCALARS), "headers that are sent").only(CALL),
        key(
            "basic_auth",
            Shape::Table(&BASIC_AUTH),
            "a user and a password",
        )
        .only(CALL)
        .choice("auth"),
        key("bearer", TEMPLATE, "a token").only(CALL).choice("auth"),
        key(
            "tls",
            Shape::Table(&TLS),
            "HTTPS where it is set, `{}` with the system's authorities",
        )
        .only(CALL),
        key("body", TEMPLATE, "a text that is sent")
            .only(REQUEST)
            .choice("body"),
        key(
            "json_body",
            Shape::Value(Want::Json),
            "a value that is sent as JSON",
        )
        .only(REQUEST)
        .choice("body"),
        key(
            "form",
            Shape::Named(&SCALARS),
            "what is sent as a browser sends a form",
        )
        .only(REQUEST)
        .choice("body"),
        key("body_file", FILE, "a file whose content is sent")
            .only(REQUEST)
            .choice("body"),
        key(
            "multipart",
            Shape::Named(&MULTIPART),
            "parts that are sent: texts and files",
        )
        .only(REQUEST)
        .choice("body"),
        key(
            "redirects",
            Shape::Value(Want::Whole(&REDIRECTS)),
            "how many redirects are followed",
        )
        .only(REQUEST),
        key("websocket", TARGET, "opens a WebSocket at this path").makes("websocket"),
        key("subprotocol", TEXT, "the protocol that is asked for").only(&["websocket"]),
        key(
            "send",
            Shape::Value(Want::Json),
            "what is sent, in this order: texts as they are, everything else as JSON",
        )
        .only(&["websocket", "tcp"]),
        key("meanwhile", TEXT, "a check that is made once all is sent").only(&["websocket"]),
        key(
            "messages",
            Shape::Value(Want::Messages),
            "what must be received, in this order",
        )
        .only(&["websocket"]),
        key("sql", TEXT, "asks a `postgres` service").makes("sql"),
        key("database", TEXT, "another database than the service's").only(&["sql"]),
        key(
            "rows",
            Shape::Value(Want::Rows),
            "the rows in order; `{ type = \"null\" }` is NULL",
        )
        .only(&["sql"]),
        key(
            "value",
            EXPECTATION,
            "the first column of the first row, or Redis' answer",
        )
        .only(&["sql", "redis"]),
        key("count", EXPECTATION, "the number of rows").only(&["sql"]),
        key("redis", COMMAND, "sends a command to a `redis` service").makes("redis"),
        key("tcp", TEXT, "connects to the port of this name").makes("tcp"),
        key("exec", COMMAND, "runs a command beside a running service").makes("exec"),
        key("user", TEXT, "whom it runs as; the service's unless set").only(&["exec"]),
        key("command", HOST_COMMAND, "runs a command on this machine").makes("command"),
        key(
            "working_dir",
            PATH,
            "where it runs; the workspace's root unless set",
        )
        .only(&["command"]),
        key(
            "environment",
            Shape::Named(&ENVIRONMENT),
            "added to what the command inherits",
        )
        .only(PROGRAM),
        key("stdin", TEMPLATE, "what it reads").only(PROGRAM),
        key(
            "exit_code",
            Shape::Value(Want::ExitCodes),
            "how it ends; `0` unless set",
        )
        .only(PROGRAM),
        key("stderr", EXPECTATION, "what it prints to standard error").only(PROGRAM),
        key("hurl", FILE, "runs a file with the program `hurl`").makes("hurl"),
        key("variables", Shape::Named(&SCALARS), "variables of the file").only(&["hurl"]),
        key(
            "status",
            Shape::Value(Want::Statuses),
            "the status; 200 to 299 unless set",
        )
        .only(REQUEST),
        key(
            "expect_headers",
            Shape::Named(&EXPECTATIONS),
            "headers and what is expected of each",
        )
        .only(REQUEST),
        key(
            "json",
            Shape::Named(&EXPECTATIONS),
            "JSONPaths and what is expected of each",
        )
        .only(JSON),
        key(
            "json_schema",
            FILE,
            "a file with a JSON Schema that it must follow",
        )
        .only(DOCUMENT),
        key(
            "text",
            EXPECTATION,
            "the text: a body, what was received, standard output",
        )
        .only(TEXTUAL),
        key(
            "sha256",
            Shape::Value(Want::Like(&SHA256)),
            "the digest of its bytes",
        )
        .only(TEXTUAL),
        key(
            "snapshot",
            PATH,
            "a file that holds what came once; `--update` writes it",
        )
        .only(DOCUMENT),
        key(
            "masks",
            TEXTS,
            "what differs each time in a snapshot: JSONPaths, regular expressions",
        )
        .only(DOCUMENT),
        key(
            "max_time",
            TIME_LIMIT,
            "the longest that the answer may take",
        ),
        key(
            "capture",
            Shape::Named(&CAPTURES),
            "what later checks read: `${capture.NAME}`",
        ),
        key("depends_on", TEXTS, "checks that must have passed before"),
        key("setup", TEXTS, "checks that are made right before this one"),
        key(
            "teardown",
            TEXTS,
            "checks that are made right after this one",
        ),
        key("tags", TEXTS, "words for `--tag` and `--skip`"),
        key(
            "each",
            Shape::Value(Want::Cases),
            "the cases of the check: `${each.NAME}`",
        ),
        key(
            "timeout",
            TIME_LIMIT,
            "how long it is tried again on a refused connection",
        )
        .default(Literal::Text("10s")),
        key(
            "eventually",
            BOOLEAN,
            "whether a wrong answer, too, is tried again",
        )
        .default(Literal::Boolean(false)),
    ])
};
