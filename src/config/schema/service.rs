//! The keys of `[services.NAME]`.

use super::kind::{CONTAINER, KINDS, POSTGRES, REDIS, SERVERS};
use super::range::{HOST_PORT, PORT, PROCESSES, PROCESSORS, REPLICAS};
use super::root::PREPARE;
use super::text::{ADDRESS, CONTAINER_PATH, RESTART, SIGNAL, TMPFS, URL_PATH, VERSION, VOLUME};
use super::words::{Hint, Words};
use super::{
    BOOLEAN, COMMAND, DURATION, ENVIRONMENT, FOLDER, Fields, HOST_COMMAND, ListForm, Named, Names,
    PATH, SCALARS, Shape, Sort, TEMPLATE, TEXT, TIME_LIMIT, Want, fields, key, things, values,
};
use crate::config::compose;

static CONDITIONS: Words = Words {
    all: &["ready", "started"],
    wrong: "there is no condition `{value}`",
    hint: Hint::All("the conditions are", " and "),
    foreign: &[
        ("service_started", "write `started`"),
        ("service_healthy", "write `ready`"),
        ("service_completed_successfully", "write `ready`"),
    ],
};

static PERSISTENCE: Words = Words {
    all: &["none", "rdb", "aof"],
    wrong: "there is no persistence `{value}`",
    hint: Hint::Near("known:", ", "),
    foreign: &[],
};

/// Signals that programs are told of news by, not the end.
static NEWS: Words = Words {
    all: &[
        "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGALRM", "SIGCONT", "SIGINT", "SIGQUIT",
    ],
    wrong: "`{value}` is no signal that a program reads its files again at",
    hint: Hint::Fixed("write `SIGHUP`, `SIGUSR1` or `SIGUSR2`, as its manual says"),
    foreign: &[],
};

static PORTS: Named = Named {
    declared: false,
    ..things(&PORT_KEYS)
};

static PORT_KEYS: Fields = Fields {
    short: Some("container"),
    ..fields(&[
        key(
            "container",
            Shape::Value(Want::Whole(&PORT)),
            "the port in the container",
        ),
        key(
            "host",
            Shape::Value(Want::HostPort(&HOST_PORT)),
            "the port of the host that the default instance takes; other instances take free ones",
        ),
        key(
            "bind",
            Shape::Value(Want::Like(&ADDRESS)),
            "the address of the host that it is published on; 127.0.0.1 unless set",
        ),
        key(
            "path",
            Shape::Value(Want::Like(&URL_PATH)),
            "of a port for HTTP: what a person opens there, such as `/docs`",
        ),
    ])
};

/// What is waited for.
pub(super) static DEPENDS_ON: Named = Named {
    names: Names::Free,
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

static HEALTHCHECK: Fields = Fields {
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

static MIGRATIONS: Fields = Fields {
    short: Some("dir"),
    ..fields(&[
        key("dir", FOLDER, "the folder with `V<n>__<name>.sql` files").choice("source"),
        key("task", TEXT, "a task that migrates in envctl's place").choice("source"),
    ])
};

static FILES: Named = Named {
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

static UPDATE_CONFIG: Fields = Fields {
    foreign: &compose::UPDATE_CONFIG,
    ..fields(&[key(
        "delay",
        DURATION,
        "how long `restart --rolling` waits between a replica that is ready again and the next one",
    )])
};

static DIRECTIVES: Named = values(Want::PlainScalar);

/// Mounts.
pub(super) const VOLUMES: Shape = Shape::Value(Want::TextsLike(&VOLUME));
/// A path in the container.
pub(super) const WORKING_DIR: Shape = Shape::Value(Want::Like(&CONTAINER_PATH));
/// An image by its name or reference.
pub(super) const IMAGE: Shape = Shape::Value(Want::Image);
const SIZE: Shape = Shape::Value(Want::Size);

/// What a `[services.NAME]` may hold.
pub(super) static SERVICE: Fields = Fields {
    foreign: &compose::SERVICE,
    sort: Sort::Word("kind"),
    ..fields(&[
        key(
            "kind",
            Shape::Value(Want::OneOf(&KINDS)),
            "a `container` of your own, or a server that envctl knows; `container` unless set",
        ),
        key(
            "image",
            IMAGE,
            "a name of `[images]`, or a reference with `/`, `:` or `@`",
        )
        .docker(),
        key(
            "version",
            Shape::Value(Want::Like(&VERSION)),
            "the server's version, such as \"13.5\"; the tag of its official image",
        )
        .only(SERVERS),
        key(
            "strict_version",
            BOOLEAN,
            "whether a program of this machine with another major version is refused",
        )
        .only(SERVERS),
        key(
            "database",
            TEXT,
            "the database; it has its user's name unless set",
        )
        .only(POSTGRES),
        key(
            "user",
            TEXT,
            "whom it runs as: `1000`, `app:app`; of `postgres`, the role",
        )
        .docker(),
        key("password", TEMPLATE, "best from a secret: `${secret:NAME}`").only(SERVERS),
        key(
            "migrations",
            Shape::Table(&MIGRATIONS),
            "what brings the schema up to date",
        )
        .only(POSTGRES),
        key(
            "persistence",
            Shape::Value(Want::OneOf(&PERSISTENCE)),
            "what it keeps over a restart: nothing, a snapshot, or a log of every write",
        )
        .only(REDIS),
        key(
            "config",
            Shape::Named(&DIRECTIVES),
            "other directives of `redis.conf`",
        )
        .only(REDIS),
        key("command", COMMAND, "what runs; the image's unless set").docker(),
        key(
            "entrypoint",
            COMMAND,
            "what `command` is handed to; the image's unless set",
        )
        .docker(),
        key(
            "environment",
            Shape::Named(&ENVIRONMENT),
            "variables of what runs",
        ),
        key(
            "env_file",
            Shape::Value(Want::Paths(None)),
            "files of `KEY=value` lines, below `environment`",
        ),
        key("ports", Shape::Named(&PORTS), "its ports, each with a name"),
        key(
            "volumes",
            VOLUMES,
            "`name:/path`, `./folder:/path`, `/folder:/path`, each with `:ro` or `:rw`",
        )
        .docker(),
        key(
            "depends_on",
            Shape::Named(&DEPENDS_ON),
            "the services and tasks that come before it",
        ),
        key(
            "healthcheck",
            Shape::Table(&HEALTHCHECK),
            "how to see that it is ready",
        ),
        key(
            "restart",
            Shape::Value(Want::Like(&RESTART)),
            "what is done when it ends; `no` unless set",
        ),
        key(
            "cpus",
            Shape::Value(Want::Number(&PROCESSORS)),
            "how many processors it may take, such as `0.5`",
        )
        .docker(),
        key("mem_limit", SIZE, "how much memory it may take").docker(),
        key(
            "pids_limit",
            Shape::Value(Want::Whole(&PROCESSES)),
            "how many processes it may have",
        )
        .docker(),
        key(
            "working_dir",
            WORKING_DIR,
            "where it runs; the image's unless set",
        )
        .docker(),
        key(
            "tmpfs",
            Shape::Value(Want::TextsLike(&TMPFS)),
            "folders in memory, with Compose's options: `/run:size=64m`",
        )
        .docker(),
        key("shm_size", SIZE, "how large `/dev/shm` is").docker(),
        key(
            "stop_signal",
            Shape::Value(Want::Like(&SIGNAL)),
            "the signal that it is told to stop by: `SIGTERM`",
        ),
        key(
            "stop_grace_period",
            DURATION,
            "how long it may take to stop; 10s unless set",
        ),
        key(
            "files",
            Shape::Named(&FILES),
            "files that are made for it from templates",
        )
        .only(CONTAINER),
        key(
            "reload",
            Shape::Value(Want::OneOf(&NEWS)),
            "the signal at which it reads its `files` again: `SIGHUP`",
        )
        .only(CONTAINER),
        key(
            "update_config",
            Shape::Table(&UPDATE_CONFIG),
            "how replicas are restarted",
        )
        .only(CONTAINER),
        key(
            "ready_timeout",
            TIME_LIMIT,
            "how long it may take to become ready; 60s unless set",
        ),
        key(
            "replicas",
            Shape::Value(Want::Whole(&REPLICAS)),
            "how many run side by side; 1 unless set",
        )
        .only(CONTAINER),
        key(
            "process",
            Shape::Table(&PROCESS),
            "how it runs without a container",
        ),
    ])
};
