//! The journal at work: numbered without a gap, sealed in the background, read over HTTP.
//!
//! On SQLite always; on PostgreSQL too when there is a server (see `support/postgres.rs`).
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "these are tests")]

#[path = "journal/databases.rs"]
mod databases;
#[path = "support/postgres.rs"]
mod postgres;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{App, test, web};
use docket::audit::{self, Entry, Guard, Proof, SealKey, Sealer, Subject, Trust};
use docket::db::{Db, Dialect, WriteTx};
use docket::error::{Error, Refusal};
use docket::events;
use docket::http::{Authenticate, Caller, Scope};
use docket::kernel::{Actor, KeyId, Origin, Secret, Stopwatch};
use serde_json::{Value, json};
use utoipa_actix_web::AppExt;

use databases::{Database, databases};

const CHECKPOINTS: &str = "logs/checkpoints.jsonl";

async fn record(db: &Db, kind: &'static str, subject: Subject, count: usize) {
    let entries = move |tx: &mut WriteTx<'_>| {
        let entry = Entry::new(kind, subject.clone()).after(json!({ "amount": 349 }))?;
        audit::record_all(tx, vec![entry; count])
    };
    db.write(&Origin::of(Actor::CommandLine), entries).await.unwrap();
}

fn guard(allowed: &Arc<AtomicBool>) -> Arc<Guard> {
    let allowed = Arc::clone(allowed);
    Arc::new(move |tx| databases::lock(tx).map(|()| allowed.load(Ordering::SeqCst)))
}

fn sealer(db: &Arc<Db>, data_dir: &Path) -> Sealer {
    let key = SealKey::load_or_create(data_dir).unwrap();
    Sealer::new(Arc::clone(db), key, data_dir, guard(&Arc::new(AtomicBool::new(true)))).unwrap()
}

/// Verifies against the file of checkpoints in `data_dir`, to the last entry.
async fn assert_whole(db: &Db, data_dir: &Path, entries: u64) {
    let checkpoints = audit::read_checkpoints(&data_dir.join(CHECKPOINTS)).unwrap();
    let trust = Trust::in_checkpoints(checkpoints);
    let report = db.read(move |conn| audit::verify(conn, &trust, true)).await.unwrap();
    assert!(report.is_whole(), "{:?}", report.problems);
    assert_eq!((report.entries, report.unsealed, report.waiting), (entries, 0, 0));
}

#[actix_web::test]
async fn what_was_committed_is_numbered_sealed_and_written_to_the_file() {
    for Database { db, directory } in databases() {
        let sealer = sealer(&db, directory.path());
        assert_eq!(sealer.seal_due().await.unwrap(), 0);
        record(&db, "server.started", Subject::Server, 3).await;
        assert_eq!(sealer.seal_due().await.unwrap(), 3);
        record(&db, "server.started", Subject::Server, 2).await;
        assert_eq!(sealer.seal_due().await.unwrap(), 2);
        assert_whole(&db, directory.path(), 5).await;
    }
}

#[actix_web::test]
async fn the_file_catches_up_after_a_crash_between_commit_and_file() {
    for Database { db, directory } in databases() {
        let sealer = sealer(&db, directory.path());
        for _ in 0..3 {
            record(&db, "server.started", Subject::Server, 2).await;
            sealer.seal_due().await.unwrap();
        }
        let path = directory.path().join(CHECKPOINTS);
        let whole = std::fs::read_to_string(&path).unwrap();
        let first_line = whole.find('\n').unwrap() + 1;
        // Nothing, one line, and half a line.
        for kept in [0, first_line, first_line + 100] {
            std::fs::write(&path, &whole[..kept]).unwrap();
            assert_eq!(sealer.seal_due().await.unwrap(), 0);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), whole);
        }
    }
}

#[actix_web::test]
async fn copies_with_keys_of_their_own_seal_in_turn_and_each_file_tells_all() {
    for Database { db, directory } in databases() {
        let homes = ["a", "b"].map(|name| directory.path().join(name));
        homes.iter().for_each(|home| std::fs::create_dir(home).unwrap());
        let copies = homes.each_ref().map(|home| sealer(&db, home));
        for round in 0..4 {
            record(&db, "server.started", Subject::Server, 1).await;
            copies[round % 2].seal_due().await.unwrap();
        }
        for (copy, home) in copies.iter().zip(&homes) {
            copy.seal_due().await.unwrap();
            assert_whole(&db, home, 4).await;
        }
    }
}

#[actix_web::test]
async fn who_does_not_hold_the_lease_seals_nothing() {
    for Database { db, directory } in databases() {
        let allowed = Arc::new(AtomicBool::new(false));
        let key = SealKey::load_or_create(directory.path()).unwrap();
        let sealer = Sealer::new(Arc::clone(&db), key, directory.path(), guard(&allowed)).unwrap();
        record(&db, "server.started", Subject::Server, 1).await;
        assert_eq!(sealer.seal_due().await.unwrap(), 0);
        allowed.store(true, Ordering::SeqCst);
        assert_eq!(sealer.seal_due().await.unwrap(), 1);
    }
}

#[actix_web::test]
async fn a_file_that_belongs_to_another_history_is_left_alone_and_said_to_be() {
    for Database { db, directory } in databases() {
        let home = directory.path();
        record(&db, "server.started", Subject::Server, 1).await;
        sealer(&db, home).seal_due().await.unwrap();
        let foreign = std::fs::read_to_string(home.join(CHECKPOINTS)).unwrap();
        let foreign = foreign.replacen("\"number\":1", "\"number\":7", 1);
        std::fs::write(home.join(CHECKPOINTS), &foreign).unwrap();
        let refused = sealer(&db, home).seal_due().await.unwrap_err().to_string();
        assert!(refused.contains("seal 7 in logs/checkpoints.jsonl"), "{refused}");
        assert_eq!(std::fs::read_to_string(home.join(CHECKPOINTS)).unwrap(), foreign);
    }
}

#[actix_web::test]
async fn a_rotated_key_goes_on_where_the_old_one_stopped() {
    for Database { db, directory } in databases() {
        let home = directory.path();
        record(&db, "server.started", Subject::Server, 1).await;
        sealer(&db, home).seal_due().await.unwrap();
        SealKey::rotate(home).unwrap();
        record(&db, "server.started", Subject::Server, 1).await;
        sealer(&db, home).seal_due().await.unwrap();
        assert_whole(&db, home, 2).await;
        let trust = Trust::in_keys(audit::public_keys(home).unwrap());
        let report = db.read(move |conn| audit::verify(conn, &trust, true)).await.unwrap();
        assert!(report.is_whole(), "{:?}", report.problems);
    }
}

/// Eight writers, one of whose entries in four comes late, while a sequencer numbers and a reader
/// follows: the reader sees every entry once, each writer's in its order.
#[actix_web::test]
async fn readers_of_the_sequence_miss_nothing_while_eight_writers_write() {
    const EACH: usize = 40;
    for Database { db, .. } in databases() {
        let writers = (0..8).map(|writer| {
            let db = Arc::clone(&db);
            actix_web::rt::spawn(async move {
                for turn in 0..EACH {
                    write_late(&db, writer, turn).await;
                }
            })
        });
        let writers = futures_util::future::join_all(writers.collect::<Vec<_>>());
        let follower = actix_web::rt::spawn(follow(Arc::clone(&db), 8 * EACH));
        writers.await.into_iter().for_each(|writer| writer.unwrap());
        let seen = follower.await.unwrap();
        for writer in 0..8 {
            let own = seen.iter().filter(|(by, _)| *by == writer).map(|(_, turn)| *turn);
            assert!(own.eq(0..EACH as u64), "{:?}: writer {writer}", db.dialect());
        }
    }
}

async fn write_late(db: &Db, writer: u64, turn: usize) {
    let entries = move |tx: &mut WriteTx<'_>| {
        let entry = Entry::new("stock.adjusted", Subject::Server)
            .after(json!({ "writer": writer, "turn": turn }))?;
        audit::record(tx, entry)?;
        // Identifiers are made before the commit, so that commits come in another order.
        if tx.dialect() == Dialect::Postgres && turn.is_multiple_of(4) {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    };
    db.write(&Origin::of(Actor::CommandLine), entries).await.unwrap();
}

/// Numbers and reads until `count` entries were seen.
async fn follow(db: Arc<Db>, count: usize) -> Vec<(u64, u64)> {
    let (mut seen, mut after) = (Vec::new(), 0);
    while seen.len() < count {
        let number = |tx: &mut WriteTx<'_>| {
            databases::lock(tx)?;
            audit::number_committed(tx, 7)
        };
        db.write(&Origin::of(Actor::Job("sequencer")), number).await.unwrap();
        let events = db.read(move |conn| events::read_after(conn, after, 5)).await.unwrap();
        for event in events {
            assert_eq!(event.seq, after + 1, "the sequence has no gap at any moment");
            after = event.seq;
            let data: Value = serde_json::from_str(event.data.get()).unwrap();
            seen.push((data["writer"].as_u64().unwrap(), data["turn"].as_u64().unwrap()));
        }
    }
    seen
}

/// The figure to reach: a million entries in a minute on two cores, in memory that stays flat.
#[actix_web::test]
#[ignore = "takes minutes: cargo test --release --test journal -- --ignored million --nocapture"]
async fn a_million_entries_are_verified_within_a_minute() {
    let Database { db, directory } = databases::sqlite();
    for _ in 0..100 {
        db.write(&Origin::of(Actor::System), |tx| databases::fill(tx, 10_000)).await.unwrap();
    }
    let sealing = Stopwatch::start();
    sealer(&db, directory.path()).seal_due().await.unwrap();
    println!("sealed in {:?}", sealing.elapsed());
    let verifying = Stopwatch::start();
    assert_whole(&db, directory.path(), 1_000_000).await;
    println!("verified in {:?}", verifying.elapsed());
    assert!(verifying.elapsed() < Duration::from_secs(60));
}

// Over HTTP ------------------------------------------------------------------------------------

/// Lets everybody do everything.
struct OpenGate;

#[async_trait::async_trait]
impl Authenticate for OpenGate {
    async fn authenticate(
        &self,
        _bearer: Option<Secret<String>>,
        _scope: Scope,
        _endpoint: String,
        _origin: Origin,
    ) -> Result<Caller, Error> {
        Ok(Caller { key_id: KeyId::generate() })
    }
}

/// Status and body; for a refusal its code instead of the body, which the pipeline would write.
async fn get(db: &Arc<Db>, path: &str) -> (u16, String) {
    let gate: Arc<dyn Authenticate> = Arc::new(OpenGate);
    let (app, _api) = App::new()
        .into_utoipa_app()
        .configure(audit::routes)
        .configure(events::routes)
        .split_for_parts();
    let readings = Arc::new(audit::Readings::new(Arc::clone(db)));
    let app = app.app_data(web::Data::new(gate)).app_data(web::Data::new(Arc::clone(db)));
    let app = app.app_data(web::Data::new(readings));
    let app = test::init_service(app).await;
    let request = test::TestRequest::get().uri(path).to_request();
    let response = test::call_service(&app, request).await;
    let status = response.status().as_u16();
    let refusal = response.response().extensions().get::<Refusal>().map(|refusal| refusal.code);
    let body = test::read_body(response).await;
    let text = refusal.map_or_else(|| String::from_utf8(body.to_vec()).unwrap(), str::to_owned);
    (status, text)
}

async fn json_of(db: &Arc<Db>, path: &str) -> Value {
    let (status, body) = get(db, path).await;
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// The sequence numbers of a feed, and where it goes on.
fn numbers(feed: &Value) -> (Vec<i64>, i64) {
    let rows = feed["data"].as_array().unwrap();
    let seqs = rows.iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    (seqs, feed["next_after"].as_i64().unwrap())
}

#[actix_web::test]
async fn the_journal_is_read_in_pages_and_by_subject_and_actor() {
    for Database { db, directory } in databases() {
        record(&db, "stock.adjusted", Subject::Stock("1095275".into()), 2).await;
        record(&db, "product.changed", Subject::Product("1095275".into()), 3).await;
        sealer(&db, directory.path()).seal_due().await.unwrap();
        let page = json_of(&db, "/v1/audit?limit=2").await;
        assert_eq!(numbers(&page), (vec![1, 2], 2));
        assert_eq!(numbers(&json_of(&db, "/v1/audit?after=2").await), (vec![3, 4, 5], 5));
        assert_eq!(numbers(&json_of(&db, "/v1/audit?after=5").await), (vec![], 5));
        let filtered = "/v1/audit?subject=product:1095275&actor=cli&limit=2&after=3";
        assert_eq!(numbers(&json_of(&db, filtered).await), (vec![4, 5], 5));
        assert_eq!(numbers(&json_of(&db, "/v1/audit?actor=system").await), (vec![], 0));
        let row = page["data"][0].as_object().unwrap();
        let mut fields: Vec<&str> = row.keys().map(String::as_str).collect();
        fields.sort_unstable();
        let expected = "actor after before created_at id outcome request_id seq subject trace_id \
                        type version";
        assert_eq!(fields.join(" "), expected);
        assert_eq!(row["after"], json!({ "amount": 349 }));
    }
}

#[actix_web::test]
async fn every_entry_is_an_event() {
    for Database { db, directory } in databases() {
        record(&db, "stock.adjusted", Subject::Stock("1095275".into()), 1).await;
        let bare = |tx: &mut WriteTx<'_>| {
            audit::record(tx, Entry::new("server.stopped", Subject::Server).after(())?)
        };
        db.write(&Origin::of(Actor::System), bare).await.unwrap();
        sealer(&db, directory.path()).seal_due().await.unwrap();
        let feed = json_of(&db, "/v1/events?after=0").await;
        assert_eq!(numbers(&feed), (vec![1, 2], 2));
        assert_eq!(feed["data"][0]["data"], json!({ "amount": 349 }));
        assert_eq!(feed["data"][0]["type"], "stock.adjusted");
        assert_eq!(feed["data"][1]["data"], json!({}));
        assert_eq!(numbers(&json_of(&db, "/v1/events?after=1&limit=1").await), (vec![2], 2));
    }
}

#[actix_web::test]
async fn an_entry_is_proved_once_it_is_sealed() {
    for Database { db, directory } in databases() {
        record(&db, "stock.adjusted", Subject::Stock("1095275".into()), 3).await;
        let origin = Origin::of(Actor::System);
        db.write(&origin, |tx| audit::number_committed(tx, 10)).await.unwrap();
        let id = json_of(&db, "/v1/audit").await["data"][1]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/audit/{id}/proof");
        assert_eq!(get(&db, &path).await, (409, "not_sealed_yet".into()));
        sealer(&db, directory.path()).seal_due().await.unwrap();
        let proof: Proof = serde_json::from_value(json_of(&db, &path).await).unwrap();
        let keys = audit::public_keys(directory.path()).unwrap();
        assert_eq!((proof.entry.seq, proof.verify(&keys)), (2, Ok(())));
    }
}

#[actix_web::test]
async fn what_does_not_exist_or_makes_no_sense_is_refused() {
    for Database { db, .. } in databases() {
        for (path, status, code) in [
            ("/v1/audit?limit=0", 422, "validation"),
            ("/v1/audit?limit=201", 422, "validation"),
            ("/v1/audit?after=-1", 422, "validation"),
            ("/v1/audit?after=x", 422, "validation"),
            ("/v1/audit?subject=", 422, "validation"),
            ("/v1/audit?actor=%00", 422, "validation"),
            ("/v1/events?limit=none", 422, "validation"),
            ("/v1/events?after=99999999999999999999", 422, "validation"),
            ("/v1/audit/1/proof", 404, "not_found"),
            ("/v1/audit/01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11/proof", 404, "not_found"),
        ] {
            assert_eq!(get(&db, path).await, (status, code.into()), "{path}");
        }
    }
}
