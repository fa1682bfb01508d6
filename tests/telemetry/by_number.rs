//! Commands take the numbers that people see on pages: an order's, and an entry's of the journal.

use serde_json::Value;

use crate::buyer::{Buyer, card, order_of};
use crate::process::Home;

async fn numbers_are_as_good_as_identifiers(home: Home) {
    let server = home.start(&[("DOCKET_LOGS__FILTER", "info")]);
    let buyer = Buyer::new();
    buyer.stock(&server.api, "tea", 349, 10).await;
    let url = format!("{}/v1/orders", server.api);
    let order = order_of("numbered", "tea", 1, card("tok_visa"));
    let order = buyer.post(&url, "numbered", &order).await.unwrap().expect(201);
    server.stop();

    let number = order["number"].to_string().replace('"', "");
    let by_number = home.run(&["logs", "--order", &number]);
    assert!(!by_number.is_empty());
    assert_eq!(by_number, home.run(&["logs", "--order", order["id"].as_str().unwrap()]));
    let nobodys = home.command(&["logs", "--order", "999999"]).output().unwrap();
    assert!(String::from_utf8_lossy(&nobodys.stderr).contains("there is no order 999999"));

    let exported = home.run(&["audit", "export", "--entries"]);
    let entries = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let placed = entries.into_iter().find(|entry| entry["type"] == "order.placed").unwrap();
    let by_number = home.run(&["audit", "prove", &placed["seq"].to_string()]);
    assert_eq!(by_number, home.run(&["audit", "prove", placed["id"].as_str().unwrap()]));
    for nothing in ["999999", "no-such-entry"] {
        let output = home.command(&["audit", "prove", nothing]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("There is no such journal entry"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_as_good_as_identifiers_on_sqlite() {
    numbers_are_as_good_as_identifiers(Home::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_as_good_as_identifiers_on_postgres() {
    if let Some(home) = Home::on_postgres().await {
        numbers_are_as_good_as_identifiers(home).await;
    }
}
