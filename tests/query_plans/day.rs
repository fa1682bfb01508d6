//! A day of a shop on which everything happens once: every route is asked, with each filter and
//! with cursors.

use std::time::Duration;

use docket::identity::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, card, fresh_key, line, order_of};

const FILTERS: [&str; 9] = [
    "",
    "&status=confirmed",
    "&payment_status=paid",
    "&fulfilment_status=unfulfilled",
    "&customer=household-1",
    "&reference=basket",
    "&created_after=2020-01-01T00:00:00Z",
    "&created_before=2120-01-01T00:00:00Z",
    "&created_after=2020-01-01T00:00:00Z&created_before=2120-01-01T00:00:00Z",
];

pub async fn run(app: &TestApp) {
    for sku in ["apple", "bread", "cheese"] {
        app.product(sku, 100, 1_000).await;
    }
    let shop = app.owner();
    let orders = orders(shop).await;
    act(shop, &orders).await;
    for filter in FILTERS {
        pages(shop, &format!("/v1/orders?limit=1{filter}")).await;
    }
    for path in ["/v1/products?limit=1", "/v1/products?limit=1&q=product"] {
        pages(shop, path).await;
    }
    pages(shop, "/v1/inventory/apple/movements?limit=1").await;
    journal(shop, &orders[0]).await;
    look_up(shop, &orders[0]).await;
    desk(app, &orders[0]).await;
    app.at_command_line(|tx| docket::orders::erase_customer(tx, "household-1")).await;
    // Overdue holds, operations and keys come due, and the jobs go round.
    app.pass(Duration::from_secs(10 * 24 * 3_600));
    let unpaid = format!("/v1/orders/{}", word(&orders[3]["id"]));
    app.eventually(&unpaid, |order| order["status"] == "cancelled").await;
}

/// What a clerk looks at.
async fn desk(app: &TestApp, order: &Value) {
    let clerk = app.at_desk(Role::Clerk).await;
    clerk.signs_in("clerk", "a wrong password").await;
    for filter in [
        "q=nobody%40example.com",
        "q=household-1",
        "q=1001",
        "q=till-1&status=confirmed",
        "status=confirmed&payment_status=paid",
        "status=completed&payment_status=partially_refunded&fulfilment_status=fulfilled",
        "payment_status=paid&fulfilment_status=unfulfilled",
    ] {
        clerk.page(&format!("/admin/orders?{filter}")).await;
    }
    for page in ["/admin", "/admin/audit", &format!("/admin/orders/{}", word(&order["id"]))] {
        clerk.page(page).await;
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Paid, paid, authorized, unpaid, paid; one is declined, one cannot be delivered, one comes twice.
async fn orders(shop: &Client) -> Vec<Value> {
    let lines = || json!([line("apple", 1), line("bread", 2)]);
    let manual_capture = json!({ "method": "card", "token": "tok_visa", "capture": "manual" });
    let by_hand = json!({ "method": "manual" });
    let mut orders = Vec::new();
    for payment in [card("tok_visa"), card("tok_visa"), manual_capture, by_hand, card("tok_visa")] {
        let mut order = order_of(lines(), payment);
        order["reference"] = "basket".into();
        order["customer"]["email"] = "buyer@example.org".into();
        orders.push(shop.post("/v1/orders", &order).await.expect(201));
    }
    let declined = order_of(lines(), card("tok_chargeDeclined"));
    shop.post("/v1/orders", &declined).await.expect(402);
    let too_much = order_of(json!([line("cheese", 5_000)]), card("tok_visa"));
    shop.post("/v1/orders", &too_much).await.expect(409);
    let (key, twice) = (fresh_key(), order_of(lines(), card("tok_visa")));
    for _ in 0..2 {
        shop.post_as(&key, "/v1/orders", &twice).await.expect(201);
    }
    orders
}

async fn act(shop: &Client, orders: &[Value]) {
    let of_order =
        |place: usize, act: &str| format!("/v1/orders/{}/{act}", word(&orders[place]["id"]));
    let payment = |place: usize| word(&orders[place]["payments"][0]["id"]).to_owned();
    shop.post(&of_order(0, "fulfilments"), &json!({ "tracking": "parcel" })).await.expect(201);
    let refund = format!("/v1/payments/{}/refunds", payment(0));
    shop.post(&refund, &json!({ "amount": 1 })).await.expect(201);
    let capture = format!("/v1/payments/{}/capture", payment(2));
    shop.post(&capture, &json!({ "amount": 1 })).await.expect(200);
    shop.post(&format!("/v1/payments/{}/void", payment(2)), &json!({})).await.expect(200);
    shop.post(&of_order(4, "cancel"), &json!({})).await.expect(200);
    shop.get(&format!("/v1/payments/{}", payment(0))).await.expect(200);
    shop.get("/v1/inventory/apple").await.expect(200);
    shop.get("/v1/products/apple").await.expect(200);
}

/// The first page and the second one.
async fn pages(shop: &Client, path: &str) {
    let first = shop.get(path).await.expect(200);
    let next = first["next_cursor"].as_str().unwrap_or_else(|| panic!("{path} has one page"));
    shop.get(&format!("{path}&cursor={next}")).await.expect(200);
}

async fn journal(shop: &Client, order: &Value) {
    let subject = format!("subject=order:{}", word(&order["id"]));
    let all = shop.get("/v1/audit?limit=200").await.expect(200);
    let entry =
        all["data"].as_array().unwrap().iter().find(|entry| entry["type"] == "order.placed");
    let (actor, id) = (word(&entry.unwrap()["actor"]), word(&entry.unwrap()["id"]));
    for query in [&subject, &format!("actor={actor}"), &format!("{subject}&actor={actor}")] {
        shop.get(&format!("/v1/audit?after=1&limit=2&{query}")).await.expect(200);
    }
    shop.get("/v1/events?after=1&limit=2").await.expect(200);
    let proof = format!("/v1/audit/{id}/proof");
    while shop.get(&proof).await.status != 200 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// By all that an order is known by.
async fn look_up(shop: &Client, order: &Value) {
    let answer = shop.get(&format!("/v1/orders/{}", word(&order["id"]))).await;
    let request = answer.header("x-request-id").to_owned();
    for id in [&order["id"], &order["number"], &order["trace_id"], &order["payments"][0]["id"]] {
        shop.get(&format!("/v1/telemetry/{}", word(id))).await.expect(200);
    }
    for id in [request.as_str(), "0af7651916cd43dd8448eb211c80319c", "entry:2", "999999"] {
        shop.get(&format!("/v1/telemetry/{id}")).await;
    }
}
