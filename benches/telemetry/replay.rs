//! Orders per second of `docket replay` with everything on, against everything off.

use serde_json::Value;

use crate::data::Baskets;
use crate::process::{Home, KEY};
use crate::sinks::{Manner, over_http};
use crate::{OFF, everything_on, median};

const ORDERS: usize = 1_500;
const PAIRS: usize = 7;
const CONCURRENCY: &str = "32";

fn orders_per_second(settings: &[(&str, &str)]) -> f64 {
    let home = Home::on_sqlite();
    let baskets = Baskets::few(home.data.path(), ORDERS);
    let server = home.start(settings);
    home.run(&["import", "products", baskets.products.to_str().unwrap()]);
    let printed = home.run(&[
        "replay",
        baskets.orders.to_str().unwrap(),
        "--url",
        &server.api,
        "--api-key",
        KEY,
        "--concurrency",
        CONCURRENCY,
        "--json",
    ]);
    server.stop();
    let report: Value = serde_json::from_str(printed.trim()).unwrap();
    assert_eq!(report["placed"], report["orders"], "{report}");
    report["orders_per_second"].as_f64().unwrap()
}

/// Prints the throughput of both and the ratio of each pair's medians.
pub fn run() {
    let (collector, sink) = over_http(Manner::Well);
    let on = everything_on(&collector);
    let on: Vec<(&str, &str)> = on.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (mut with, mut without, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        // The first of a pair is the other one every time: what warms up favours neither.
        let (first, second) = if pair % 2 == 0 { (&OFF[..], &on[..]) } else { (&on[..], &OFF[..]) };
        let (one, other) = (orders_per_second(first), orders_per_second(second));
        let (off, on) = if pair % 2 == 0 { (one, other) } else { (other, one) };
        without.push(off);
        with.push(on);
        ratios.push(on / off);
    }
    assert!(!sink.spans().is_empty(), "nothing was exported");
    println!("{:.0} orders/s off, {:.0} orders/s on", median(without), median(with));
    println!("on ÷ off = {:.3}, median of {PAIRS} pairs (goal ≥ 0.92)", median(ratios));
}
