//! The keys of a whole file, and of its tables but those of services and checks.

use super::check::CHECK;
use super::service::{IMAGE, SERVICE, VOLUMES, WORKING_DIR};
use super::tables::{
    DEPENDS_ON, HOST_ENVIRONMENT, HOST_WORKING_DIR, IMAGE_COMMAND, IMAGE_ENTRYPOINT, PREPARE,
    PROCESS,
};
use super::text::IMAGE_REFERENCE;
use super::words::{Hint, Words};
use super::{
    BOOLEAN, Claimed, ENVIRONMENT, Fields, Literal, NameRule, Named, PATH, PLAIN_HOST_COMMAND,
    SCALARS, Shape, TEXT, TEXTS, TIME_LIMIT, Want, fields, key, things,
};
use crate::config::compose;
use crate::model::EngineChoice;

static ENGINES: Words = Words {
    all: &EngineChoice::NAMES,
    more: None,
    wrong: "there is no engine `{value}`",
    hint: Hint::All("the engines are", " and "),
    foreign: &[],
};

/// Where a key of all environments is.
pub(crate) const IN_SHARED: &str = "in envs/envctl.toml";
/// Where a key of a profile is.
pub(crate) const IN_PROFILE: &str = "in a profile";

/// All that a file may hold.
pub(crate) static ROOT: Fields = Fields {
    foreign: &compose::ROOT,
    ..fields(&[
        key("description", TEXT, "what `envctl list` shows"),
        key("default_env", TEXT, "the environment where none is named").place(IN_SHARED),
        key("extends", TEXTS, "the profiles that come before it").place(IN_PROFILE),
        key(
            "engine",
            Shape::Value(Want::OneOf(&ENGINES)),
            "where it wants to run: in containers, or as programs of this machine; `auto` unless set",
        ),
        key(
            "vars",
            Shape::Named(&SCALARS),
            "values of your own: `${vars.NAME}`",
        ),
        key(
            "secrets",
            Shape::Named(&SECRETS),
            "where secrets are: `${secret:NAME}`",
        ),
        key("images", Shape::Named(&IMAGES), "where images come from"),
        key("services", Shape::Named(&SERVICES), "what runs"),
        key(
            "seeds",
            Shape::Named(&SEEDS),
            "the data that databases start with",
        ),
        key("tasks", Shape::Named(&TASKS), "what runs once"),
        key("smoke", Shape::Named(&SMOKE), "checks of what runs"),
    ])
};

static SECRETS: Named = Named {
    names: NameRule::Free,
    ..things(&SECRET)
};
static IMAGES: Named = things(&IMAGE_KEYS);
static SERVICES: Named = things(&SERVICE);
static SEEDS: Named = things(&SEED);
static TASKS: Named = things(&TASK);
static SMOKE: Named = things(&CHECK);

static SECRET: Fields = fields(&[
    key("env", TEXT, "the variable that holds it").choice("source"),
    key("file", PATH, "the file that holds it").choice("source"),
    key(
        "command",
        PLAIN_HOST_COMMAND,
        "a command on the host that prints it",
    )
    .choice("source"),
]);

static IMAGE_KEYS: Fields = fields(&[
    key(
        "pull",
        Shape::Value(Want::Like(&IMAGE_REFERENCE)),
        "an image reference",
    ),
    key("build", Shape::Table(&BUILD), "how to build it"),
    key(
        "load",
        Shape::Table(&LOAD),
        "a command on the host that writes an image archive or a root file system to its output",
    ),
]);

static BUILD: Fields = Fields {
    short: Some("context"),
    ..fields(&[
        key("context", PATH, "the folder that is sent"),
        key(
            "dockerfile",
            TEXT,
            "its Dockerfile, from the context on; `Dockerfile` unless set",
        ),
        key(
            "args",
            Shape::Named(&ENVIRONMENT),
            "build arguments; `${images.NAME}` is a base",
        ),
        key("target", TEXT, "the stage to build"),
        key(
            "prepare",
            Shape::Table(&PREPARE),
            "a command on the host that makes the context",
        ),
    ])
};

static LOAD: Fields = Fields {
    short: Some("command"),
    ..fields(&[
        key("command", PLAIN_HOST_COMMAND, "what runs"),
        HOST_WORKING_DIR,
        HOST_ENVIRONMENT,
    ])
};

static SEED: Fields = fields(&[
    key("service", TEXT, "the `postgres` service that it goes to"),
    key("file", Shape::Value(Want::Dump), "a dump").choice("source"),
    key("task", TEXT, "a task that sends the data").choice("source"),
    key(
        "inputs",
        Shape::Value(Want::Paths(Some(Claimed::Either))),
        "of `task`: files and folders that it reads; another content makes the seed stale",
    )
    .choice("source")
    .with("task"),
    key(
        "superuser",
        BOOLEAN,
        "of `file`: whether the dump may do what only a superuser may",
    )
    .choice("source")
    .with("file"),
]);

/// What a `[tasks.NAME]` may hold.
pub(crate) static TASK: Fields = fields(&[
    key(
        "image",
        IMAGE,
        "a name of `[images]`, or a reference with `/`, `:` or `@`",
    )
    .choice("place")
    .docker(),
    key(
        "service",
        TEXT,
        "a service, whose image, environment, volumes, user and working directory it takes over",
    )
    .choice("place"),
    IMAGE_COMMAND,
    IMAGE_ENTRYPOINT,
    key(
        "environment",
        Shape::Named(&ENVIRONMENT),
        "variables, on top of the service's",
    ),
    key("volumes", VOLUMES, "mounts, on top of the service's").docker(),
    key("user", TEXT, "whom it runs as").docker(),
    key("working_dir", WORKING_DIR, "where it runs").docker(),
    key(
        "depends_on",
        Shape::Named(&DEPENDS_ON),
        "the services and tasks that come before it",
    ),
    key("timeout", TIME_LIMIT, "how long it may run").default(Literal::Text("10m")),
    key(
        "process",
        Shape::Table(&PROCESS),
        "how it runs without a container",
    ),
]);
