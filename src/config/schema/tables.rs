//! The tables that stand in services, tasks and images.

use super::kind::{CONTAINER, SERVERS};
use super::range::{HOST_PORT, PORT_NUMBER};
use super::text::{ADDRESS, CONTAINER_PATH, URL_PATH};
use super::words::{Hint, Words};
use super::{
    BOOLEAN, COMMAND, Claimed, DURATION, ENVIRONMENT, FOLDER, Fields, HOST_COMMAND, Key, ListForm,
    Literal, NameRule, Named, PATH, PLAIN_ENVIRONMENT, PLAIN_HOST_COMMAND, SCALARS, Shape, Sort,
    TEXT, Want, fields, key, things,
};
use crate::config::compose;

static CONDITIONS: Words = Words {
    all: &["ready", "started"],
    more: None,
    wrong: "there is no condition `{value}`",
    hint: Hint::All("the conditions are", " and "),
    foreign: &[
        ("service_started", "write `started`"),
        ("service_healthy", "write `ready`"),
        ("service_completed_successfully", "write `ready`"),
    ],
};

/// What runs in a container, where anything but its image says so.
pub(super) const IMAGE_COMMAND: Key =
    key("command", COMMAND, "what runs; the image's unless set").docker();
pub(super) const IMAGE_ENTRYPOINT: Key = key(
    "entrypoint",
    COMMAND,
    "what `command` is handed to; the image's unless set",
)
.docker();

/// Where a command of this machine runs, and with what.
pub(super) const HOST_WORKING_DIR: Key = key(
    "working_dir",
    FOLDER,
    "where it runs; the workspace's root unless set",
);
pub(super) const HOST_ENVIRONMENT: Key = key(
    "environment",
    Shape::Named(&PLAIN_ENVIRONMENT),
    "variables, on top of your own",
);

/// A command on the host that makes something.
pub(super) static PREPARE: Fields = Fields {
    short: Some("command"),
    ..fields(&[
        key("command", PLAIN_HOST_COMMAND, "what runs"),
        key(
            "inputs",
            Shape::Value(Want::Paths(Some(Claimed::Either))),
            "files and folders whose content decides whether it runs",
        ),
        HOST_WORKING_DIR,
        HOST_ENVIRONMENT,
    ])
};

pub(super) static PORTS: Named = Named {
    declared: false,
    ..things(&PORT)
};

/// What a port of a service may hold.
pub(crate) static PORT: Fields = Fields {
    short: Some("container"),
    ..fields(&[
        key(
            "container",
            Shape::Value(Want::Whole(&PORT_NUMBER)),
            "the port in the container",
        ),
        key(
            "host",
            Shape::Value(Want::HostPort(&HOST_PORT)),
            "the port of the host that the default instance takes; other instances take free ones",
        )
        .default(Literal::Text("any")),
        key(
            "bind",
            Shape::Value(Want::Like(&ADDRESS)),
            "the address of the host that it is published on",
        )
        .default(Literal::Text("127.0.0.1")),
        key(
            "path",
            Shape::Value(Want::Like(&URL_PATH)),
            "of a port for HTTP: what a person opens there, such as `/docs`",
        ),
    ])
};

/// What is waited for.
pub(super) static DEPENDS_ON: Named = Named {
    names: NameRule::Free,
    list: ListForm::Names("ready"),
    declared: false,
    ..things(&DEPENDENCY)
};

static DEPENDENCY: Fields = Fields {
    short: Some("condition"),
    foreign: &compose::DEPENDENCY,
    ..fields(&[key(
        "condition",
        Shape::Value(Want::OneOf(&CONDITIONS)),
        "`ready`: it answers, or has ended well; `started`: it runs",
    )])
};

pub(super) static HEALTHCHECK: Fields = Fields {
    negative: Some("none"),
    foreign: &compose::HEALTHCHECK,
    ..fields(&[
        key(
            "http",
            Shape::Value(Want::Like(&URL_PATH)),
            "the path that answers with a status below 400",
        )
        .choice("probe"),
        key(
            "port",
            TEXT,
            "of `http`: the name of the port, where it is not the only one or `http`",
        )
        .choice("probe")
        .with("http"),
        key("tcp", TEXT, "the name of the port that takes a connection").choice("probe"),
        key(
            "command",
            Shape::Value(Want::PlainCommand),
            "the command that exits 0 in the container",
        )
        .choice("probe"),
        key(
            "none",
            BOOLEAN,
            "`true`: nobody is asked, it is ready when it runs",
        )
        .choice("probe"),
    ])
};

/// How something runs without a container.
pub(super) static PROCESS: Fields = Fields {
    short: Some("command"),
    sort: Sort::Around,
    ..fields(&[
        key("command", HOST_COMMAND, "what runs").only(CONTAINER),
        key(
            "build",
            Shape::Table(&PREPARE),
            "the command on the host that makes the program; it runs when its `inputs` changed",
        )
        .only(CONTAINER),
        key(
            "working_dir",
            PATH,
            "where it runs; the workspace's root unless set",
        )
        .only(CONTAINER),
        key(
            "environment",
            Shape::Named(&ENVIRONMENT),
            "variables, on top of the service's",
        )
        .only(CONTAINER),
        key("user", TEXT, "whom it runs as; the caller unless set").only(CONTAINER),
        key(
            "bin_dir",
            PATH,
            "the folder of the server's programs; searched for unless set",
        )
        .only(SERVERS),
    ])
};

pub(super) static MIGRATIONS: Fields = Fields {
    short: Some("dir"),
    ..fields(&[
        key("dir", FOLDER, "the folder with `V<n>__<name>.sql` files").choice("source"),
        key("task", TEXT, "a task that migrates in envctl's place").choice("source"),
    ])
};

pub(super) static FILES: Named = Named {
    declared: false,
    ..things(&FILE_KEYS)
};

static FILE_KEYS: Fields = fields(&[
    key("template", PATH, "a text in the syntax of Jinja"),
    key(
        "path",
        Shape::Value(Want::Like(&CONTAINER_PATH)),
        "where it is in the container, outside of its mounts",
    ),
    key(
        "values",
        Shape::Named(&SCALARS),
        "what the template calls by these names",
    ),
]);

pub(super) static UPDATE_CONFIG: Fields = Fields {
    foreign: &compose::UPDATE_CONFIG,
    ..fields(&[key(
        "delay",
        DURATION,
        "how long `restart --rolling` waits between a replica that is ready again and the next one",
    )])
};
