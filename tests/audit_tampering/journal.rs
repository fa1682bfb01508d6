//! An honest journal of varied entries, sealed in ranges, and copies of it to tamper with.

use std::path::PathBuf;
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use docket::audit::{self, Checkpoint, Entry, Hash, Outcome, PublicKey, SealKey, Subject};
use docket::db::{Conn, DatabaseUrl, Db, DbOptions, migrate};
use docket::kernel::{Actor, Clock, KeyId, OrderId, Origin, PaymentId};
use serde_json::json;

/// Random numbers that a seed repeats (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.next() % (to - from + 1).unsigned_abs()).unwrap()
    }

    pub fn chance(&mut self) -> bool {
        self.next() & 1 == 1
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.between(0, choices.len() as i64 - 1)).unwrap()]
    }
}

pub struct Journal {
    directory: tempfile::TempDir,
    pub checkpoints: Vec<Checkpoint>,
    pub key: PublicKey,
}

impl Journal {
    /// A journal with ranges of these lengths.
    pub fn build(seed: u64, ranges: &[i64]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(directory.path().join("docket.db"));
        migrate(&url).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let key = Arc::new(SealKey::generate());
        let checkpoints = runtime.block_on(fill(&url, &key, ranges, &mut Random(seed)));
        Self { directory, checkpoints, key: key.public() }
    }

    /// A copy without triggers and foreign keys, open for tampering.
    pub fn open_copy(&self, name: &str) -> Conn {
        let copy = self.path(name);
        let mut original = open(self.path("docket.db"));
        original.batch_execute(&format!("VACUUM INTO '{}'", copy.display())).unwrap();
        let mut sqlite = open(copy);
        let triggers: Vec<Text> = diesel::sql_query(
            "SELECT 'DROP TRIGGER ' || name AS text FROM sqlite_schema WHERE type = 'trigger'",
        )
        .load(&mut sqlite)
        .unwrap();
        for trigger in triggers {
            sqlite.batch_execute(&trigger.text).unwrap();
        }
        sqlite.batch_execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF;").unwrap();
        Conn::Sqlite(sqlite)
    }

    pub fn newest(&self) -> &Checkpoint {
        self.checkpoints.last().unwrap()
    }

    /// The number of the last entry.
    pub fn last_seq(&self) -> i64 {
        self.newest().last_seq
    }

    /// The seal over the entry numbered `seq`.
    pub fn seal_over(&self, seq: i64) -> &Checkpoint {
        self.checkpoints.iter().find(|checkpoint| checkpoint.last_seq >= seq).unwrap()
    }

    pub fn chain_before(&self, checkpoint: &Checkpoint) -> Hash {
        let before = self.checkpoints.iter().rfind(|other| other.number < checkpoint.number);
        before.map_or(Hash::ZERO, |before| before.chain)
    }

    pub fn entry_id(&self, conn: &mut Conn, seq: i64) -> String {
        text(conn, &format!("SELECT entry_id AS text FROM journal_sequence WHERE seq = {seq}"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

/// Waits for the connections of the pool, which close a moment after it.
fn open(path: PathBuf) -> SqliteConnection {
    let mut sqlite = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    sqlite.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
    sqlite
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

pub fn sqlite(conn: &mut Conn) -> &mut SqliteConnection {
    match conn {
        Conn::Sqlite(sqlite) => sqlite,
        Conn::Postgres(_) => panic!("the copies are SQLite files"),
    }
}

pub fn execute(conn: &mut Conn, sql: &str) {
    sqlite(conn).batch_execute(sql).unwrap_or_else(|failure| panic!("{sql}: {failure}"));
}

/// The one text that a query selects `AS text`.
pub fn text(conn: &mut Conn, sql: &str) -> String {
    diesel::sql_query(sql).get_result::<Text>(sqlite(conn)).unwrap().text
}

async fn fill(
    url: &DatabaseUrl,
    key: &Arc<SealKey>,
    ranges: &[i64],
    random: &mut Random,
) -> Vec<Checkpoint> {
    let db = Db::open(&DbOptions::new(url.clone()), Clock::System).unwrap();
    for range in ranges {
        let mut left = *range;
        while left > 0 {
            let count = random.between(1, left.min(4));
            let entries: Vec<Entry> = (0..count).map(|_| entry(random)).collect();
            let record =
                move |tx: &mut docket::db::WriteTx<'_>| audit::record_all(tx, entries.clone());
            db.write(&origin(random), record).await.unwrap();
            left -= count;
        }
        let key = Arc::clone(key);
        let seal = move |tx: &mut docket::db::WriteTx<'_>| audit::seal(tx, &key, 10_000);
        db.write(&Origin::of(Actor::Job("sealer")), seal).await.unwrap().unwrap();
    }
    let checkpoints = db.read(|conn| audit::checkpoints_after(conn, 0, 1_000)).await.unwrap();
    db.close().await;
    checkpoints
}

fn origin(random: &mut Random) -> Origin {
    let actor = match random.between(0, 3) {
        0 => Actor::Key(KeyId::generate()),
        1 => Actor::CommandLine,
        2 => Actor::Job("settlement"),
        _ => Actor::System,
    };
    let mut origin = Origin::of(actor);
    origin.request_id = random.chance().then(Origin::new_request_id);
    origin.trace_id = random.chance().then(|| format!("{:032x}", random.next()));
    origin
}

fn entry(random: &mut Random) -> Entry {
    let (kind, subject) = match random.between(0, 4) {
        0 => ("order.placed", Subject::Order(OrderId::generate())),
        1 => ("payment.captured", Subject::Payment(PaymentId::generate())),
        2 => ("product.changed", Subject::Product("1095275".into())),
        3 => ("stock.adjusted", Subject::Stock("ü-\"7\"".into())),
        _ => ("server.started", Subject::Server),
    };
    let outcomes = [Outcome::Success, Outcome::Refused, Outcome::Failed];
    let state = |random: &mut Random| {
        json!({
            "amount": random.between(0, 1 << 53), "text": "naïve \" \\ \n  ☃", "none": null,
            "lines": [random.chance(), 1.5, []],
        })
    };
    // No two entries may be the same but for their ids: swapping those would change nothing.
    let unlike = matches!(subject, Subject::Order(_) | Subject::Payment(_));
    let mut entry = Entry::new(kind, subject).outcome(random.one_of(&outcomes));
    if random.chance() {
        entry = entry.before(state(random)).unwrap();
    }
    if random.chance() || !unlike {
        entry = entry.after(state(random)).unwrap();
    }
    entry
}
