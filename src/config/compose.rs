//! Words of Compose that are no keys here, each with what to write instead. Knows no values.

/// A key that Compose has at a place where envctl has none.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub key: &'static str,
    /// The key that does the same, so that its absence is no second mistake.
    pub meant: Option<&'static str>,
    /// What to write instead.
    pub hint: &'static str,
}

const fn foreign(key: &'static str, hint: &'static str) -> Foreign {
    Foreign {
        key,
        meant: None,
        hint,
    }
}

const fn renamed(key: &'static str, meant: &'static str, hint: &'static str) -> Foreign {
    Foreign {
        key,
        meant: Some(meant),
        hint,
    }
}

const NETWORK: &str =
    "take it out: the services of an instance share a network and find each other by name";
const PROFILE: &str = "a profile is a file of its own: `envs/profiles/NAME.toml`";
const TAKE_OUT: &str = "take it out: envctl has nothing like it";
const UPDATES_STOP: &str =
    "take it out: a replica that does not become ready ends the restart, and the others run on";
const WAITING: &str =
    "take it out: envctl asks until it is ready or `ready_timeout` of the service is over";

pub(crate) static ROOT: [Foreign; 6] = [
    foreign("version", "take it out: the file has no version"),
    foreign(
        "name",
        "take it out: an environment has the name of its folder",
    ),
    foreign(
        "volumes",
        "take it out: `volumes = [\"NAME:/path\"]` of a service makes the volume",
    ),
    foreign("networks", NETWORK),
    foreign(
        "configs",
        "mount the file, `volumes = [\"./file:/path:ro\"]` of a service, or have it made: `files`",
    ),
    foreign("profiles", PROFILE),
];

pub(crate) static SERVICE: [Foreign; 29] = [
    renamed(
        "build",
        "image",
        "declare `[images.NAME.build]`, and name it here: `image = \"NAME\"`",
    ),
    foreign(
        "expose",
        "take it out: services reach every port of each other",
    ),
    foreign("container_name", NETWORK),
    foreign("hostname", NETWORK),
    foreign("links", NETWORK),
    foreign("networks", NETWORK),
    foreign("network_mode", NETWORK),
    foreign(
        "deploy",
        "limits and replicas stand in the service itself: `cpus = 0.5`, `mem_limit = \"512m\"`, \
         `replicas = 2`",
    ),
    renamed("scale", "replicas", "write `replicas`"),
    foreign("profiles", PROFILE),
    foreign(
        "extends",
        "share values through `[vars]`, or change a service in a profile",
    ),
    foreign(
        "secrets",
        "hand it on where it is needed: `environment = { KEY = \"${secret:NAME}\" }`",
    ),
    foreign(
        "configs",
        "mount the file, `volumes = [\"./file:/path:ro\"]`, or have it made: `files`",
    ),
    foreign(
        "pull_policy",
        "take it out: an image is pulled when it is not there",
    ),
    renamed("memory", "mem_limit", "write `mem_limit`"),
    foreign("cap_add", TAKE_OUT),
    foreign("cap_drop", TAKE_OUT),
    foreign("devices", TAKE_OUT),
    foreign("dns", TAKE_OUT),
    foreign("extra_hosts", TAKE_OUT),
    foreign("init", TAKE_OUT),
    foreign("labels", TAKE_OUT),
    foreign("logging", TAKE_OUT),
    foreign("platform", TAKE_OUT),
    foreign("privileged", TAKE_OUT),
    foreign("security_opt", TAKE_OUT),
    foreign("stdin_open", TAKE_OUT),
    foreign("tty", TAKE_OUT),
    foreign("ulimits", TAKE_OUT),
];

pub(crate) static HEALTHCHECK: [Foreign; 7] = [
    renamed(
        "test",
        "command",
        "write `http = \"/health\"`, or `command` with the words behind `CMD`; a database needs \
         none with `kind = \"postgres\"` or `kind = \"redis\"`",
    ),
    foreign("interval", WAITING),
    foreign("timeout", WAITING),
    foreign("retries", WAITING),
    foreign("start_period", WAITING),
    foreign("start_interval", WAITING),
    foreign("disable", "write `healthcheck = false`"),
];

pub(crate) static UPDATE_CONFIG: [Foreign; 5] = [
    foreign(
        "parallelism",
        "take it out: replicas are restarted one by one",
    ),
    foreign(
        "order",
        "take it out: a replica is stopped before it is started",
    ),
    foreign("failure_action", UPDATES_STOP),
    foreign("monitor", UPDATES_STOP),
    foreign("max_failure_ratio", UPDATES_STOP),
];

pub(crate) static DEPENDENCY: [Foreign; 2] =
    [foreign("restart", TAKE_OUT), foreign("required", TAKE_OUT)];
