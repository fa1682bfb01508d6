//! Which lines are written, changed while the server runs: for a while, and on record.

use std::time::Duration;

use docket::kernel::Stopwatch;
use serde_json::{Value, json};

use crate::buyer::{Buyer, card, order_of};
use crate::log_lines::lines;
use crate::process::{Home, KEY, Server};

const PATIENCE: Duration = Duration::from_secs(20);

struct Ops {
    http: reqwest::Client,
    filter: String,
    audit: String,
}

impl Ops {
    fn of(server: &Server) -> Self {
        Self {
            http: reqwest::Client::new(),
            filter: format!("{}/log-filter", server.ops),
            audit: format!("{}/v1/audit?subject=server&limit=200", server.api),
        }
    }

    async fn put(&self, wanted: &Value, key: &str) -> (u16, Value) {
        let request = self.http.put(&self.filter).bearer_auth(key).body(wanted.to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    /// Sends a request of this name; answers the name as it stands in lines.
    async fn ask_as(&self, name: &str, key: &str) -> String {
        let name = format!("request-{name}");
        let request = self.http.get(&self.audit).bearer_auth(key).header("x-request-id", &name);
        request.send().await.unwrap();
        name
    }

    async fn get(&self, url: &str) -> Value {
        let answer = self.http.get(url).bearer_auth(KEY).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// Asks again until the answer is the awaited one.
    async fn until(&self, url: &str, awaited: impl Fn(&Value) -> bool) -> Value {
        let waited = Stopwatch::start();
        loop {
            let answer = self.get(url).await;
            if awaited(&answer) {
                return answer;
            }
            assert!(waited.elapsed() < PATIENCE, "{url} is still {answer}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_filter_is_changed_for_a_while_and_on_record() {
    let home = Home::on_sqlite();
    let server = home.start(&[("DOCKET_LOGS__FILTER", "info")]);
    let ops = Ops::of(&server);
    let whole = ops.ask_as("whole", KEY).await;
    let wanted = json!({ "filter": "warn,docket::orders=debug", "for_s": 60 });
    let (status, changed) = ops.put(&wanted, KEY).await;
    assert_eq!((status, &changed["filter"]), (200, &wanted["filter"]), "{changed}");
    assert!(changed["expires_at"].is_string(), "{changed}");
    let noted = |page: &Value| {
        page["data"].as_array().unwrap().iter().any(|entry| {
            entry["type"] == "server.log_filter_changed"
                && entry["before"]["filter"] == "info"
                && entry["after"] == wanted
                && entry["actor"].as_str().unwrap().starts_with("key:")
                && entry["trace_id"].is_string()
        })
    };
    ops.until(&ops.audit, noted).await;

    let told = ops.ask_as("told", "dk_unknown").await;
    let buyer = Buyer::new();
    buyer.stock(&server.api, "tea", 349, 10).await;
    let order = order_of("detailed", "tea", 1, card("tok_visa"));
    let placed = buyer.post(&format!("{}/v1/orders", server.api), "detailed", &order).await;
    let placed = placed.unwrap().expect(201);
    ops.put(&json!({ "filter": "warn", "for_s": 60 }), KEY).await;
    let untold = ops.ask_as("untold", KEY).await;
    let warned = ops.ask_as("warned", "dk_unknown").await;

    let (status, _) = ops.put(&json!({ "filter": "error", "for_s": 1 }), KEY).await;
    assert_eq!(status, 200);
    let again = ops.until(&ops.filter, |now| now["filter"] == "info").await;
    assert_eq!(again["expires_at"], Value::Null);
    server.stop();
    home.is_sound();
    let messages = |request: &str| -> Vec<String> {
        let mut lines = lines(home.data.path());
        lines.retain(|line| line["request_id"] == request);
        lines.iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    };
    let detail: Vec<String> = lines(home.data.path())
        .into_iter()
        .filter(|line| line["severity"] == "DEBUG")
        .map(|line| {
            assert_eq!(
                (&line["module"], &line["trace_id"]),
                (&"orders".into(), &placed["trace_id"])
            );
            line["message"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(detail, ["an order is prepared", "the gateway was asked"]);
    assert_eq!(messages(&whole), ["journal.read", "request"]);
    // Under the first filter only orders say more; the line of a request is of level INFO.
    assert_eq!(messages(&told), ["access refused"]);
    assert_eq!(messages(&untold), [""; 0]);
    assert_eq!(messages(&warned), ["access refused"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_log_filter_changes_nothing() {
    let home = Home::on_sqlite();
    let server = home.start(&[("DOCKET_LOGS__FILTER", "info")]);
    let ops = Ops::of(&server);
    for (wanted, field) in [
        (json!({ "filter": "loud" }), "filter"),
        (json!({ "filter": "info", "for_s": 0 }), "for_s"),
        (json!({ "filter": "info", "for_s": 86_401 }), "for_s"),
        (json!({ "filter": "info", "until": "tomorrow" }), "body"),
        (json!([]), "body"),
    ] {
        let (status, refused) = ops.put(&wanted, KEY).await;
        assert_eq!(status, 422, "{wanted}: {refused}");
        assert_eq!(refused["errors"][0]["field"], field, "{wanted}");
    }
    assert_eq!(ops.put(&json!({ "filter": "debug" }), "dk_unknown").await.0, 401);
    assert_eq!(ops.get(&ops.filter).await["filter"], "info");
    server.stop();
}
