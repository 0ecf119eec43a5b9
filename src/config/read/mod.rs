//! From the checked tree to the immutable [`super::model::Environment`]. Every value has its type
//! here already; what it means, and what it refers to, is checked in this folder.

mod check;
mod cycles;
mod depends;
mod environment;
mod image;
mod kind;
mod matcher;
mod port;
mod postgres;
mod process;
mod redis;
mod replicas;
mod section;
mod server;
mod service;
mod task;
pub(crate) use units::name_mistake;
mod units;
mod volume;

pub(crate) use environment::{Known, read};
pub(crate) use section::{Claim, Claimed, Names, Reader};
