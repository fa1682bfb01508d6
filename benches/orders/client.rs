//! The buyers: a process of its own that sends prepared requests over kept connections, one thread
//! each, and does as little else as it can. It shares the machine with what it measures.

use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use docket::kernel::Stopwatch;
use serde::{Deserialize, Serialize};

use crate::machine::Usage;
use crate::shop::split;

/// The word by which the bench starts itself as the client.
pub const COMMAND: &str = "buy";

/// What the buyers saw.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Microseconds from sending to the last byte, sorted, of each answer to a prepared request.
    pub latencies: Vec<u32>,
    /// How many answers had each status.
    pub statuses: Vec<(u16, usize)>,
    /// Processor time of the client, in seconds.
    pub cpu_seconds: f64,
}

impl Seen {
    /// The latency in milliseconds that this share of the answers does not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        let place = ((self.latencies.len() as f64 * share).ceil() as usize).max(1) - 1;
        f64::from(self.latencies[place.min(self.latencies.len() - 1)]) / 1e3
    }
}

/// Sends the requests of a file, whole requests one after the other, over so many connections.
pub fn send(address: &str, requests: &Path, clients: usize) -> Seen {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([COMMAND, address, requests.to_str().unwrap(), &clients.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The client process.
pub fn run(mut words: impl Iterator<Item = String>) {
    let mut word = || words.next().expect("address, file, clients");
    let (address, file, clients) = (word(), word(), word().parse::<usize>().unwrap());
    let text = fs::read(file).unwrap();
    let requests = split(&text);
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(Vec::with_capacity(requests.len()));
    let took = Stopwatch::start();
    std::thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mine = buy(&address, &requests, &next);
                answers.lock().unwrap().extend(mine);
            });
        }
    });
    let seconds = took.elapsed().as_secs_f64();
    let seen = seen(answers.into_inner().unwrap(), seconds);
    println!("{}", serde_json::to_string(&seen).unwrap());
}

fn seen(answers: Vec<(u16, u32)>, seconds: f64) -> Seen {
    let mut statuses: Vec<(u16, usize)> = Vec::new();
    for (status, _) in &answers {
        match statuses.iter_mut().find(|(known, _)| known == status) {
            Some((_, count)) => *count += 1,
            None => statuses.push((*status, 1)),
        }
    }
    let mut latencies: Vec<u32> = answers.into_iter().map(|(_, micros)| micros).collect();
    latencies.sort_unstable();
    let cpu_seconds = Usage::of(std::process::id()).cpu_seconds;
    Seen { seconds, latencies, statuses, cpu_seconds }
}

/// Takes one request after the other until there are none.
fn buy(address: &str, requests: &[&[u8]], next: &AtomicUsize) -> Vec<(u16, u32)> {
    let mut connection = Connection::open(address);
    let mut answers = Vec::new();
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let took = Stopwatch::start();
        let status = connection.ask(request);
        answers.push((status, u32::try_from(took.elapsed().as_micros()).unwrap_or(u32::MAX)));
    }
    answers
}

struct Connection {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { stream: BufReader::with_capacity(64 << 10, stream), body: Vec::new() }
    }

    /// Sends a request and reads the whole answer; the status.
    fn ask(&mut self, request: &[u8]) -> u16 {
        self.stream.get_mut().write_all(request).unwrap();
        let head = self.head();
        let status = head[9..12].parse().unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.trim().parse().unwrap());
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).unwrap();
        status
    }

    fn head(&mut self) -> String {
        use std::io::BufRead;
        let mut head = String::with_capacity(512);
        loop {
            let start = head.len();
            assert!(self.stream.read_line(&mut head).unwrap() > 0, "the server hung up");
            if head[start..] == *"\r\n" {
                return head;
            }
        }
    }
}
