//! The commands, a file each, which reads as its story. They choose rooms and print nothing.

mod build;
mod choice;
mod completions;
mod config;
mod doctor;
mod down;
mod exec;
mod explain;
mod failure;
mod interrupt;
mod line;
mod list;
mod lock;
mod logs;
mod migrate;
mod outcome;
mod plan;
mod psql;
mod question;
mod restart;
mod run;
mod running;
mod scene;
mod seed;
mod session;
mod smoke_reports;
mod smoke_test;
mod start;
mod status;
mod supervise;
mod timings;
mod up;
mod verdict;

pub use failure::{Failure, FailureKind};
pub use session::{Screen, Session, Suspend};
pub use start::run;
