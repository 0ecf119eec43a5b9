//! From the checked tree to the immutable [`crate::model::Environment`]. Every value has its type
//! here already; what it means, and what it refers to, is checked in this folder.

mod cases;
mod check;
mod cycles;
mod depends;
mod environment;
mod expect;
mod file;
mod flow;
mod image;
mod json;
mod kind;
mod matcher;
mod official;
mod port;
mod postgres;
mod process;
mod reader;
mod redis;
mod replicas;
mod request;
mod section;
mod seed;
mod server;
mod service;
mod task;
mod url;
mod volume;

pub(crate) use environment::{Known, read};
pub(crate) use reader::{Claim, Names, Reader};
