//! A forger who can write to the database and knows how seals are made, but has a key of its own.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use docket::audit::{Checkpoint, Hash, SealKeyId};
use docket::db::Conn;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

use super::journal::{execute, sqlite};

pub struct Forger<'a> {
    conn: &'a mut Conn,
    key: SigningKey,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text, column_name = "type")]
    kind: String,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    subject: String,
    #[diesel(sql_type = Text)]
    actor: String,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = Nullable<Text>)]
    before: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    after: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    request_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    trace_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
}

/// Which key a forged seal pretends to be signed with.
#[derive(Debug, Clone, Copy)]
pub enum Pretence {
    /// The forger's own, openly.
    OwnKey,
    /// The honest one's id, with the forger's public key.
    HonestId,
    /// The honest one's id and public key, with the forger's signature.
    HonestKey,
    /// The signature that was there is left.
    OldSignature,
}

impl<'a> Forger<'a> {
    pub fn new(conn: &'a mut Conn) -> Self {
        Self { conn, key: SigningKey::from_bytes(&[7; 32]) }
    }

    pub fn key_id(&self) -> SealKeyId {
        hex::encode(&sha256(&self.key.verifying_key().to_bytes())[..8]).parse().unwrap()
    }

    /// The seal over the range of `like` as the entries are now, signed by the forger.
    pub fn seal(&mut self, like: &Checkpoint, before: &Hash) -> Checkpoint {
        let leaves = self.leaves(like.first_seq, like.last_seq);
        let root = root(&leaves);
        let mut chain = b"docket.journal.chain.v1".to_vec();
        chain.extend(bytes(before));
        for number in [like.number, like.first_seq, like.last_seq] {
            chain.extend(number.to_be_bytes());
        }
        chain.extend(root);
        let public = self.key.verifying_key().to_bytes();
        let forged = Checkpoint {
            root: root.into(),
            chain: sha256(&chain).into(),
            key_id: self.key_id(),
            public_key: hex::encode(public).parse().unwrap(),
            ..like.clone()
        };
        let signature = self.key.sign(signed_text(&forged).as_bytes()).to_bytes();
        Checkpoint { signature: signature.into(), ..forged }
    }

    /// Makes all seals from `from` on anew, over the entries as they are now.
    pub fn reseal(&mut self, honest: &[Checkpoint], from: i64, mut chain: Hash, as_if: Pretence) {
        for old in honest.iter().filter(|old| old.number >= from) {
            let mut new = self.seal(old, &chain);
            chain = new.chain;
            match as_if {
                Pretence::OwnKey => {}
                Pretence::HonestId => new.key_id = old.key_id,
                Pretence::HonestKey => {
                    (new.key_id, new.public_key) = (old.key_id, old.public_key);
                }
                Pretence::OldSignature => {
                    (new.key_id, new.public_key) = (old.key_id, old.public_key);
                    new.signature = old.signature;
                }
            }
            self.store(&new);
        }
    }

    pub fn store(&mut self, seal: &Checkpoint) {
        let Checkpoint { number, first_seq, last_seq, root, chain, .. } = seal;
        let Checkpoint { key_id, public_key, signature, .. } = seal;
        let sealed_at = seal.sealed_at.micros();
        execute(
            self.conn,
            &format!(
                "INSERT OR REPLACE INTO journal_seals (number, first_seq, last_seq, root, chain, \
                 key_id, public_key, signature, sealed_at) VALUES ({number}, {first_seq}, \
                 {last_seq}, '{root}', '{chain}', '{key_id}', '{public_key}', '{signature}', \
                 {sealed_at})"
            ),
        );
    }

    fn leaves(&mut self, first: i64, last: i64) -> Vec<[u8; 32]> {
        let rows: Vec<Row> = diesel::sql_query(format!(
            "SELECT seq, e.* FROM journal_sequence JOIN journal_entries e ON e.id = entry_id \
             WHERE seq BETWEEN {first} AND {last} ORDER BY seq"
        ))
        .load(sqlite(self.conn))
        .unwrap();
        rows.iter().map(leaf).collect()
    }
}

fn leaf(row: &Row) -> [u8; 32] {
    let mut bytes = vec![0];
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u64).to_be_bytes());
        bytes.extend(text.bytes());
    };
    text(&mut bytes, "docket.journal.entry.v1");
    bytes.extend(row.seq.to_be_bytes());
    text(&mut bytes, &row.id);
    text(&mut bytes, &row.kind);
    bytes.extend(row.version.to_be_bytes());
    for column in [&row.subject, &row.actor, &row.outcome] {
        text(&mut bytes, column);
    }
    for column in [&row.before, &row.after, &row.request_id, &row.trace_id] {
        bytes.push(u8::from(column.is_some()));
        column.iter().for_each(|column| text(&mut bytes, column));
    }
    bytes.extend(row.created_at.to_be_bytes());
    sha256(&bytes)
}

/// By the definition of RFC 6962, section 2.1.
fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            sha256(&[&[1][..], &root(left), &root(right)].concat())
        }
    }
}

fn signed_text(seal: &Checkpoint) -> String {
    let Checkpoint { number, first_seq, last_seq, root, chain, key_id, .. } = seal;
    let sealed_at = seal.sealed_at.micros();
    [
        "docket checkpoint v1".to_owned(),
        format!("number {number}"),
        format!("first_seq {first_seq}"),
        format!("last_seq {last_seq}"),
        format!("root {root}"),
        format!("chain {chain}"),
        format!("sealed_at {sealed_at}"),
        format!("key_id {key_id}\n"),
    ]
    .join("\n")
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn bytes(hash: &Hash) -> Vec<u8> {
    hex::decode(hash.to_string()).unwrap()
}
