//! What happened to an order, from its journal entries.

use std::collections::HashMap;

use crate::audit::JournalEntry;
use crate::identity::{KeySummary, Person};
use crate::kernel::Timestamp;

/// One thing that happened.
pub(super) struct Moment {
    /// Its entry in the journal.
    pub(super) id: String,
    /// What happened: `order.placed`.
    pub(super) kind: String,
    /// Who did it: the name of a person or a key, or what the journal calls it.
    pub(super) actor: String,
    /// Whether that is a key's.
    pub(super) by_key: bool,
    /// `success`, `refused` or `failed`.
    pub(super) outcome: String,
    /// What moved, in words: `status confirmed → completed`.
    pub(super) moved: Vec<Moved>,
    pub(super) trace_id: Option<String>,
    pub(super) at: Timestamp,
}

/// A state before and after.
pub(super) struct Moved {
    pub(super) name: String,
    pub(super) before: Option<String>,
    pub(super) after: String,
}

/// States and amounts that are told of; the rest of an entry is on its own page.
const TOLD: [&str; 3] = ["status", "payment_status", "fulfilment_status"];

/// The entries as they are shown, oldest first.
pub(super) fn timeline(
    entries: Vec<JournalEntry>,
    people: &[Person],
    keys: &[KeySummary],
) -> Vec<Moment> {
    let people = people.iter().map(|person| (format!("staff:{}", person.id), &person.name));
    let keys = keys.iter().map(|key| (format!("key:{}", key.id), &key.name));
    let names: HashMap<String, &String> = people.chain(keys).collect();
    let moment = |entry: JournalEntry| Moment {
        moved: moved(&entry),
        by_key: entry.actor.starts_with("key:") && names.contains_key(&entry.actor),
        actor: names.get(&entry.actor).map_or(entry.actor, |name| (*name).clone()),
        id: entry.id,
        kind: entry.kind,
        outcome: entry.outcome,
        trace_id: entry.trace_id,
        at: entry.created_at,
    };
    entries.into_iter().map(moment).collect()
}

fn moved(entry: &JournalEntry) -> Vec<Moved> {
    let read = |json: &Option<Box<serde_json::value::RawValue>>| {
        let json = json.as_ref().map_or("null", |json| json.get());
        serde_json::from_str::<serde_json::Value>(json).unwrap_or_default()
    };
    let (before, after) = (read(&entry.before), read(&entry.after));
    // A payment's own status is the money of the order.
    let own_axis = if entry.subject.starts_with("payment:") { "payment_status" } else { "status" };
    let told = TOLD.iter().filter_map(|name| {
        let now = after[*name].as_str()?.to_owned();
        let was = before[*name].as_str().map(str::to_owned);
        let changed = was.as_ref() != Some(&now);
        let axis = if *name == "status" { own_axis } else { *name };
        changed.then(|| Moved { name: axis.to_owned(), before: was, after: now })
    });
    told.collect()
}
