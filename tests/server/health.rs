//! The ops listener.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::json;

use crate::support::{TestApp, both, card, line};

/// The samples of a page in Prometheus' text format, by name; panics when it is not one.
fn samples(page: &str) -> BTreeMap<String, Vec<(String, f64)>> {
    let mut samples: BTreeMap<String, Vec<(String, f64)>> = BTreeMap::new();
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    assert!(page.ends_with('\n'));
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (what, name, text) = (words.next(), words.next().unwrap(), words.next().unwrap());
            match what {
                Some("HELP") => assert!(!text.is_empty(), "{line}"),
                Some("TYPE") => {
                    assert!(["counter", "gauge", "histogram"].contains(&text), "{line}");
                    assert!(types.insert(name.into(), text.into()).is_none(), "twice: {line}");
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').map_or((series, ""), |(name, labels)| {
            (name, labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}")))
        });
        let family = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let known = types.contains_key(name) || family.is_some_and(|name| types.contains_key(name));
        assert!(known, "no type for {line}");
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        samples.entry(name.into()).or_default().push((labels.into(), value));
    }
    samples
}

both! {
    async fn a_server_that_runs_is_alive_and_ready(app: &TestApp) {
        let ops = app.ops();
        assert_eq!(ops.get("/livez").await.expect(200), json!({ "status": "alive" }));
        let ready = ops.get("/readyz").await.expect(200);
        let checks = json!({ "database_read": "ok", "database_write": "ok" });
        assert_eq!((&ready["status"], &ready["checks"]), (&json!("ready"), &checks));
        // Tests write no log file.
        assert_eq!(ready["sinks"], json!({ "trace_store": "ok" }));
        let version = json!({ "name": "docket", "version": env!("CARGO_PKG_VERSION") });
        assert_eq!(ops.get("/version").await.expect(200), version);
    }

    async fn metrics_count_what_was_done(app: &TestApp) {
        app.product("tea", 500, 10).await;
        app.owner().order(json!([line("tea", 1)]), card("tok_visa")).await;
        let mut page = app.ops().get("/metrics").await;
        let known: usize = docket::check::INVARIANTS.iter().map(|group| group.len()).sum();
        for _ in 0..100 {
            if page.body.matches("invariant_violations{").count() == known {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            page = app.ops().get("/metrics").await;
        }
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").starts_with("text/plain"), "{page:?}");
        let samples = samples(&page.body);
        let of = |name: &str, label: &str| -> f64 {
            let found = samples.get(name).unwrap_or_else(|| panic!("no {name}"));
            found.iter().filter(|(labels, _)| labels.contains(label)).map(|(_, value)| value).sum()
        };
        assert!(of("orders_placed_total", "outcome=\"placed\"") >= 1.0);
        assert!(of("payment_operations_total", "kind=\"authorize\"") >= 1.0);
        assert!(of("http_server_requests_total", "route=\"/v1/orders\"") >= 1.0);
        assert!(of("http_server_request_duration_seconds_count", "method=\"PUT\"") >= 1.0);
        assert!(of("docket_build_info", env!("CARGO_PKG_VERSION")) >= 1.0);
        let invariants = &samples["invariant_violations"];
        assert_eq!(invariants.len(), known);
        assert!(invariants.iter().all(|(_, value)| *value == 0.0), "{invariants:?}");
        assert!(samples.contains_key("process_resident_memory_bytes"));
    }

    async fn labels_come_from_closed_sets(app: &TestApp) {
        for path in ["/v1/orders/secret-1", "/nowhere/secret-2", "/v1/products/secret-3?q=secret-4"] {
            app.owner().get(path).await;
            app.owner().send("SECRET5".parse().unwrap(), path, &[], None).await;
        }
        app.client_with(Some("secret-6")).get("/v1/orders").await.refused(401, "unauthenticated");
        let page = app.ops().get("/metrics").await.body.to_lowercase();
        assert!(!page.contains("secret"), "{page}");
        assert!(page.contains("method=\"other\"") && page.contains("route=\"unmatched\""));
        assert!(page.contains("http_anonymous_refusals_total"));
    }

    async fn each_listener_keeps_to_its_own(app: &TestApp) {
        for path in ["/livez", "/readyz", "/version", "/metrics"] {
            app.owner().get(path).await.refused(404, "not_found");
        }
        for path in ["/v1/orders", "/v1/audit", "/openapi.json", "/docs/", "/"] {
            assert_eq!(app.ops().get(path).await.status, 404, "{path}");
        }
        for path in ["/livez", "/readyz", "/metrics"] {
            let answer = app.ops().send(Method::POST, path, &[], Some(b"{}".to_vec())).await;
            assert!([404, 405].contains(&answer.status), "{answer:?}");
        }
    }
}
