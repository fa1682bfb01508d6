//! A key that was revoked by a command beside the server is refused from the next request on,
//! however much goes on and however well the server knows it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/buyer.rs"]
mod buyer;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/process.rs"]
mod process;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use buyer::{Buyer, card, order_of};
use process::{Home, on_both};

const KEYS: usize = 5;
const BUYERS: usize = 4;
const READERS: usize = 4;

/// A new key: its identifier and its text.
fn create(home: &Home, name: &str) -> (String, String) {
    let text = home.run(&["keys", "create", name, "--scope", "orders:read"]);
    let listed = home.run(&["keys", "list"]);
    let row = listed.lines().find(|row| row.contains(name)).unwrap();
    (row.split(' ').next().unwrap().to_owned(), text.trim().to_owned())
}

/// Reads with a key until it is refused; what is asked after it was revoked must be.
async fn read_until_revoked(url: String, key: String, revoked: Arc<AtomicBool>) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    loop {
        let must_be_refused = revoked.load(Ordering::SeqCst);
        let status = http.get(&url).bearer_auth(&key).send().await.unwrap().status().as_u16();
        match status {
            401 => return,
            _ => assert!(status == 200 && !must_be_refused, "{status}, {must_be_refused}"),
        }
    }
}

/// Revokes one key after the other while they are being used.
async fn revoke_keys(home: &Home, url: &str) {
    for number in 0..KEYS {
        let (id, key) = create(home, &format!("reader-{number}"));
        let revoked = Arc::new(AtomicBool::new(false));
        let read = |_| read_until_revoked(url.to_owned(), key.clone(), Arc::clone(&revoked));
        let readers: Vec<_> = (0..READERS).map(|reader| tokio::spawn(read(reader))).collect();
        tokio::task::block_in_place(|| home.run(&["keys", "revoke", &id]));
        revoked.store(true, Ordering::SeqCst);
        for reader in readers {
            reader.await.unwrap();
        }
    }
}

async fn buy(api: String, buyer: usize, enough: Arc<AtomicBool>) {
    let client = Buyer::new();
    let mut number = 0;
    while !enough.load(Ordering::Relaxed) {
        number += 1;
        let name = format!("order-{buyer}-{number}");
        let body = order_of(&name, "tea", 1, card("tok_visa"));
        let placed = client.post_until_final(&format!("{api}/v1/orders"), &name, &body).await;
        placed.expect(201);
    }
}

on_both! {
    async fn a_revoked_key_is_refused_at_once(home: Home) {
        let server = home.start(&[]);
        let url = format!("{}/v1/orders?limit=1", server.api);
        revoke_keys(&home, &url).await;
        server.stop();
    }

    async fn a_revoked_key_is_refused_at_once_by_a_busy_server(home: Home) {
        let server = home.start(&[]);
        Buyer::new().stock(&server.api, "tea", 349, 1_000_000).await;
        let enough = Arc::new(AtomicBool::new(false));
        let buyers: Vec<_> = (0..BUYERS)
            .map(|buyer| tokio::spawn(buy(server.api.clone(), buyer, Arc::clone(&enough))))
            .collect();
        revoke_keys(&home, &format!("{}/v1/orders?limit=1", server.api)).await;
        enough.store(true, Ordering::Relaxed);
        for buyer in buyers {
            buyer.await.unwrap();
        }
        server.stop();
    }
}
