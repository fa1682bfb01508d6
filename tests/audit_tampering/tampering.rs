//! The ways to tamper with a journal, each with the problems that must be found for it.

use docket::audit::{Checkpoint, Problem, SealKeyId};
use docket::db::Conn;
use docket::kernel::OrderId;

use super::forger::{Forger, Pretence};
use super::journal::{Journal, Random, execute};

#[derive(Debug, Clone, Copy)]
pub enum Tampering {
    ChangeColumn,
    ChangeId,
    ChangeIdWithItsNumber,
    RemoveEntry,
    RemoveNumber,
    RemoveBoth,
    RemoveAndCloseUp,
    RemoveEnd,
    RemoveEndButNotItsSeals,
    RemoveEndAndAppend(Pretence),
    SwapNumbers,
    SwapIds,
    InsertAndShift,
    InsertWithoutNumber,
    InsertAsWaiting,
    Rewrite(Pretence),
    RemoveSeal,
    ChangeSeal,
    MoveBorder,
    Backdate,
}

pub const KINDS: [Tampering; 25] = [
    Tampering::ChangeColumn,
    Tampering::ChangeId,
    Tampering::ChangeIdWithItsNumber,
    Tampering::RemoveEntry,
    Tampering::RemoveNumber,
    Tampering::RemoveBoth,
    Tampering::RemoveAndCloseUp,
    Tampering::RemoveEnd,
    Tampering::RemoveEndButNotItsSeals,
    Tampering::RemoveEndAndAppend(Pretence::OwnKey),
    Tampering::RemoveEndAndAppend(Pretence::HonestKey),
    Tampering::SwapNumbers,
    Tampering::SwapIds,
    Tampering::InsertAndShift,
    Tampering::InsertWithoutNumber,
    Tampering::InsertAsWaiting,
    Tampering::Rewrite(Pretence::OwnKey),
    Tampering::Rewrite(Pretence::HonestId),
    Tampering::Rewrite(Pretence::HonestKey),
    Tampering::Rewrite(Pretence::OldSignature),
    Tampering::RemoveSeal,
    Tampering::ChangeSeal,
    Tampering::MoveBorder,
    Tampering::Backdate,
    Tampering::ChangeColumn,
];

impl Tampering {
    /// Tampers somewhere; answers what must be found.
    pub fn apply(self, conn: &mut Conn, journal: &Journal, random: &mut Random) -> Vec<Problem> {
        let seq = random.between(1, journal.last_seq());
        // Any other entry than that.
        let other = random.between(1, journal.last_seq() - 1);
        let other = other + i64::from(other >= seq);
        let seal = journal.seal_over(seq);
        match self {
            Self::ChangeColumn => {
                change_column(conn, seq, random);
                vec![altered(seal)]
            }
            Self::ChangeId => change_id(conn, journal, seq),
            Self::ChangeIdWithItsNumber => {
                let (_, new) = give_new_id(conn, journal, seq);
                execute(
                    conn,
                    &format!("UPDATE journal_sequence SET entry_id = '{new}' WHERE seq = {seq}"),
                );
                vec![altered(seal)]
            }
            Self::RemoveEntry => {
                let entry_id = journal.entry_id(conn, seq);
                remove_entry(conn, seq);
                vec![Problem::EntryMissing { seq, entry_id }, altered(seal)]
            }
            Self::RemoveNumber => {
                let entry_id = journal.entry_id(conn, seq);
                remove_number(conn, seq);
                vec![Problem::EntryUnnumbered { entry_id }, altered(seal)]
            }
            Self::RemoveBoth => {
                remove_both(conn, seq);
                let gap = Problem::SequenceGap { expected: seq, found: seq + 1 };
                let seen = seq < journal.last_seq();
                [altered(seal)].into_iter().chain(seen.then_some(gap)).collect()
            }
            Self::RemoveAndCloseUp => {
                remove_both(conn, seq);
                shift(conn, seq, -1);
                vec![altered(seal)]
            }
            Self::RemoveEnd => {
                let before = journal.checkpoints.iter().rfind(|other| other.number < seal.number);
                remove_end(conn, before.map_or(0, |before| before.last_seq));
                vec![missing(journal.newest())]
            }
            Self::RemoveEndButNotItsSeals => {
                remove_entries_after(conn, seq - 1);
                vec![altered(seal)]
            }
            Self::RemoveEndAndAppend(as_if) => {
                remove_entries_after(conn, seq - 1);
                (seq..=journal.last_seq()).for_each(|seq| insert_numbered(conn, seq));
                forge(conn, journal, seal, as_if)
            }
            Self::SwapNumbers => {
                swap_numbers(conn, journal, seq, other);
                vec![altered(seal), altered(journal.seal_over(other))]
            }
            Self::SwapIds => {
                swap_ids(conn, journal, seq, other);
                vec![altered(seal), altered(journal.seal_over(other))]
            }
            Self::InsertAndShift => {
                shift(conn, seq - 1, 1);
                insert_numbered(conn, seq);
                vec![altered(seal)]
            }
            Self::InsertWithoutNumber => {
                vec![Problem::EntryUnnumbered { entry_id: insert(conn) }]
            }
            Self::InsertAsWaiting => {
                let entry_id = insert(conn);
                execute(
                    conn,
                    &format!("INSERT INTO journal_unsequenced (entry_id) VALUES ('{entry_id}')"),
                );
                vec![Problem::EntryUnnumbered { entry_id }]
            }
            Self::Rewrite(as_if) => {
                change_column(conn, seq, random);
                forge(conn, journal, seal, as_if)
            }
            Self::RemoveSeal => remove_seal(conn, journal, seal),
            Self::ChangeSeal => change_seal(conn, seal, random),
            Self::MoveBorder => move_border(conn, journal, random),
            Self::Backdate => {
                change_seal_column(conn, seal, "sealed_at = sealed_at - 1");
                vec![unsigned(seal)]
            }
        }
    }
}

// What must be found ---------------------------------------------------------------------------

fn altered(seal: &Checkpoint) -> Problem {
    let Checkpoint { number, first_seq, last_seq, .. } = *seal;
    Problem::RangeAltered { number, first_seq, last_seq }
}

fn missing(seal: &Checkpoint) -> Problem {
    Problem::CheckpointMissing { number: seal.number, last_seq: seal.last_seq }
}

fn unsigned(seal: &Checkpoint) -> Problem {
    Problem::SignatureWrong { number: seal.number, key_id: seal.key_id }
}

fn unknown(seal: &Checkpoint, key_id: SealKeyId) -> Problem {
    Problem::KeyUnknown { number: seal.number, key_id }
}

// Entries --------------------------------------------------------------------------------------

fn change_column(conn: &mut Conn, seq: i64, random: &mut Random) {
    let change = random.one_of(&[
        "type = type || 'x'",
        "version = version + 1",
        "subject = subject || 'x'",
        "actor = actor || 'x'",
        "outcome = CASE outcome WHEN 'success' THEN 'failed' ELSE 'success' END",
        "before = CASE WHEN before IS NULL THEN '' ELSE NULL END",
        "before = CASE WHEN before IS NULL THEN '{}' ELSE before || ' ' END",
        "after = CASE WHEN after IS NULL THEN '' ELSE NULL END",
        "after = CASE WHEN after IS NULL THEN '{}' ELSE after || ' ' END",
        "request_id = CASE WHEN request_id IS NULL THEN '' ELSE NULL END",
        "request_id = COALESCE(request_id, '') || 'x'",
        "trace_id = CASE WHEN trace_id IS NULL THEN '' ELSE NULL END",
        "trace_id = COALESCE(trace_id, '') || 'x'",
        "created_at = created_at + 1",
    ]);
    execute(conn, &format!("UPDATE journal_entries SET {change} WHERE id = {}", id_of(seq)));
}

fn change_id(conn: &mut Conn, journal: &Journal, seq: i64) -> Vec<Problem> {
    let (old, new) = give_new_id(conn, journal, seq);
    vec![
        Problem::EntryMissing { seq, entry_id: old },
        Problem::EntryUnnumbered { entry_id: new },
        altered(journal.seal_over(seq)),
    ]
}

fn give_new_id(conn: &mut Conn, journal: &Journal, seq: i64) -> (String, String) {
    let (old, new) = (journal.entry_id(conn, seq), OrderId::generate().to_string());
    execute(conn, &format!("UPDATE journal_entries SET id = '{new}' WHERE id = '{old}'"));
    (old, new)
}

fn id_of(seq: i64) -> String {
    format!("(SELECT entry_id FROM journal_sequence WHERE seq = {seq})")
}

fn remove_entry(conn: &mut Conn, seq: i64) {
    execute(conn, &format!("DELETE FROM journal_entries WHERE id = {}", id_of(seq)));
}

fn remove_number(conn: &mut Conn, seq: i64) {
    execute(conn, &format!("DELETE FROM journal_sequence WHERE seq = {seq}"));
}

fn remove_both(conn: &mut Conn, seq: i64) {
    remove_entry(conn, seq);
    remove_number(conn, seq);
}

fn remove_entries_after(conn: &mut Conn, seq: i64) {
    let numbers = format!("FROM journal_sequence WHERE seq > {seq}");
    execute(conn, &format!("DELETE FROM journal_entries WHERE id IN (SELECT entry_id {numbers})"));
    execute(conn, &format!("DELETE {numbers}"));
}

/// The end of the journal with the seals over it, as if it had never been.
pub fn remove_end(conn: &mut Conn, last_seq: i64) {
    remove_entries_after(conn, last_seq);
    execute(conn, &format!("DELETE FROM journal_seals WHERE last_seq > {last_seq}"));
}

/// Moves all numbers after `seq`.
fn shift(conn: &mut Conn, seq: i64, by: i64) {
    execute(conn, &format!("UPDATE journal_sequence SET seq = -(seq + {by}) WHERE seq > {seq}"));
    execute(conn, "UPDATE journal_sequence SET seq = -seq WHERE seq < 0");
}

fn swap_numbers(conn: &mut Conn, journal: &Journal, one: i64, other: i64) {
    let ids = [journal.entry_id(conn, one), journal.entry_id(conn, other)];
    for (seq, id) in [(one, "aside"), (other, &ids[0]), (one, &ids[1])] {
        execute(conn, &format!("UPDATE journal_sequence SET entry_id = '{id}' WHERE seq = {seq}"));
    }
}

fn swap_ids(conn: &mut Conn, journal: &Journal, one: i64, other: i64) {
    let [one, other] = [journal.entry_id(conn, one), journal.entry_id(conn, other)];
    for (from, to) in [(one.as_str(), "aside"), (&other, &one), ("aside", &other)] {
        execute(conn, &format!("UPDATE journal_entries SET id = '{to}' WHERE id = '{from}'"));
    }
}

fn insert(conn: &mut Conn) -> String {
    let id = OrderId::generate().to_string();
    execute(
        conn,
        &format!(
            "INSERT INTO journal_entries (id, type, version, subject, actor, outcome, created_at) \
             VALUES ('{id}', 'payment.refunded', 1, 'order:1', 'cli', 'success', 1)"
        ),
    );
    id
}

fn insert_numbered(conn: &mut Conn, seq: i64) {
    let id = insert(conn);
    execute(conn, &format!("INSERT INTO journal_sequence VALUES ({seq}, '{id}')"));
}

// Seals ----------------------------------------------------------------------------------------

/// Makes every seal from this one on anew, over the entries as they are now.
fn forge(conn: &mut Conn, journal: &Journal, from: &Checkpoint, as_if: Pretence) -> Vec<Problem> {
    let mut forger = Forger::new(conn);
    forger.reseal(&journal.checkpoints, from.number, journal.chain_before(from), as_if);
    let found = match as_if {
        Pretence::OwnKey => unknown(from, forger.key_id()),
        Pretence::HonestId | Pretence::HonestKey | Pretence::OldSignature => unsigned(from),
    };
    vec![found, Problem::CheckpointDiffers { number: journal.newest().number }]
}

fn change_seal_column(conn: &mut Conn, seal: &Checkpoint, change: &str) {
    execute(conn, &format!("UPDATE journal_seals SET {change} WHERE number = {}", seal.number));
}

fn change_seal(conn: &mut Conn, seal: &Checkpoint, random: &mut Random) -> Vec<Problem> {
    let number = seal.number;
    let zeros = |count: usize| "0".repeat(count);
    let (change, found) = match random.between(0, 6) {
        0 => (format!("root = '{}'", zeros(64)), altered(seal)),
        1 => (format!("chain = '{}'", zeros(64)), Problem::ChainBroken { number }),
        2 => (format!("signature = '{}'", zeros(128)), unsigned(seal)),
        3 => (format!("public_key = '{}'", zeros(64)), unsigned(seal)),
        4 => (format!("key_id = '{}'", zeros(16)), unknown(seal, zeros(16).parse().unwrap())),
        5 => ("root = upper(root)".into(), Problem::SealUnreadable { number }),
        _ => {
            let (first_seq, expected) = (seal.first_seq - 1, seal.first_seq);
            let found = Problem::SealMisplaced { number, first_seq, expected };
            ("first_seq = first_seq - 1".into(), found)
        }
    };
    change_seal_column(conn, seal, &change);
    vec![found]
}

fn remove_seal(conn: &mut Conn, journal: &Journal, seal: &Checkpoint) -> Vec<Problem> {
    execute(conn, &format!("DELETE FROM journal_seals WHERE number = {}", seal.number));
    let next = journal.checkpoints.iter().find(|other| other.number > seal.number);
    next.map_or(vec![missing(seal)], |next| {
        vec![
            Problem::SealGap { expected: seal.number, found: next.number },
            Problem::SealMisplaced {
                number: next.number,
                first_seq: next.first_seq,
                expected: seal.first_seq,
            },
            Problem::ChainBroken { number: next.number },
        ]
    })
}

/// Gives the last entry of a range to the next range.
fn move_border(conn: &mut Conn, journal: &Journal, random: &mut Random) -> Vec<Problem> {
    let splittable: Vec<_> =
        journal.checkpoints.windows(2).filter(|two| two[0].first_seq < two[0].last_seq).collect();
    let two = random.one_of(&splittable);
    change_seal_column(conn, &two[0], "last_seq = last_seq - 1");
    change_seal_column(conn, &two[1], "first_seq = first_seq - 1");
    let shorter = Checkpoint { last_seq: two[0].last_seq - 1, ..two[0].clone() };
    let longer = Checkpoint { first_seq: two[1].first_seq - 1, ..two[1].clone() };
    vec![altered(&shorter), altered(&longer), unsigned(&shorter), unsigned(&longer)]
}
