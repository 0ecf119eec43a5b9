//! `kind = "redis"`: a Redis server, or Valkey, which reads the same settings and speaks the same
//! protocol.

use super::url::{address, password, text};
use super::{Data, Facts};
use crate::model::{Redis, Template};

pub const REDIS: Facts = Facts {
    name: "redis",
    title: "Redis",
    noun: "a Redis server",
    port: 6379,
    version: "7",
    version_hint: "`version = \"7\"` or `version = \"7.0\"`",
    stop_signal: None,
    data: Data {
        mount: "/data",
        folder: "/data",
    },
    programs: &["redis-server", "valkey-server"],
    users: &["redis", "valkey"],
    variables: &[
        ("REDIS_PASSWORD", "password"),
        ("REDIS_PASSWORD_FILE", "password"),
    ],
    asked_by: "ask it with `redis = [\"GET\", \"key\"]`",
};

/// Returns `redis://:password@cache:6379`.
pub(super) fn url(service: &str, redis: &Redis) -> Template {
    let mut parts = vec![text("redis://")];
    if let Some(secret) = &redis.password {
        parts.extend([text(":"), password(secret), text("@")]);
    }
    parts.extend(address(service));
    Template { parts }
}
