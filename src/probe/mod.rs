//! Looking at a service from outside: one poll loop, one back-off, one deadline, for readiness
//! and for smoke checks. Knows neither engines nor configuration.

mod body;
mod caller;
mod certificate;
mod channel;
mod connection;
mod hop;
mod http;
mod jar;
mod look;
mod poll;
pub mod redis;
mod request;
mod resp;
mod tcp;
#[cfg(test)]
mod testing;
mod tls;
mod websocket;

pub use body::{Body, BodyPart, Content};
pub use caller::{Caller, Delivery};
pub use http::{BODY_LIMIT_BYTES, HttpError, Response, status_line};
pub use jar::Jar;
pub use look::Http;
pub use poll::{Attempt, Cost, Exhausted, Poll, Turns};
pub use request::{HttpRequest, InvalidRequest};
pub use tcp::{Enough, TcpError, connect, connect_briefly, exchange, refuses};
pub use tls::{Tls, TlsError};
pub use websocket::{Message, REFUSAL_BYTES, WebSocket, WebSocketError};
