//! Load: prepared requests over kept connections, one thread that never blocks.
//!
//! At a fixed rate each request has a time at which it is due, whatever became of those before it,
//! and its latency counts from then: waiting for a free connection is waiting too.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use docket::kernel::Stopwatch;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::shop::{Requests, split};

/// An answer that does not come within this never does.
const PATIENCE: Duration = Duration::from_secs(60);
/// When requests that were due long ago are not sent any more, after the end.
const LATE_MOST: Duration = Duration::from_secs(10);

/// Requests that are sent in turns, each order under a key of its own.
pub struct Prepared {
    requests: Vec<Vec<u8>>,
    sent: AtomicUsize,
}

impl Prepared {
    pub fn new(requests: &Requests) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("requests");
        requests.write_to(&file);
        let text = std::fs::read(file).unwrap();
        let requests = split(&text).into_iter().map(<[u8]>::to_vec).collect();
        Self { requests, sent: AtomicUsize::new(0) }
    }

    /// The next request: the end of its idempotency key is a number that no other has.
    fn next(&self) -> Vec<u8> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let mut request = self.requests[number % self.requests.len()].clone();
        let key = b"idempotency-key: ";
        if let Some(start) = request.windows(key.len()).position(|bytes| bytes == key) {
            let length = request[start..].iter().position(|byte| *byte == b'\r').unwrap();
            let end = start + length;
            request[end - 8..end].copy_from_slice(format!("{number:08x}").as_bytes());
        }
        request
    }
}

/// When requests are sent.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// As soon as a connection is free (closed loop).
    AsAnswered,
    /// So many a second, come what may (open loop).
    PerSecond(f64),
}

/// What to send where, and for how long.
pub struct Load<'a> {
    /// Host and port.
    pub address: &'a str,
    pub requests: &'a Prepared,
    pub connections: usize,
    pub pace: Pace,
    pub time: Duration,
}

/// What came of one request.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// When it was to be sent, since the beginning.
    pub due: Duration,
    /// How much later it was sent.
    pub late: Duration,
    /// From when it was due to the last byte of its answer.
    pub latency: Duration,
    /// The status; 0 when there was no answer.
    pub status: u16,
    /// Whether it said when to try again.
    pub retry_after: bool,
}

/// Sends the load from this thread; all answers.
pub fn run(load: &Load<'_>) -> Vec<Answer> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answers = Rc::new(RefCell::new(Vec::new()));
    let (begun, next) = (Stopwatch::start(), AtomicUsize::new(0));
    // The tasks end before this function does: they are all waited for.
    runtime.block_on(LocalSet::new().run_until(async {
        let clients = (0..load.connections).map(|_| buy(load, &begun, &next, &answers));
        futures_util::future::join_all(clients).await;
    }));
    answers.take()
}

/// One connection's work.
async fn buy(
    load: &Load<'_>,
    begun: &Stopwatch,
    next: &AtomicUsize,
    answers: &RefCell<Vec<Answer>>,
) {
    let mut connection = None;
    while begun.elapsed() < load.time + LATE_MOST {
        let due = match load.pace {
            Pace::AsAnswered => begun.elapsed(),
            Pace::PerSecond(rate) => {
                Duration::from_secs_f64(next.fetch_add(1, Ordering::Relaxed) as f64 / rate)
            }
        };
        if due >= load.time {
            return;
        }
        let early = due.saturating_sub(begun.elapsed());
        if !early.is_zero() {
            tokio::time::sleep(early).await;
        }
        let late = begun.elapsed() - due;
        let told = ask(load.address, &mut connection, &load.requests.next()).await;
        let latency = begun.elapsed() - due;
        let Told { status, retry_after } = told.unwrap_or_default();
        answers.borrow_mut().push(Answer { due, late, latency, status, retry_after });
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Told {
    status: u16,
    retry_after: bool,
}

/// Sends a request over the kept connection, or over a new one where the server has ended that.
async fn ask(address: &str, kept: &mut Option<Connection>, request: &[u8]) -> io::Result<Told> {
    let attempt = async {
        if let Some(mut connection) = kept.take()
            && let Ok(told) = connection.ask(request).await
        {
            return Ok((connection, told));
        }
        let mut connection = Connection::open(address).await?;
        connection.ask(request).await.map(|told| (connection, told))
    };
    let (connection, told) = tokio::time::timeout(PATIENCE, attempt).await??;
    *kept = (!connection.ends).then_some(connection);
    Ok(told)
}

struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
    /// The server said that this was the last answer.
    ends: bool,
}

impl Connection {
    async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(8 << 10), ends: false })
    }

    async fn ask(&mut self, mut request: &[u8]) -> io::Result<Told> {
        while !request.is_empty() {
            match self.stream.try_write(request) {
                Ok(written) => request = &request[written..],
                Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.writable().await?;
                }
                Err(failure) => return Err(failure),
            }
        }
        self.read.clear();
        loop {
            self.stream.readable().await?;
            match self.stream.try_read_buf(&mut self.read) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(failure) if failure.kind() == io::ErrorKind::WouldBlock => continue,
                Err(failure) => return Err(failure),
            }
            if let Some(told) = self.whole() {
                return Ok(told);
            }
        }
    }

    /// The answer, once it is there to its last byte.
    fn whole(&mut self) -> Option<Told> {
        let end = self.read.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&self.read[..end]).unwrap();
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
        let length = header("content-length: ").map_or(0, |length| length.parse().unwrap());
        if self.read.len() < end + 4 + length {
            return None;
        }
        let told = Told {
            status: head[9..12].parse().unwrap(),
            retry_after: header("retry-after: ").is_some(),
        };
        self.ends = header("connection: close").is_some();
        Some(told)
    }
}
