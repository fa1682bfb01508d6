//! What happened to an order, from its journal entries.

use crate::audit::JournalEntry;
use crate::kernel::Timestamp;

/// What happened in one go: entries of one trace and one actor, one after the other.
pub(super) struct Event {
    /// Who did it, as the journal calls it.
    pub(super) actor: String,
    /// What was done, each with its entry in the journal.
    pub(super) done: Vec<Done>,
    /// What the order's states became by it.
    pub(super) moved: Vec<Moved>,
    /// Why a gateway said no.
    pub(super) code: Option<String>,
    pub(super) trace_id: Option<String>,
    pub(super) at: Timestamp,
}

/// One thing that was done: `order.placed`.
pub(super) struct Done {
    pub(super) entry: String,
    pub(super) kind: String,
}

/// A state before and after.
#[derive(Debug, PartialEq)]
pub(super) struct Moved {
    pub(super) name: &'static str,
    pub(super) before: Option<String>,
    pub(super) after: String,
}

/// States that are told of; the rest of an entry is on its own page.
const TOLD: [&str; 3] = ["status", "payment_status", "fulfilment_status"];

/// Where the states begin: an order that is there is there like that.
const FIRST: [&str; 3] = ["pending", "unpaid", "unfulfilled"];

/// What only follows from other entries of the same event.
const FOLLOWING: [&str; 2] = ["order.payment_changed", "order.fulfilled"];

/// The entries as they are shown, oldest first.
pub(super) fn timeline(entries: Vec<JournalEntry>) -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    for entry in entries {
        let same = |event: &&mut Event| {
            event.trace_id.is_some()
                && event.trace_id == entry.trace_id
                && event.actor == entry.actor
        };
        match events.last_mut().filter(same) {
            Some(event) => event.add(entry),
            None => events.push(Event::of(entry)),
        }
    }
    events.iter_mut().for_each(Event::shorten);
    events
}

impl Event {
    fn of(entry: JournalEntry) -> Self {
        let mut event = Self {
            actor: entry.actor.clone(),
            done: Vec::new(),
            moved: Vec::new(),
            code: None,
            trace_id: entry.trace_id.clone(),
            at: entry.created_at,
        };
        event.add(entry);
        event
    }

    fn add(&mut self, entry: JournalEntry) {
        let (before, after) = (read(&entry.before), read(&entry.after));
        if entry.subject.starts_with("order:") {
            TOLD.iter().for_each(|name| self.moves(name, &before[*name], &after[*name]));
        }
        let code = after["decline_code"].as_str().map(str::to_owned);
        self.code = code.or(self.code.take());
        self.done.push(Done { entry: entry.id, kind: entry.kind });
    }

    fn moves(&mut self, name: &'static str, was: &serde_json::Value, now: &serde_json::Value) {
        let Some(after) = now.as_str().map(str::to_owned) else { return };
        match self.moved.iter_mut().find(|moved| moved.name == name) {
            Some(moved) => moved.after = after,
            None => {
                let before = was.as_str().map(str::to_owned);
                self.moved.push(Moved { name, before, after });
            }
        }
    }

    /// Leaves out what goes without saying.
    fn shorten(&mut self) {
        self.moved.retain(|moved| match &moved.before {
            Some(before) => *before != moved.after,
            None => !FIRST.contains(&moved.after.as_str()),
        });
        let follows = |done: &Done| FOLLOWING.contains(&done.kind.as_str());
        if !self.done.iter().all(follows) {
            self.done.retain(|done| !follows(done));
        }
    }

    /// Whether it is nothing that was hoped for.
    pub(super) fn is_bad(&self) -> bool {
        let bad = ["payment.failed", "order.cancelled"];
        self.done.iter().any(|done| bad.contains(&done.kind.as_str()))
    }
}

fn read(json: &Option<Box<serde_json::value::RawValue>>) -> serde_json::Value {
    let json = json.as_ref().map_or("null", |json| json.get());
    serde_json::from_str(json).unwrap_or_default()
}
