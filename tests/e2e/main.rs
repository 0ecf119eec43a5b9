//! Scenarios end to end: the program itself, real engines, real servers. Each scenario has a
//! workspace and an instance of its own and takes it away at its end. Without what an engine needs
//! its tests say `skipped: …`; where `ENVCTL_REQUIRE` names that, they fail instead: `docker`,
//! `postgres`, `redis`, `pip`, `unshare`, `adminer`, `prometheus`, `haproxy`, `chromium`.

#![expect(
    clippy::disallowed_methods,
    reason = "a test looks at its own environment"
)]

mod break_each;
mod calling;
mod checking;
mod discovering;
mod docker_absent;
mod harness;
mod heal;
mod inside;
mod instances;
mod lasting;
mod logs;
mod machine;
mod making;
mod many;
mod messages;
mod misbehaving;
mod pages;
mod rates;
mod reconnecting;
mod redis;
mod removals;
mod restarting;
mod samples;
mod shortage;
mod side_by_side;
mod supervision;
mod symbols;
mod task_seeds;
mod tasks;
mod telling;
mod timings;
mod trusting;
