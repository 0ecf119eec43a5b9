//! Which keys there are, where, and what each wants: the one truth for unknown keys, types, short
//! forms, names in variables and merging. Knows no values.

mod check;

pub(crate) use check::{CHECK, METHODS};

use super::compose::{self, Foreign};

/// What stands at a place of the configuration.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Value(Want),
    /// A table with known keys; `false` removes it.
    Table(&'static Fields),
    /// A table with names of the user's.
    Named(&'static Named),
}

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    Text,
    Integer,
    Number,
    Boolean,
    /// A text, number or boolean.
    Scalar,
    /// An integer or a text.
    IntegerOrText,
    /// A list of texts, or one text.
    Texts,
    /// The same for a command on the host, where only `${vars.…}` is expanded.
    HostTexts,
    /// Anything; it is one value, which a higher layer replaces as a whole.
    Any,
}

/// Sets of keys that exclude each other.
pub(crate) type Group = &'static [&'static [&'static str]];

/// A table with known keys.
#[derive(Debug)]
pub(crate) struct Fields {
    pub keys: &'static [(&'static str, Shape)],
    /// The key that a value stands for when it is no table.
    pub short: Option<&'static str>,
    /// The key that `false` stands for; without one, `false` removes the table.
    pub negative: Option<&'static str>,
    /// Groups of sets of keys; in a group, a layer that sets a key of one set takes away what
    /// lower layers said with the others.
    pub alternatives: &'static [Group],
    /// Keys of Compose that are none here.
    pub foreign: &'static [Foreign],
}

/// A table with names of the user's.
#[derive(Debug)]
pub(crate) struct Named {
    pub each: Shape,
    pub list: ListForm,
    /// Whether variables and `--set` may only name what a file declared.
    pub declared: bool,
    /// Whether new names from variables keep their capitals.
    pub capitals: bool,
}

/// What a list means where a table with names is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListForm {
    None,
    /// `["db"]`: each name with its short value.
    Names(&'static str),
    /// `["KEY=value"]`
    Assignments,
}

impl Fields {
    pub(crate) fn shape(&self, key: &str) -> Option<Shape> {
        let found = self.keys.iter().find(|(name, _)| *name == key);
        found.map(|(_, shape)| *shape)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|(name, _)| *name)
    }
}

const TEXT: Shape = Shape::Value(Want::Text);
const TEXTS: Shape = Shape::Value(Want::Texts);
const HOST_TEXTS: Shape = Shape::Value(Want::HostTexts);
const INTEGER: Shape = Shape::Value(Want::Integer);
const ANY: Shape = Shape::Value(Want::Any);
const BOOLEAN: Shape = Shape::Value(Want::Boolean);
const INTEGER_OR_TEXT: Shape = Shape::Value(Want::IntegerOrText);

const fn things(each: &'static Fields) -> Named {
    Named {
        each: Shape::Table(each),
        list: ListForm::None,
        declared: true,
        capitals: false,
    }
}

const fn values(want: Want) -> Named {
    Named {
        each: Shape::Value(want),
        list: ListForm::None,
        declared: false,
        capitals: false,
    }
}

const fn fields(keys: &'static [(&'static str, Shape)]) -> Fields {
    Fields {
        keys,
        short: None,
        negative: None,
        alternatives: &[],
        foreign: &[],
    }
}

/// All that a file may hold.
pub(crate) static ROOT: Fields = Fields {
    foreign: &compose::ROOT,
    ..fields(&[
        ("description", TEXT),
        ("default_env", TEXT),
        ("extends", TEXTS),
        ("engine", TEXT),
        ("vars", Shape::Named(&SCALARS)),
        ("secrets", Shape::Named(&SECRETS)),
        ("images", Shape::Named(&IMAGES)),
        ("services", Shape::Named(&SERVICES)),
        ("seeds", Shape::Named(&SEEDS)),
        ("tasks", Shape::Named(&TASKS)),
        ("smoke", Shape::Named(&SMOKE)),
    ])
};

static SECRETS: Named = things(&SECRET);
static IMAGES: Named = things(&IMAGE);
static SERVICES: Named = things(&SERVICE);
static SEEDS: Named = things(&SEED);
static TASKS: Named = things(&TASK);
static SMOKE: Named = things(&CHECK);
static SCALARS: Named = values(Want::Scalar);

static ENVIRONMENT: Named = Named {
    list: ListForm::Assignments,
    capitals: true,
    ..values(Want::Scalar)
};

static PORTS: Named = Named {
    declared: false,
    ..things(&PORT)
};

static DEPENDS_ON: Named = Named {
    list: ListForm::Names("ready"),
    declared: false,
    ..things(&DEPENDENCY)
};

static SECRET: Fields = Fields {
    alternatives: &[&[&["env"], &["file"], &["command"]]],
    ..fields(&[("env", TEXT), ("file", TEXT), ("command", HOST_TEXTS)])
};

static IMAGE: Fields = fields(&[
    ("pull", TEXT),
    ("build", Shape::Table(&BUILD)),
    ("load", Shape::Table(&LOAD)),
]);

static BUILD: Fields = Fields {
    short: Some("context"),
    ..fields(&[
        ("context", TEXT),
        ("dockerfile", TEXT),
        ("args", Shape::Named(&ENVIRONMENT)),
        ("target", TEXT),
        ("prepare", Shape::Table(&PREPARE)),
    ])
};

static PREPARE: Fields = Fields {
    short: Some("command"),
    ..fields(&[
        ("command", HOST_TEXTS),
        ("inputs", TEXTS),
        ("working_dir", TEXT),
        ("environment", Shape::Named(&ENVIRONMENT)),
    ])
};

static LOAD: Fields = Fields {
    short: Some("command"),
    ..fields(&[
        ("command", HOST_TEXTS),
        ("working_dir", TEXT),
        ("environment", Shape::Named(&ENVIRONMENT)),
    ])
};

static PORT: Fields = Fields {
    short: Some("container"),
    ..fields(&[
        ("container", INTEGER),
        ("host", INTEGER_OR_TEXT),
        ("bind", TEXT),
        ("path", TEXT),
    ])
};

static DEPENDENCY: Fields = Fields {
    short: Some("condition"),
    foreign: &compose::DEPENDENCY,
    ..fields(&[("condition", TEXT)])
};

static HEALTHCHECK: Fields = Fields {
    negative: Some("none"),
    alternatives: &[&[&["http", "port"], &["tcp"], &["command"], &["none"]]],
    foreign: &compose::HEALTHCHECK,
    ..fields(&[
        ("http", TEXT),
        ("port", TEXT),
        ("tcp", TEXT),
        ("command", TEXTS),
        ("none", BOOLEAN),
    ])
};

static PROCESS: Fields = Fields {
    short: Some("command"),
    ..fields(&[
        ("command", HOST_TEXTS),
        ("build", Shape::Table(&PREPARE)),
        ("working_dir", TEXT),
        ("environment", Shape::Named(&ENVIRONMENT)),
        ("user", TEXT),
        ("bin_dir", TEXT),
    ])
};

static MIGRATIONS: Fields = Fields {
    short: Some("dir"),
    alternatives: &[&[&["dir"], &["task"]]],
    ..fields(&[("dir", TEXT), ("task", TEXT)])
};

static FILES: Named = Named {
    declared: false,
    ..things(&FILE)
};

static FILE: Fields = fields(&[
    ("template", TEXT),
    ("path", TEXT),
    ("values", Shape::Named(&SCALARS)),
]);

static UPDATE_CONFIG: Fields = Fields {
    foreign: &compose::UPDATE_CONFIG,
    ..fields(&[("delay", TEXT)])
};

static SERVICE: Fields = Fields {
    foreign: &compose::SERVICE,
    ..fields(&[
        ("kind", TEXT),
        ("image", TEXT),
        ("version", TEXT),
        ("strict_version", BOOLEAN),
        ("database", TEXT),
        ("user", TEXT),
        ("password", TEXT),
        ("migrations", Shape::Table(&MIGRATIONS)),
        ("persistence", TEXT),
        ("config", Shape::Named(&SCALARS)),
        ("command", TEXTS),
        ("entrypoint", TEXTS),
        ("environment", Shape::Named(&ENVIRONMENT)),
        ("env_file", TEXTS),
        ("ports", Shape::Named(&PORTS)),
        ("volumes", TEXTS),
        ("depends_on", Shape::Named(&DEPENDS_ON)),
        ("healthcheck", Shape::Table(&HEALTHCHECK)),
        ("restart", TEXT),
        ("cpus", Shape::Value(Want::Number)),
        ("mem_limit", INTEGER_OR_TEXT),
        ("pids_limit", INTEGER),
        ("working_dir", TEXT),
        ("tmpfs", TEXTS),
        ("shm_size", INTEGER_OR_TEXT),
        ("stop_signal", TEXT),
        ("stop_grace_period", TEXT),
        ("files", Shape::Named(&FILES)),
        ("reload", TEXT),
        ("update_config", Shape::Table(&UPDATE_CONFIG)),
        ("ready_timeout", TEXT),
        ("replicas", INTEGER),
        ("process", Shape::Table(&PROCESS)),
    ])
};

static SEED: Fields = Fields {
    alternatives: &[&[&["file", "superuser"], &["task", "inputs"]]],
    ..fields(&[
        ("service", TEXT),
        ("file", TEXT),
        ("task", TEXT),
        ("inputs", TEXTS),
        ("superuser", BOOLEAN),
    ])
};

static TASK: Fields = Fields {
    alternatives: &[&[&["image"], &["service"]]],
    ..fields(&[
        ("image", TEXT),
        ("service", TEXT),
        ("command", TEXTS),
        ("entrypoint", TEXTS),
        ("environment", Shape::Named(&ENVIRONMENT)),
        ("volumes", TEXTS),
        ("user", TEXT),
        ("working_dir", TEXT),
        ("depends_on", Shape::Named(&DEPENDS_ON)),
        ("timeout", TEXT),
        ("process", Shape::Table(&PROCESS)),
    ])
};
