//! What a collector that behaves badly does to requests: their median and their 99th percentile
//! against those of a server that exports nothing, five pairs each.

use docket::kernel::Stopwatch;

use crate::buyer::{Buyer, card, order_of};
use crate::median;
use crate::process::{Home, Server};
use crate::sinks::{Manner, over_http};

const REQUESTS: usize = 2_000;
const CLIENTS: usize = 4;
const PAIRS: usize = 5;

/// Milliseconds of every request, in order of size.
async fn times(server: &Server) -> Vec<f64> {
    let buyer = Buyer::new();
    buyer.stock(&server.api, "tea", 349, 10_000_000).await;
    let url = format!("{}/v1/orders", server.api);
    let clients = (0..CLIENTS).map(|client| {
        let (buyer, url) = (buyer.clone(), url.clone());
        tokio::spawn(async move {
            let mut times = Vec::new();
            for number in 0..REQUESTS / CLIENTS {
                let key = format!("order-{client}-{number}");
                let body = order_of(&key, "tea", 1, card("tok_visa"));
                let took = Stopwatch::start();
                buyer.post(&url, &key, &body).await.unwrap().expect(201);
                times.push(took.elapsed().as_secs_f64() * 1e3);
            }
            times
        })
    });
    let mut all = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        all.extend(client.await.unwrap());
    }
    all.sort_by(f64::total_cmp);
    all
}

/// The median and the 99th percentile, in milliseconds.
fn measured(manner: Option<Manner>) -> [f64; 2] {
    let home = Home::on_sqlite();
    let address = manner.map(|manner| over_http(manner).0);
    let exporters = address.map_or_else(
        || "[]".to_owned(),
        |address| format!(r#"[{{ kind = "otlp_http", endpoint = "{address}/v1/traces" }}]"#),
    );
    let server = home
        .start(&[("DOCKET_TRACES__SAMPLE_RATIO", "1.0"), ("DOCKET_TRACES__EXPORTERS", &exporters)]);
    let times = tokio::runtime::Runtime::new().unwrap().block_on(times(&server));
    server.stop();
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}

/// Prints both ratios for every kind of collector.
pub fn run() {
    for manner in [Manner::Well, Manner::Refused, Manner::Silent, Manner::Slow, Manner::Failing] {
        let (mut middle, mut tail) = (Vec::new(), Vec::new());
        for pair in 0..PAIRS {
            let order = if pair % 2 == 0 { [None, Some(manner)] } else { [Some(manner), None] };
            let [first, second] = order.map(measured);
            let (without, with) = if pair % 2 == 0 { (first, second) } else { (second, first) };
            middle.push(with[0] / without[0]);
            tail.push(with[1] / without[1]);
        }
        println!(
            "{manner:?}: p50 {:.2} × (goal ≤ 1.05), p99 {:.2} × (goal ≤ 1.3)",
            median(middle),
            median(tail)
        );
    }
}
