//! Whole lines on their way to a file.

use std::io;

/// A full buffer goes out, though the burst that fills it has not ended.
const FULL: usize = 64 << 10;

/// Where lines are appended. Files, and a test's hand.
pub(super) trait Target {
    /// Appends as many of `bytes` as there is room for; answers how many.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Takes the last `bytes` bytes away again.
    fn take_back(&mut self, bytes: usize) -> io::Result<()>;
}

/// What became of the lines of a buffer.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Lines that are in the file, whole.
    pub(super) lines: u64,
    /// Their bytes.
    pub(super) bytes: usize,
    /// Lines of which nothing is in the file.
    pub(super) lost: u64,
    /// Why they were lost.
    pub(super) error: Option<io::Error>,
}

/// Lines that go out together. A line is in the file whole or not at all; when half of one cannot
/// be taken back, its rest of a line is ended so that the next one stands alone.
#[derive(Debug, Default)]
pub(super) struct LineBuffer {
    bytes: Vec<u8>,
    /// Where each line ends in `bytes`.
    ends: Vec<usize>,
    /// Half a line stands at the end of the file.
    torn: bool,
}

impl LineBuffer {
    /// A buffer for a file that may end in half a line.
    pub(super) fn after(torn: bool) -> Self {
        Self { torn, ..Self::default() }
    }

    pub(super) fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        if line.last() != Some(&b'\n') {
            self.bytes.push(b'\n');
        }
        self.ends.push(self.bytes.len());
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= FULL
    }

    /// The buffer goes on with another file.
    pub(super) fn moved(&mut self, torn: bool) {
        self.torn = torn;
    }

    /// Sends all lines to the target, and ends half a line that is there. What it does not take is
    /// lost, and the buffer is empty.
    pub(super) fn send(&mut self, target: &mut impl Target) -> Outcome {
        let (taken, error) = match self.end_torn_line(target) {
            Ok(()) => append_all(target, &self.bytes),
            Err(error) => (0, Some(error)),
        };
        let lines = self.ends.partition_point(|end| *end <= taken);
        let whole = lines.checked_sub(1).map_or(0, |last| self.ends[last]);
        if taken > whole {
            self.torn = target.take_back(taken - whole).is_err();
        }
        let lost = (self.ends.len() - lines) as u64;
        self.bytes.clear();
        self.ends.clear();
        Outcome { lines: lines as u64, bytes: whole, lost, error }
    }

    fn end_torn_line(&mut self, target: &mut impl Target) -> io::Result<()> {
        if self.torn {
            append_all(target, b"\n").1.map_or(Ok(()), Err)?;
            self.torn = false;
        }
        Ok(())
    }
}

/// Appends until everything is there or something fails; answers how much is there.
fn append_all(target: &mut impl Target, bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut taken = 0;
    while taken < bytes.len() {
        match target.append(&bytes[taken..]) {
            Ok(0) => return (taken, Some(io::ErrorKind::WriteZero.into())),
            Ok(more) => taken += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (taken, Some(error)),
        }
    }
    (taken, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with so much room, that may refuse to take back.
    struct Disk {
        holds: Vec<u8>,
        room: usize,
        takes_back: bool,
    }

    impl Target for Disk {
        fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Never more than a few at once, as a disk near its end.
            let more = bytes.len().min(self.room - self.holds.len()).min(5);
            self.holds.extend_from_slice(&bytes[..more]);
            if more == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(more) }
        }

        fn take_back(&mut self, bytes: usize) -> io::Result<()> {
            if !self.takes_back {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            self.holds.truncate(self.holds.len() - bytes);
            Ok(())
        }
    }

    fn disk(room: usize, takes_back: bool) -> Disk {
        Disk { holds: Vec::new(), room, takes_back }
    }

    fn buffer(lines: &[&str]) -> LineBuffer {
        let mut buffer = LineBuffer::default();
        lines.iter().for_each(|line| buffer.push(line.as_bytes()));
        buffer
    }

    #[test]
    fn everything_goes_out_when_there_is_room() {
        let mut disk = disk(100, true);
        let outcome = buffer(&["one\n", "two without an end"]).send(&mut disk);
        assert_eq!((outcome.lines, outcome.lost), (2, 0));
        assert_eq!(disk.holds, b"one\ntwo without an end\n");
        assert_eq!(outcome.bytes, disk.holds.len());
    }

    #[test]
    fn half_a_line_is_taken_back_and_the_rest_counted_as_lost() {
        let mut disk = disk(10, true);
        let mut buffer = buffer(&["first\n", "second\n", "third\n"]);
        let outcome = buffer.send(&mut disk);
        assert_eq!((outcome.lines, outcome.bytes, outcome.lost), (1, 6, 2));
        assert!(outcome.error.is_some());
        assert_eq!(disk.holds, b"first\n");
        disk.room = 100;
        buffer.push(b"fourth\n");
        assert_eq!(buffer.send(&mut disk).lines, 1);
        assert_eq!(disk.holds, b"first\nfourth\n");
    }

    #[test]
    fn half_a_line_that_cannot_be_taken_back_is_ended() {
        let mut disk = disk(10, false);
        let mut buffer = buffer(&["first\n", "second\n"]);
        assert_eq!(buffer.send(&mut disk).lost, 1);
        buffer.push(b"third\n");
        assert_eq!(buffer.send(&mut disk).lost, 1, "still full");
        disk.room = 100;
        buffer.push(b"fourth\n");
        let outcome = buffer.send(&mut disk);
        assert_eq!((outcome.lines, outcome.bytes), (1, 7));
        assert_eq!(disk.holds, b"first\nseco\nfourth\n");
    }
}
