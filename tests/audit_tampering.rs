//! Whoever can write to the database cannot change the journal unseen.
//!
//! The forger of these tests knows everything but the key: it has its own writing of the hashes
//! ([`forger`]), made from the description alone, and reproduces the honest seals with it. Then
//! random tamperings are made on a copy with its triggers gone, and each must be found for its own
//! reason. `DOCKET_TEST_SEED=N` repeats a run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "these are tests")]

#[path = "audit_tampering/forger.rs"]
mod forger;
#[path = "audit_tampering/journal.rs"]
mod journal;
#[path = "audit_tampering/tampering.rs"]
mod tampering;

use docket::audit::{self, Checkpoint, Problem, Trust, VerifyReport};
use docket::db::Conn;
use docket::kernel::random_bytes;

use forger::Forger;
use journal::{Journal, Random};
use tampering::{KINDS, Tampering};

/// Runs `tamperings` on copies of one journal, on two threads.
fn find_all(tamperings: usize) {
    let given = std::env::var("DOCKET_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| u64::from_le_bytes(random_bytes()) >> 32);
    println!("DOCKET_TEST_SEED={seed}");
    let journal = Journal::build(seed, &[40, 1, 33, 64, 2, 50, 30]);
    std::thread::scope(|scope| {
        for part in 0..2 {
            let journal = &journal;
            scope.spawn(move || {
                let mut conn = journal.open_copy(&format!("part-{part}.db"));
                let mut random = Random(seed + part);
                for round in 0..tamperings / 2 {
                    let kind = KINDS[round % KINDS.len()];
                    tamper_and_find(&mut conn, journal, kind, &mut random, round);
                }
                let clean = verify(&mut conn, &journal.checkpoints, true);
                assert!(clean.is_whole(), "a false alarm: {:?}", clean.problems);
            });
        }
    });
}

fn tamper_and_find(
    conn: &mut Conn,
    journal: &Journal,
    kind: Tampering,
    random: &mut Random,
    round: usize,
) {
    // The newest checkpoint alone must be enough.
    let newest = std::slice::from_ref(journal.newest());
    let trusted = if random.chance() { newest } else { &journal.checkpoints };
    journal::execute(conn, "BEGIN");
    let expected = kind.apply(conn, journal, random);
    let report = verify(conn, trusted, random.chance());
    journal::execute(conn, "ROLLBACK");
    assert!(!report.is_whole(), "{kind:?} in round {round} was not found");
    for problem in expected {
        let found = &report.problems;
        assert!(found.contains(&problem), "{kind:?} in round {round}: no {problem:?} in {found:?}");
    }
}

fn verify(conn: &mut Conn, trusted: &[Checkpoint], exact: bool) -> VerifyReport {
    audit::verify(conn, &Trust::in_checkpoints(trusted.to_vec()), exact).unwrap()
}

#[test]
fn a_thousand_random_tamperings_are_all_found() {
    find_all(1_000);
}

#[test]
#[ignore = "takes a minute: cargo test --test audit_tampering -- --ignored ten_thousand"]
fn ten_thousand_random_tamperings_are_all_found() {
    find_all(10_000);
}

#[test]
fn the_forger_is_as_good_as_the_sealer_but_for_the_key() {
    let journal = Journal::build(1, &[5, 1, 8, 3]);
    let mut conn = journal.open_copy("copy.db");
    for checkpoint in &journal.checkpoints {
        let forged = Forger::new(&mut conn).seal(checkpoint, &journal.chain_before(checkpoint));
        assert_eq!((forged.root, forged.chain), (checkpoint.root, checkpoint.chain));
        assert!(forged.is_signed_by(&forged.public_key), "the text that is signed is known");
    }
}

#[test]
fn a_clean_journal_gives_no_alarm_whatever_it_is_held_against() {
    for (seed, ranges) in [(1, vec![]), (2, vec![1]), (3, vec![7, 2, 1, 1, 16])] {
        let journal = Journal::build(seed, &ranges);
        let mut conn = journal.open_copy("copy.db");
        for trusted in 0..=journal.checkpoints.len() {
            let trust = Trust::in_checkpoints(journal.checkpoints[..trusted].to_vec())
                .and_keys([journal.key]);
            let report = audit::verify(&mut conn, &trust, false).unwrap();
            assert!(report.is_whole(), "{:?}", report.problems);
            assert_eq!(report.entries, ranges.iter().sum::<i64>().unsigned_abs());
            assert_eq!((report.seals, report.unsealed), (ranges.len() as u64, 0));
        }
    }
}

#[test]
fn a_journal_that_goes_on_after_the_checkpoint_is_whole_but_not_exact() {
    let journal = Journal::build(4, &[10, 10]);
    let mut conn = journal.open_copy("copy.db");
    assert!(verify(&mut conn, &journal.checkpoints[..1], false).is_whole());
    let exact = verify(&mut conn, &journal.checkpoints[..1], true);
    assert_eq!(exact.problems, [Problem::GoesOn { last_seq: 10, more: 10 }]);
}

#[test]
fn without_a_checkpoint_a_removed_end_stays_unseen_and_with_one_it_does_not() {
    let journal = Journal::build(5, &[10, 10]);
    let mut conn = journal.open_copy("copy.db");
    tampering::remove_end(&mut conn, 10);
    let keys_only = audit::verify(&mut conn, &Trust::in_keys([journal.key]), true).unwrap();
    assert!(keys_only.is_whole(), "this is why checkpoints are kept elsewhere");
    let found = verify(&mut conn, &journal.checkpoints, false);
    assert_eq!(found.problems, [Problem::CheckpointMissing { number: 2, last_seq: 20 }]);
}

#[test]
fn a_damaged_checkpoint_is_told_from_a_damaged_journal() {
    let journal = Journal::build(6, &[10]);
    let mut conn = journal.open_copy("copy.db");
    let mut damaged = journal.checkpoints.clone();
    damaged[0].last_seq = 9;
    let found = verify(&mut conn, &damaged, false);
    assert!(found.problems.contains(&Problem::CheckpointUnsigned { number: 1 }));
}

#[test]
fn one_entry_is_proved_alone_and_a_changed_one_is_not() {
    let journal = Journal::build(7, &[9, 20]);
    let mut conn = journal.open_copy("copy.db");
    for seq in 1..=29 {
        let id = journal.entry_id(&mut conn, seq).parse().unwrap();
        let proof = audit::prove(&mut conn, id).unwrap();
        // Also after another program has laid out the JSON anew.
        let text = serde_json::to_string_pretty(&proof).unwrap();
        let mut read: audit::Proof = serde_json::from_str(&text).unwrap();
        assert_eq!(read.verify(&[journal.key]), Ok(()), "{text}");
        assert_eq!(read.verify(&[]), Err(audit::ProofError::KeyUnknown));
        read.entry.seq += 1;
        assert_eq!(read.verify(&[journal.key]), Err(audit::ProofError::EntryAltered));
    }
}
