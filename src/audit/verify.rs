//! Verification: holds the whole journal against its seals, and the seals against what was kept
//! outside the database.

use serde::Serialize;
use tracing::instrument;

use super::checkpoint::Checkpoint;
use super::digest::Hash;
use super::leaf::leaf_hash;
use super::merkle::Tree;
use super::problem::Problem;
use super::rows::Rows;
use super::store::{self, StoredSeal};
use super::trust::Trust;
use crate::db::Conn;
use crate::error::Error;

/// Seals read at once.
const PAGE: i64 = 1_000;
/// Problems kept in a report; further ones are counted.
const PROBLEMS_MAX: usize = 100;
/// Entries without a number that are named one by one.
const UNNUMBERED_MAX: i64 = 20;

/// What verification found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct VerifyReport {
    /// Numbered entries that were read.
    pub entries: u64,
    /// Seals that were read.
    pub seals: u64,
    /// Entries after the last seal: nothing vouches for them yet.
    pub unsealed: u64,
    /// Committed entries that wait for their number (PostgreSQL).
    pub waiting: u64,
    /// What is wrong, in the order it was found; at most the first hundred.
    pub problems: Vec<Problem>,
    /// How many problems there are in all.
    pub problems_total: u64,
}

impl VerifyReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.problems_total == 0
    }

    fn add(&mut self, problem: Problem) {
        self.problems_total += 1;
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }
}

/// Verifies the whole journal in the snapshot of `conn`.
///
/// `exact` is for a database that nobody writes to: the journal must then end where the newest
/// trusted checkpoint ends (without one, where its last seal ends).
///
/// # Errors
/// What the database refuses. A journal that was tampered with is not an error but a report.
#[instrument(name = "audit.verify", skip_all, fields(app.module = "audit", exact))]
pub fn verify(conn: &mut Conn, trust: &Trust, exact: bool) -> Result<VerifyReport, Error> {
    let mut verification = Verification::new(trust);
    verification.own_signatures();
    let mut from = Some(i64::MIN);
    while let Some(number) = from {
        let seals = store::seals_from(conn, number, PAGE)?;
        from = seals.last().and_then(|seal| seal.number.checked_add(1));
        for seal in seals {
            verification.seal(conn, seal)?;
        }
    }
    verification.tail(conn)?;
    verification.unnumbered(conn)?;
    Ok(verification.end(exact))
}

struct Verification<'a> {
    trust: &'a Trust,
    /// The trusted checkpoints that have not been met yet, by number.
    expected: &'a [Checkpoint],
    rows: Rows,
    next_seq: i64,
    /// Number, last entry and chain of the seal before.
    number: i64,
    last_seq: i64,
    chain: Hash,
    report: VerifyReport,
}

impl<'a> Verification<'a> {
    fn new(trust: &'a Trust) -> Self {
        Self {
            trust,
            expected: trust.checkpoints(),
            rows: Rows::from(i64::MIN),
            next_seq: 1,
            number: 0,
            last_seq: 0,
            chain: Hash::ZERO,
            report: VerifyReport::default(),
        }
    }

    /// A damaged file of checkpoints must not pass for a rewritten journal.
    fn own_signatures(&mut self) {
        for checkpoint in self.trust.checkpoints() {
            if !checkpoint.is_signed_by(&checkpoint.public_key) {
                self.report.add(Problem::CheckpointUnsigned { number: checkpoint.number });
            }
        }
    }

    fn seal(&mut self, conn: &mut Conn, stored: StoredSeal) -> Result<(), Error> {
        self.report.seals += 1;
        self.place(&stored);
        let root = self.root_through(conn, stored.last_seq)?;
        let number = stored.number;
        (self.number, self.last_seq) = (number, stored.last_seq);
        match Checkpoint::try_from(stored) {
            Ok(seal) => self.content(&seal, root),
            Err(_) => self.report.add(Problem::SealUnreadable { number }),
        }
        Ok(())
    }

    /// Seals count without a gap, and their ranges adjoin.
    fn place(&mut self, seal: &StoredSeal) {
        let StoredSeal { number, first_seq, .. } = *seal;
        let expected = self.number.saturating_add(1);
        if number != expected {
            self.report.add(Problem::SealGap { expected, found: number });
        }
        let expected = self.last_seq.saturating_add(1);
        if first_seq != expected {
            self.report.add(Problem::SealMisplaced { number, first_seq, expected });
        }
    }

    /// What a seal says is true, follows from the one before, and was said by a trusted key.
    fn content(&mut self, seal: &Checkpoint, root: Hash) {
        let Checkpoint { number, first_seq, last_seq, key_id, .. } = *seal;
        if seal.root != root {
            self.report.add(Problem::RangeAltered { number, first_seq, last_seq });
        }
        if seal.chain != seal.range().chain(self.chain) {
            self.report.add(Problem::ChainBroken { number });
        }
        self.chain = seal.chain;
        match self.trust.key(key_id) {
            None => self.report.add(Problem::KeyUnknown { number, key_id }),
            Some(key) if !seal.is_signed_by(key) => {
                self.report.add(Problem::SignatureWrong { number, key_id });
            }
            Some(_) => {}
        }
        self.compare(seal);
    }

    /// Holds a seal against the trusted checkpoints of its number; those of smaller numbers that
    /// are still expected will not come any more.
    fn compare(&mut self, seal: &Checkpoint) {
        while let Some((checkpoint, rest)) = self.expected.split_first()
            && checkpoint.number <= seal.number
        {
            self.expected = rest;
            if checkpoint.number < seal.number {
                self.missing(checkpoint);
            } else if checkpoint != seal {
                self.report.add(Problem::CheckpointDiffers { number: seal.number });
            }
        }
    }

    fn missing(&mut self, checkpoint: &Checkpoint) {
        let Checkpoint { number, last_seq, .. } = *checkpoint;
        self.report.add(Problem::CheckpointMissing { number, last_seq });
    }

    /// The root over the rows that come next, up to the number `last`.
    fn root_through(&mut self, conn: &mut Conn, last: i64) -> Result<Hash, Error> {
        let mut tree = Tree::default();
        while let Some(row) = self.rows.next_through(conn, last)? {
            self.report.entries += 1;
            if row.seq != self.next_seq {
                self.report.add(Problem::SequenceGap { expected: self.next_seq, found: row.seq });
            }
            self.next_seq = row.seq.saturating_add(1);
            match row.entry {
                Some(entry) => tree.push(leaf_hash(row.seq, &entry)),
                None => {
                    self.report.add(Problem::EntryMissing { seq: row.seq, entry_id: row.entry_id })
                }
            }
        }
        Ok(tree.root())
    }

    /// What no seal vouches for yet must at least be numbered without a gap.
    fn tail(&mut self, conn: &mut Conn) -> Result<(), Error> {
        let sealed = self.report.entries;
        self.root_through(conn, i64::MAX)?;
        self.report.unsealed = self.report.entries - sealed;
        for checkpoint in self.expected {
            self.missing(checkpoint);
        }
        Ok(())
    }

    fn unnumbered(&mut self, conn: &mut Conn) -> Result<(), Error> {
        self.report.waiting = store::waiting(conn)?.unsigned_abs();
        for entry_id in store::unnumbered(conn, UNNUMBERED_MAX)? {
            self.report.add(Problem::EntryUnnumbered { entry_id });
        }
        Ok(())
    }

    fn end(mut self, exact: bool) -> VerifyReport {
        let newest = self.trust.checkpoints().last();
        let (number, last_seq) =
            newest.map_or((self.number, self.last_seq), |newest| (newest.number, newest.last_seq));
        let seals = self.number.saturating_sub(number).max(0).unsigned_abs();
        let entries = self.last_seq.saturating_sub(last_seq).max(0).unsigned_abs();
        let more = entries.max(seals) + self.report.unsealed + self.report.waiting;
        if exact && more > 0 {
            self.report.add(Problem::GoesOn { last_seq, more });
        }
        self.report
    }
}
