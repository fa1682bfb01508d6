//! Stopping: what runs is finished, what is new is refused.

use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, Client, TestApp, card, line, order_of};

/// The test gateway takes 3 s for a slow card; the server is to wait for it.
const SETTINGS: [(&str, &str); 1] = [("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "5000")];

/// Answers nothing when the server takes no connections any more.
async fn try_get(client: &Client, path: &str) -> Option<Answer> {
    let (client, path) = (client.clone(), path.to_owned());
    tokio::spawn(async move { client.get(&path).await }).await.ok()
}

async fn stops_gracefully(app: TestApp) {
    app.product("tea", 500, 10).await;
    let (owner, ops, fresh) = (app.owner().clone(), app.ops(), app.client_with(Some("dk_other")));
    let placing = tokio::spawn({
        let owner = owner.clone();
        async move {
            owner.post("/v1/orders", &order_of(json!([line("tea", 1)]), card("tok_slow"))).await
        }
    });
    app.eventually("/v1/orders", |page| page["data"][0]["status"] == "pending").await;
    let stopping = tokio::spawn(tokio::time::timeout(Duration::from_secs(10), app.end()));
    tokio::time::sleep(Duration::from_millis(200)).await;

    let ready = ops.get("/readyz").await.expect(503);
    assert_eq!(ready["status"], "not ready");
    assert_eq!(ready["checks"]["stopping"], "the server is stopping");
    assert_eq!(ready["checks"]["database_write"], "ok");
    ops.get("/livez").await.expect(200);
    for client in [&owner, &fresh] {
        if let Some(answer) = try_get(client, "/v1/orders").await {
            answer.refused(503, "stopping");
            assert_eq!(answer.header("retry-after"), "1");
        }
    }
    let order = placing.await.unwrap().expect(201);
    assert_eq!((&order["status"], &order["payment_status"]), (&json!("confirmed"), &json!("paid")));
    stopping.await.unwrap().expect("it stops within 10 s");
    assert!(try_get(&fresh, "/v1/orders").await.is_none(), "it still listens");
}

/// Connections without a request must not hold it up.
async fn idle_connections_do_not_hold_it_up(app: TestApp) {
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(std::net::TcpStream::connect(app.address()).unwrap());
    }
    app.owner().get("/v1/orders").await.expect(200);
    let end = tokio::time::timeout(Duration::from_secs(8), app.end());
    end.await.expect("it stops although clients stay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_is_finished_and_what_is_new_refused_on_sqlite() {
    stops_gracefully(TestApp::on_sqlite_with(&SETTINGS).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_is_finished_and_what_is_new_refused_on_postgres() {
    if let Some(app) = TestApp::on_postgres_with(&SETTINGS).await {
        stops_gracefully(app).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_do_not_hold_a_server_on_sqlite_up() {
    idle_connections_do_not_hold_it_up(TestApp::on_sqlite_with(&[]).await).await;
}
