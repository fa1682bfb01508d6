//! The bytes of an entry that are hashed: canonical, versioned, every part with its length.
//!
//! The texts of `before` and `after` are hashed as they are stored, never parsed and written
//! again, so that no change in how JSON is written can make an old entry look altered. The layout
//! of a version must never change; a new layout gets a new tag and holds from a given entry on.

use super::digest::Hash;
use super::merkle::LEAF;
use super::store::StoredEntry;

/// Names the layout.
const TAG: &str = "docket.journal.entry.v1";

/// The hash of the entry under its number.
#[must_use]
pub(super) fn leaf_hash(seq: i64, entry: &StoredEntry) -> Hash {
    Hash::of(&[&[LEAF], &layout(seq, entry)])
}

fn layout(seq: i64, entry: &StoredEntry) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    text(&mut bytes, TAG);
    integer(&mut bytes, seq);
    text(&mut bytes, &entry.id);
    text(&mut bytes, &entry.kind);
    integer(&mut bytes, entry.version);
    text(&mut bytes, &entry.subject);
    text(&mut bytes, &entry.actor);
    text(&mut bytes, &entry.outcome);
    optional(&mut bytes, entry.before.as_deref());
    optional(&mut bytes, entry.after.as_deref());
    optional(&mut bytes, entry.request_id.as_deref());
    optional(&mut bytes, entry.trace_id.as_deref());
    integer(&mut bytes, entry.created_at);
    bytes
}

fn integer(bytes: &mut Vec<u8>, integer: i64) {
    bytes.extend(integer.to_be_bytes());
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u64).to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// Nothing is one byte 0; something is one byte 1 and the text, also when the text is empty.
fn optional(bytes: &mut Vec<u8>, value: Option<&str>) {
    bytes.push(u8::from(value.is_some()));
    if let Some(value) = value {
        text(bytes, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> StoredEntry {
        StoredEntry {
            id: "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11".into(),
            kind: "order.placed".into(),
            version: 1,
            subject: "order:1".into(),
            actor: "cli".into(),
            outcome: "success".into(),
            before: None,
            after: Some(r#"{"total":349}"#.into()),
            request_id: None,
            trace_id: Some("0af7651916cd43dd8448eb211c80319c".into()),
            created_at: 1_795_455_552_000_001,
        }
    }

    #[test]
    fn the_layout_of_version_one_never_changes() {
        let expected = "03bb4eeacaadc11cef47b3d57ff9cceaa4c19f6cba9b608d6cb9b6ba14b44b16";
        assert_eq!(leaf_hash(7, &entry()).to_string(), expected);
    }

    #[test]
    fn every_column_and_the_number_count() {
        type Change = fn(&mut StoredEntry);
        let changes: [Change; 13] = [
            |entry| entry.id.push('x'),
            |entry| entry.kind.push('x'),
            |entry| entry.version += 1,
            |entry| entry.subject.push('x'),
            |entry| entry.actor.push('x'),
            |entry| entry.outcome = "failed".into(),
            |entry| entry.before = Some(String::new()),
            |entry| entry.after = None,
            |entry| entry.request_id = Some(String::new()),
            |entry| entry.trace_id = None,
            |entry| entry.created_at += 1,
            // What one column loses must not be able to turn up in the next.
            |entry| {
                entry.subject = "order:1c".into();
                entry.actor = "li".into();
            },
            |entry| entry.before = entry.after.take(),
        ];
        let mut hashes = vec![leaf_hash(7, &entry()), leaf_hash(8, &entry())];
        for change in changes {
            let mut changed = entry();
            change(&mut changed);
            hashes.push(leaf_hash(7, &changed));
        }
        let count = hashes.len();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }
}
