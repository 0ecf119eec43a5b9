//! Looking at a service from outside: one poll loop, one back-off, one deadline, for readiness
//! and for smoke checks. Knows neither engines nor configuration.

mod http;
mod jar;
mod poll;
pub mod redis;
mod request;
mod tcp;

pub use http::{BODY_LIMIT_BYTES, Http, HttpError, Response, status_line};
pub use jar::Jar;
pub use poll::{Attempt, Exhausted, Poll, Turns};
pub use request::{InvalidRequest, Request};
pub use tcp::connect;
