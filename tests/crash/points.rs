//! A crash at every step boundary: the process aborts at a named point, is started again, and all
//! comes to its end as if nothing had happened.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

use crate::books::Books;
use crate::buyer::Buyer;
use crate::process::{Home, on_both};
use crate::subjects::{Action, Subject};

/// Where the process aborts (`name` or `name:N` for the Nth pass), and what it was doing. What
/// settlement does comes first, or it would do it for the others as well.
const CRASHES: [(&str, Action); 29] = [
    ("settle.claimed", Action::PlaceUnheard),
    ("settle.answered", Action::PlaceUnheard),
    ("settle.finished", Action::PlaceUnheard),
    ("expire.found", Action::PlaceToExpire),
    ("expire.committed", Action::PlaceToExpire),
    ("audit.sealed:2", Action::Place),
    ("place.before_prepare", Action::Place),
    ("place.prepared", Action::Place),
    ("gateway.answered", Action::Place),
    ("finish.committed", Action::Place),
    ("act.begun", Action::Capture),
    ("gateway.answered", Action::Capture),
    ("finish.committed", Action::Capture),
    ("act.begun", Action::Void),
    ("gateway.answered", Action::Void),
    ("finish.committed", Action::Void),
    ("act.begun", Action::Refund),
    ("gateway.answered", Action::Refund),
    ("finish.committed", Action::Refund),
    ("cancel.prepared", Action::CancelPaid),
    ("gateway.answered", Action::CancelPaid),
    ("finish.committed", Action::CancelPaid),
    ("cancel.prepared", Action::CancelHeld),
    ("gateway.answered", Action::CancelHeld),
    ("finish.committed", Action::CancelHeld),
    ("cancel.prepared", Action::CancelPartlyCaptured),
    ("gateway.answered", Action::CancelPartlyCaptured),
    ("finish.committed", Action::CancelPartlyCaptured),
    ("gateway.answered:2", Action::CancelPartlyCaptured),
];

const SIGABRT: i32 = 6;
const DEATH_MOST: Duration = Duration::from_secs(20);

/// A gateway that is waited for briefly, and invoices that expire at once.
const SETTINGS: [(&str, &str); 2] = [
    ("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "300"),
    ("DOCKET_PAYMENTS__MANUAL_DEADLINE_HOURS", "0"),
];

on_both! {
    async fn a_crash_at_any_step_is_finished_by_the_next_start(home: Home) {
        let buyer = Buyer::new();
        let server = home.start(&SETTINGS);
        let mut subjects = Vec::new();
        for (number, (_, action)) in CRASHES.into_iter().enumerate() {
            subjects.push(Subject::prepare(&buyer, &server.api, action, number).await);
        }
        server.stop();
        for ((step, _), subject) in CRASHES.into_iter().zip(&subjects) {
            crash(&home, &buyer, step, subject).await;
        }
        let server = home.start(&SETTINGS);
        let books = Books::of(&home);
        let rest = books.come_to_rest().await;
        println!("{} crashes, at rest after {rest:.1?}", CRASHES.len());
        for subject in &subjects {
            subject.is_done(&buyer, &server.api).await;
        }
        books.come_to_rest().await;
        books.agree_with_the_gateway().await;
        books.come_to_number().await;
        server.stop();
        home.is_sound();
    }
}

/// Lets the server die at this step of what the subject asks for; every invariant holds meanwhile.
async fn crash(home: &Home, buyer: &Buyer, step: &str, subject: &Subject) {
    let settings = [SETTINGS.as_slice(), &[("DOCKET_CRASH_AT", step)]].concat();
    let mut server = home.start(&settings);
    let answer = subject.ask(buyer, &server.api).await;
    let status = server.end(DEATH_MOST);
    assert_eq!(status.signal(), Some(SIGABRT), "{step}: {subject:?}: {status}");
    // What jobs do happens after the answer; the steps of a request take it along.
    let of_a_job = ["settle", "expire", "audit"].contains(&step.split('.').next().unwrap());
    assert!(of_a_job || answer.is_none(), "{step}: {subject:?}: {answer:?}");
    assert_eq!(Books::of(home).findings().await, [], "{step}: {subject:?}");
}

#[test]
fn every_crash_point_of_the_sources_is_passed() {
    let mut in_sources = BTreeSet::new();
    find_crash_points(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut in_sources);
    let passed = CRASHES.iter().map(|(step, _)| step.split(':').next().unwrap().to_owned());
    assert_eq!(in_sources, passed.collect());
}

fn find_crash_points(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find_crash_points(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let calls = text.split("crash_point(\"").skip(1);
        found.extend(calls.map(|call| call.split('"').next().unwrap().to_owned()));
    }
}
