//! What a customer's erasure takes away is gone from the disk, beside a running server.

use std::path::Path;

use crate::buyer::{Buyer, card, order_of};
use crate::process::Home;

const NAME: &str = "Erika Mustermann";

/// Whether a text is in the bytes of the database or of its write-ahead log.
fn is_on_disk(data: &Path, text: &str) -> bool {
    ["docket.db", "docket.db-wal"].iter().any(|file| {
        let bytes = std::fs::read(data.join(file)).unwrap_or_default();
        memchr::memmem::find(&bytes, text.as_bytes()).is_some()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_name_is_gone_from_the_disk_at_once() {
    let home = Home::on_sqlite();
    let server = home.start(&[]);
    let buyer = Buyer::new();
    buyer.stock(&server.api, "tea", 349, 10).await;
    let mut order = order_of("erased", "tea", 1, card("tok_visa"));
    order["customer"]["name"] = NAME.into();
    let reference = order["customer"]["reference"].as_str().unwrap().to_owned();
    let url = format!("{}/v1/orders", server.api);
    buyer.post(&url, "erased", &order).await.unwrap().expect(201);
    assert!(is_on_disk(home.data.path(), NAME), "the test finds nothing");

    let said = home.run(&["customers", "erase", &reference]);
    assert!(said.starts_with("1 records of personal data erased"), "{said}");
    assert!(!is_on_disk(home.data.path(), NAME));
    server.stop();
}
