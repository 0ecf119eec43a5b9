//! Whether somebody listens at an address.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Attempt;

/// The longest that connecting may take.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a connection must stay open: a published port accepts even when nothing listens
/// behind it, and closes as soon as its proxy has found that out.
const SETTLE: Duration = Duration::from_millis(30);

/// Connects once; done when the connection stays open or the server speaks first.
pub async fn connect(address: SocketAddr) -> Attempt<(), Infallible> {
    let stream = match timeout(CONNECT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Attempt::NotYet(observation(&error)),
        Err(_) => return Attempt::NotYet("no connection within 2s".to_owned()),
    };
    match timeout(SETTLE, stream.peek(&mut [0])).await {
        Ok(Ok(0)) => Attempt::NotYet("accepted, then closed".to_owned()),
        Ok(Err(error)) => Attempt::NotYet(observation(&error)),
        Ok(Ok(_)) | Err(_) => Attempt::Done(()),
    }
}

fn observation(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::ConnectionReset => "accepted, then reset".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    async fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    fn seen(attempt: Attempt<(), Infallible>) -> String {
        match attempt {
            Attempt::Done(()) => "ready".to_owned(),
            Attempt::NotYet(observation) => observation,
            Attempt::Hopeless(never) => match never {},
        }
    }

    #[tokio::test]
    async fn a_connection_that_stays_is_ready() {
        let (listener, address) = listener().await;
        let holder = tokio::spawn(async move { listener.accept().await });
        assert_eq!(seen(connect(address).await), "ready");
        assert!(holder.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_server_that_speaks_first_is_ready() {
        let (listener, address) = listener().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"220 ready\r\n").await.unwrap();
        });
        assert_eq!(seen(connect(address).await), "ready");
    }

    #[tokio::test]
    async fn accepting_alone_is_not_ready() {
        let (listener, address) = listener().await;
        tokio::spawn(async move { drop(listener.accept().await) });
        assert_eq!(seen(connect(address).await), "accepted, then closed");
    }

    #[tokio::test]
    async fn a_refusal_is_not_ready() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        assert_eq!(seen(connect(address).await), "connection refused");
    }
}
