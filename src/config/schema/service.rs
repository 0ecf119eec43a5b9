//! The keys of `[services.NAME]`.

use super::kind::{CONTAINER, KINDS, POSTGRES, REDIS, SERVERS};
use super::range::{PROCESSES, PROCESSORS, REPLICAS};
use super::tables::{
    DEPENDS_ON, FILES, HEALTHCHECK, IMAGE_COMMAND, IMAGE_ENTRYPOINT, MIGRATIONS, PORTS, PROCESS,
    UPDATE_CONFIG,
};
use super::text::{ATTEMPTS, CONTAINER_PATH, SIGNAL, VERSION, VOLUME};
use super::words::{Hint, Words};
use super::{
    BOOLEAN, DURATION, ENVIRONMENT, Fields, Literal, Named, Shape, Sort, TEMPLATE, TEXT,
    TIME_LIMIT, Want, fields, key, values,
};
use crate::config::compose;

static PERSISTENCE: Words = Words {
    all: &["none", "rdb", "aof"],
    more: None,
    wrong: "there is no persistence `{value}`",
    hint: Hint::Near("known:", ", "),
    foreign: &[],
};

static RESTART: Words = Words {
    all: &["no", "always", "unless-stopped", "on-failure"],
    more: Some(&ATTEMPTS),
    wrong: "`{value}` is no restart policy",
    hint: Hint::Fixed("write `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`"),
    foreign: &[],
};

/// Signals that programs are told of news by, not the end.
static NEWS: Words = Words {
    all: &[
        "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGALRM", "SIGCONT", "SIGINT", "SIGQUIT",
    ],
    more: None,
    wrong: "`{value}` is no signal that a program reads its files again at",
    hint: Hint::Fixed("write `SIGHUP`, `SIGUSR1` or `SIGUSR2`, as its manual says"),
    foreign: &[],
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
pub(crate) static SERVICE: Fields = Fields {
    foreign: &compose::SERVICE,
    sort: Sort::Word("kind"),
    ..fields(&[
        key(
            "kind",
            Shape::Value(Want::OneOf(&KINDS)),
            "a `container` of your own, or a server that envctl knows",
        )
        .default(Literal::Text("container")),
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
        .default(Literal::Boolean(false))
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
        .default(Literal::Text("rdb"))
        .only(REDIS),
        key(
            "config",
            Shape::Named(&DIRECTIVES),
            "other directives of `redis.conf`",
        )
        .only(REDIS),
        IMAGE_COMMAND,
        IMAGE_ENTRYPOINT,
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
            "url",
            TEMPLATE,
            "what it is reached by: `amqp://${services.NAME.host}:${services.NAME.port}`",
        ),
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
            Shape::Value(Want::OneOf(&RESTART)),
            "what is done when it ends",
        )
        .default(Literal::Text("no")),
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
            Shape::Value(Want::TextsLike(&CONTAINER_PATH)),
            "folders in memory, with Compose's options: `/run:size=64m`",
        )
        .docker(),
        key("shm_size", SIZE, "how large `/dev/shm` is").docker(),
        key(
            "stop_signal",
            Shape::Value(Want::Like(&SIGNAL)),
            "the signal that it is told to stop by",
        ),
        key(
            "stop_grace_period",
            DURATION,
            "how long it may take to stop",
        )
        .default(Literal::Text("10s")),
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
            "how long it may take to become ready",
        )
        .default(Literal::Text("60s")),
        key(
            "replicas",
            Shape::Value(Want::Whole(&REPLICAS)),
            "how many run side by side",
        )
        .default(Literal::Integer(1))
        .only(CONTAINER),
        key(
            "process",
            Shape::Table(&PROCESS),
            "how it runs without a container",
        ),
    ])
};
