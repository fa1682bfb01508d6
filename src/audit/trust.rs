//! What verification relies on: checkpoints and keys that did not come from the database.

use std::collections::BTreeMap;

use super::checkpoint::Checkpoint;
use super::key::{PublicKey, SealKeyId};

/// Checkpoints that were kept outside the database, and keys that may sign.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    checkpoints: Vec<Checkpoint>,
    keys: BTreeMap<SealKeyId, PublicKey>,
}

impl Trust {
    /// Relies on exported checkpoints and on the keys that signed them. One, the newest, is enough
    /// to find every change before it.
    #[must_use]
    pub fn in_checkpoints(mut checkpoints: Vec<Checkpoint>) -> Self {
        checkpoints.sort_by_key(|checkpoint| checkpoint.number);
        checkpoints.dedup();
        let keys: Vec<PublicKey> = checkpoints.iter().map(|one| one.public_key).collect();
        Self { checkpoints, keys: BTreeMap::new() }.and_keys(keys)
    }

    /// Relies on these keys only: without a checkpoint a removed end of the journal stays unseen.
    #[must_use]
    pub fn in_keys(keys: impl IntoIterator<Item = PublicKey>) -> Self {
        Self::default().and_keys(keys)
    }

    /// Relies on these keys as well.
    #[must_use]
    pub fn and_keys(mut self, keys: impl IntoIterator<Item = PublicKey>) -> Self {
        self.keys.extend(keys.into_iter().map(|key| (key.id(), key)));
        self
    }

    /// By their numbers.
    pub(super) fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }

    /// Whether this is a trusted key, and which.
    pub(super) fn key(&self, id: SealKeyId) -> Option<&PublicKey> {
        self.keys.get(&id)
    }
}
