//! Whether somebody listens at an address, and what is answered there. Knows no protocol.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::Attempt;

/// The longest that connecting may take.
const CONNECT: Duration = Duration::from_secs(2);

/// The longest that this machine's kernel may take to say whether somebody listens on it.
const KERNEL: Duration = Duration::from_millis(1);

/// How long a connection must stay open: a published port accepts even when nothing listens
/// behind it, and closes as soon as its proxy has found that out.
const SETTLE: Duration = Duration::from_millis(30);

/// How long it must where the service itself takes it.
const AT_ONCE: Duration = Duration::from_millis(3);

/// How long nothing more may come before an answer counts as whole.
const QUIET: Duration = Duration::from_millis(500);

/// How much of an answer is read.
const TCP_LIMIT_BYTES: usize = 1024 * 1024;

/// More than anybody waits; later instants may not exist.
const FOREVER: Duration = Duration::from_hours(365 * 24);

/// Why an exchange did not end as it should.
#[derive(Debug, thiserror::Error)]
pub enum TcpError {
    #[error("connection refused")]
    Refused,
    /// Holds what had come before.
    #[error("connection reset after {} bytes", .0.len())]
    Reset(Vec<u8>),
    /// Holds what had come by then.
    #[error("no full answer within {}: {} bytes came", humantime::format_duration(*within), received.len())]
    TimedOut { within: Duration, received: Vec<u8> },
    #[error("{0}")]
    Broken(String),
}

impl TcpError {
    /// Returns whether another attempt may end differently; whatever breaks a connection may be
    /// gone the next time.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused | Self::Reset(_) | Self::TimedOut { .. } | Self::Broken(_) => true,
        }
    }

    fn of(error: &io::Error, received: &mut Vec<u8>) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
                Self::Reset(std::mem::take(received))
            }
            _ => Self::Broken(error.to_string()),
        }
    }
}

/// What is thought of what has come of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enough {
    No,
    /// If nothing more comes.
    ForNow,
    /// Whatever comes.
    Yes,
}

/// Connects, sends, and reads until `enough` says so of all that came, the server closes, or
/// `TCP_LIMIT_BYTES` are there.
pub async fn exchange(
    address: SocketAddr,
    send: Option<&[u8]>,
    enough: &mut (dyn FnMut(&[u8]) -> Enough + Send),
    within: Duration,
) -> Result<Vec<u8>, TcpError> {
    let mut received = Vec::new();
    let deadline = Instant::now() + within.min(FOREVER);
    let talk = Box::pin(talk(address, send, enough, &mut received));
    match timeout_at(deadline, talk).await {
        Ok(Ok(())) => Ok(received),
        Ok(Err(error)) => Err(TcpError::of(&error, &mut received)),
        Err(_) => Err(TcpError::TimedOut { within, received }),
    }
}

async fn talk(
    address: SocketAddr,
    send: Option<&[u8]>,
    enough: &mut (dyn FnMut(&[u8]) -> Enough + Send),
    received: &mut Vec<u8>,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let (mut incoming, mut outgoing) = stream.split();
    let write = async {
        outgoing.write_all(send.unwrap_or_default()).await?;
        std::future::pending::<io::Result<()>>().await
    };
    let read = async {
        let mut limited = (&mut incoming).take(TCP_LIMIT_BYTES as u64);
        let mut state = Enough::No;
        while state != Enough::Yes {
            let more = limited.read_buf(received);
            let count = match state {
                // However it ends, what came is enough.
                Enough::ForNow => timeout(QUIET, more)
                    .await
                    .map_or(0, Result::unwrap_or_default),
                Enough::No | Enough::Yes => more.await?,
            };
            if count == 0 {
                break;
            }
            state = enough(received);
        }
        Ok(())
    };
    // A server may answer before it has heard everything.
    tokio::select! {
        biased;
        ended = read => ended,
        failed = write => failed,
    }
}

/// Connects once and sends; done when the connection stays open or the server speaks.
pub async fn connect(address: SocketAddr, send: Option<&[u8]>) -> Attempt<(), Infallible> {
    connect_for(address, send, SETTLE).await
}

/// Connects once where no proxy takes connections for somebody else: who takes one and does not
/// close it at once is there.
pub async fn connect_briefly(address: SocketAddr) -> Attempt<(), Infallible> {
    connect_for(address, None, AT_ONCE).await
}

/// Whether nobody takes a connection; one that is taken is closed at once.
pub async fn refuses(address: SocketAddr) -> bool {
    let failed = connected(address).await.and_then(Result::err);
    failed.is_some_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

/// Connects; `None` where nobody says yes or no for two seconds.
async fn connected(address: SocketAddr) -> Option<io::Result<TcpStream>> {
    if address.ip().is_loopback() {
        // The kernel answers at once, and to be woken for it costs more than the question.
        match std::net::TcpStream::connect_timeout(&address, KERNEL) {
            // Who listens has too many that wait.
            Err(error) if error.kind() == ErrorKind::TimedOut => {}
            Err(error) => return Some(Err(error)),
            Ok(stream) => {
                let ready = stream.set_nonblocking(true);
                return Some(ready.and_then(|()| TcpStream::from_std(stream)));
            }
        }
    }
    timeout(CONNECT, TcpStream::connect(address)).await.ok()
}

async fn connect_for(
    address: SocketAddr,
    send: Option<&[u8]>,
    settle: Duration,
) -> Attempt<(), Infallible> {
    let mut stream = match connected(address).await {
        Some(Ok(stream)) => stream,
        Some(Err(error)) => return Attempt::NotYet(observation(&error)),
        None => return Attempt::NotYet("no connection within 2s".to_owned()),
    };
    if let Some(bytes) = send {
        match timeout(CONNECT, stream.write_all(bytes)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Attempt::NotYet(observation(&error)),
            Err(_) => return Attempt::NotYet("not all was taken within 2s".to_owned()),
        }
    }
    match timeout(settle, stream.peek(&mut [0])).await {
        Ok(Ok(0)) => Attempt::NotYet("accepted, then closed".to_owned()),
        Ok(Err(error)) => Attempt::NotYet(observation(&error)),
        Ok(Ok(_)) | Err(_) => Attempt::Done(()),
    }
}

fn observation(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => "accepted, then reset".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::super::testing::{listen, refusing};
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
        assert_eq!(seen(connect(address, None).await), "ready");
        assert!(holder.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_server_that_speaks_first_is_ready() {
        let (listener, address) = listener().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"220 ready\r\n").await.unwrap();
        });
        assert_eq!(seen(connect(address, None).await), "ready");
    }

    #[tokio::test]
    async fn accepting_alone_is_not_ready() {
        let (listener, address) = listener().await;
        tokio::spawn(async move { drop(listener.accept().await) });
        assert_eq!(seen(connect(address, None).await), "accepted, then closed");
    }

    #[tokio::test]
    async fn what_is_sent_changes_nothing_of_that() {
        let (listener, address) = listener().await;
        let holder = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await?;
            let mut sent = Vec::new();
            stream.read_to_end(&mut sent).await.map(|_| sent)
        });
        assert_eq!(seen(connect(address, Some(b"hello")).await), "ready");
        assert_eq!(holder.await.unwrap().unwrap(), b"hello");
        let (address, _) = listen(|mut stream| async move {
            let _ = stream.read(&mut [0; 9]).await;
        })
        .await;
        let attempt = connect(address.parse().unwrap(), Some(b"hello")).await;
        assert_eq!(seen(attempt), "accepted, then closed");
    }

    #[tokio::test]
    async fn a_refusal_is_not_ready() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        assert_eq!(seen(connect(address, None).await), "connection refused");
        assert!(refuses(address).await);
        let (_listener, address) = listener().await;
        assert!(!refuses(address).await);
    }

    const WITHIN: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn an_exchange_ends_when_it_is_enough() {
        let (address, _) = listen(|mut stream| async move {
            let mut asked = [0; 4];
            stream.read_exact(&mut asked).await.unwrap();
            stream.write_all(b"you said ").await.unwrap();
            stream.write_all(&asked).await.unwrap();
            // It stays open until the other side has had enough.
            let _ = stream.read(&mut asked).await;
        })
        .await;
        let mut enough = |bytes: &[u8]| {
            if bytes.ends_with(b"ping") {
                Enough::Yes
            } else {
                Enough::No
            }
        };
        let answer = exchange(address.parse().unwrap(), Some(b"ping"), &mut enough, WITHIN).await;
        assert_eq!(answer.unwrap(), b"you said ping");
    }

    #[tokio::test]
    async fn an_exchange_ends_with_the_server_and_at_the_limit() {
        let mut never = |_: &[u8]| Enough::No;
        let (address, _) = listen(|mut stream| async move {
            stream.write_all(b"220 ready").await.unwrap();
        })
        .await;
        let answer = exchange(address.parse().unwrap(), None, &mut never, WITHIN).await;
        assert_eq!(answer.unwrap(), b"220 ready");
        let (address, _) =
            listen(
                |mut stream| async move { while stream.write_all(&[b'x'; 4096]).await.is_ok() {} },
            )
            .await;
        let answer = exchange(address.parse().unwrap(), None, &mut never, WITHIN).await;
        assert_eq!(answer.unwrap().len(), TCP_LIMIT_BYTES);
    }

    #[tokio::test]
    async fn an_answer_that_may_go_on_is_waited_for() {
        let (address, _) = listen(|mut stream| async move {
            stream.write_all(b"val=1").await.unwrap();
            tokio::time::sleep(QUIET / 5).await;
            stream.write_all(b"23").await.unwrap();
            let _ = stream.read(&mut [0]).await;
        })
        .await;
        let mut for_now = |_: &[u8]| Enough::ForNow;
        let answer = exchange(address.parse().unwrap(), None, &mut for_now, WITHIN).await;
        assert_eq!(answer.unwrap(), b"val=123");
        let (address, _) = listen(|mut stream| async move {
            stream.write_all(b"ok").await.unwrap();
            tokio::time::sleep(QUIET / 5).await;
            stream.set_zero_linger().unwrap();
        })
        .await;
        let answer = exchange(address.parse().unwrap(), None, &mut for_now, WITHIN).await;
        assert_eq!(answer.unwrap(), b"ok");
    }

    #[tokio::test]
    async fn what_came_before_a_failure_is_kept() {
        let mut never = |_: &[u8]| Enough::No;
        let (address, _) = listen(|mut stream| async move {
            stream.write_all(b"wait").await.unwrap();
            let _ = stream.read(&mut [0]).await;
        })
        .await;
        let short = Duration::from_millis(50);
        let error = exchange(address.parse().unwrap(), None, &mut never, short).await;
        let error = error.unwrap_err();
        assert_eq!(
            error.to_string(),
            "no full answer within 50ms: 4 bytes came"
        );
        assert!(matches!(error, TcpError::TimedOut { received, .. } if received == b"wait"));
        let (address, _) = listen(|stream| async move { stream.set_zero_linger().unwrap() }).await;
        let error = exchange(address.parse().unwrap(), None, &mut never, WITHIN).await;
        assert_eq!(
            error.unwrap_err().to_string(),
            "connection reset after 0 bytes"
        );
        let (_socket, nobody) = refusing();
        let error = exchange(nobody.parse().unwrap(), None, &mut never, WITHIN).await;
        assert_eq!(error.unwrap_err().to_string(), "connection refused");
    }
}
