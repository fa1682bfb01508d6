//! HTTP by hand: bytes that no client library would send.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::client::Answer;

const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that sends what it is told and reads one answer.
pub struct Wire(TcpStream);

impl Wire {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    /// Sends bytes; answers whether the server still took them.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// Says that nothing follows.
    pub fn finish(&self) {
        let _ = self.0.shutdown(Shutdown::Write);
    }

    /// The next answer; `None` when the connection ends without one.
    pub fn answer(&mut self) -> Option<Answer> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            if let Some(answer) = parse(&bytes) {
                return Some(answer);
            }
            match self.0.read(&mut chunk) {
                Ok(0) | Err(_) => return None,
                Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            }
        }
    }

    /// Whether the server ends the connection now.
    pub fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0; 1]) {
            Ok(read) => read == 0,
            // Nothing came, not even an end.
            Err(failure) => !matches!(failure.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        }
    }
}

/// Sends bytes on a connection of their own, reading at the same time, and answers what came back.
pub async fn exchange(address: SocketAddr, bytes: Vec<u8>) -> Option<Answer> {
    tokio::task::spawn_blocking(move || {
        let mut wire = Wire::open(address);
        let mut writing = Wire(wire.0.try_clone().unwrap());
        let writer = std::thread::spawn(move || writing.send(&bytes));
        let answer = wire.answer();
        let _ = wire.0.shutdown(Shutdown::Both);
        writer.join().unwrap();
        answer
    })
    .await
    .unwrap()
}

/// The answer at the start of these bytes, once it is whole. An answer without a length has no
/// body: this server always says the length.
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_str(value.trim()).unwrap());
    }
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.to_str().unwrap().parse::<usize>().unwrap());
    let body = bytes.get(end + 4..end + 4 + length)?;
    Some(Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() })
}
