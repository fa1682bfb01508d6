//! Clients that never come to an end, of four kinds, and how long each is put up with.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use docket::kernel::Stopwatch;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::process::KEY;

/// Between two steps of a slow client.
const STEP: Duration = Duration::from_secs(1);
/// After this long nobody waits for the server to end a connection.
const GIVE_UP: Duration = Duration::from_secs(40);
/// The clients of a crowd come one after the other, within this.
const ARRIVE_WITHIN: Duration = Duration::from_secs(4);
/// Of a client that reads nothing: the smaller it is, the less it costs to be one.
const RECEIVE_BUFFER: u32 = 4 << 10;
/// Large answers that are asked for at once; more than the server's side of the kernel holds.
const ANSWERS_AT_ONCE: usize = 16;

/// How a client is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Connects and says nothing.
    Silent,
    /// Sends its head a byte at a time.
    Head,
    /// Sends its body a byte at a time.
    Body,
    /// Asks for large answers and reads none.
    Deaf,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Silent, Self::Head, Self::Body, Self::Deaf];

    /// What it sends at first.
    fn opening(self) -> String {
        let post = format!(
            "POST /v1/orders HTTP/1.1\r\nhost: docket\r\nauthorization: Bearer {KEY}\r\n\
             idempotency-key: never-comes\r\ncontent-type: application/json\r\n"
        );
        match self {
            Self::Silent => String::new(),
            Self::Head => post,
            Self::Body => format!("{post}content-length: 1000\r\n\r\n{{"),
            Self::Deaf => large_read().repeat(ANSWERS_AT_ONCE),
        }
    }

    /// What it sends at each step.
    fn step(self) -> String {
        match self {
            Self::Silent => String::new(),
            Self::Head => "x".into(),
            Self::Body => " ".into(),
            // What is gone answers this with a reset: so a deaf client learns of it.
            Self::Deaf => large_read(),
        }
    }
}

/// Large, and little work: this is about who does not read, not about who asks for much.
fn large_read() -> String {
    "GET /openapi.json HTTP/1.1\r\nhost: docket\r\n\r\n".into()
}

/// How old a connection was when the server ended it.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    pub kind: Kind,
    /// [`GIVE_UP`] when it did not.
    pub after: Duration,
}

/// A crowd of so many slow clients of all kinds: waits until the server has ended each.
pub fn crowd(address: &str, count: usize) -> Vec<Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let address: Rc<str> = address.into();
    runtime.block_on(LocalSet::new().run_until(async move {
        let clients = (0..count).map(|number| {
            let address = Rc::clone(&address);
            async move {
                sleep(ARRIVE_WITHIN * number as u32 / count as u32).await;
                let kind = Kind::ALL[number % Kind::ALL.len()];
                Ended { kind, after: outlast(&address, kind).await }
            }
        });
        futures_util::future::join_all(clients).await
    }))
}

/// Connects and is slow until the server ends the connection; how long that took.
async fn outlast(address: &str, kind: Kind) -> Duration {
    let stream = open(address, kind).await.unwrap();
    let begun = Stopwatch::start();
    let _ = tokio::time::timeout(GIVE_UP, be_slow(&stream, kind)).await;
    begun.elapsed()
}

async fn open(address: &str, kind: Kind) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if kind == Kind::Deaf {
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    }
    let stream = socket.connect(address.parse().unwrap()).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Ends with the connection.
async fn be_slow(stream: &TcpStream, kind: Kind) {
    let mut steps = interval(STEP);
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    steps.tick().await;
    let mut says = kind.opening();
    loop {
        // What does not fit any more is not said.
        match stream.try_write(says.as_bytes()) {
            Err(failure) if failure.kind() != io::ErrorKind::WouldBlock => return,
            _ => {}
        }
        tokio::select! {
            _ = steps.tick() => {}
            () = ended(stream), if kind != Kind::Deaf => return,
        }
        says = kind.step();
    }
}

/// Reads what there is until the server ends the connection.
async fn ended(stream: &TcpStream) {
    let mut refusal = [0; 4 << 10];
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut refusal) {
            Ok(0) => return,
            Ok(_) => {}
            Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}
