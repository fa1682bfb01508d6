//! What a placed order's spans and lines cost: processor time of the server per order, with
//! everything on against everything off.

use docket::kernel::Stopwatch;

use crate::buyer::{Buyer, card, order_of};
use crate::process::{Home, Server};
use crate::sinks::{Manner, over_http};
use crate::{OFF, everything_on, median};

const ORDERS: usize = 4_000;
const CLIENTS: usize = 8;
const PAIRS: usize = 5;

/// Microseconds of processor time, user and system, that a process has had.
fn processor_us(process: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = text.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks * 10_000.0
}

async fn place(server: &Server) {
    let buyer = Buyer::new();
    buyer.stock(&server.api, "tea", 349, 10_000_000).await;
    let url = format!("{}/v1/orders", server.api);
    let clients = (0..CLIENTS).map(|client| {
        let (buyer, url) = (buyer.clone(), url.clone());
        tokio::spawn(async move {
            for number in 0..ORDERS / CLIENTS {
                let key = format!("order-{client}-{number}");
                let body = order_of(&key, "tea", 1, card("tok_visa"));
                buyer.post(&url, &key, &body).await.unwrap().expect(201);
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

/// Processor microseconds and wall microseconds per order.
fn measured(settings: &[(&str, &str)]) -> (f64, f64) {
    let home = Home::on_sqlite();
    let server = home.start(settings);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let before = processor_us(server.id());
    let took = Stopwatch::start();
    runtime.block_on(place(&server));
    let per_order = |micros: f64| micros / ORDERS as f64;
    let wall = per_order(took.elapsed().as_secs_f64() * 1e6);
    let processor = per_order(processor_us(server.id()) - before);
    server.stop();
    (processor, wall)
}

/// Prints what telemetry adds to an order.
pub fn run() {
    let (collector, _sink) = over_http(Manner::Well);
    let on = everything_on(&collector);
    let on: Vec<(&str, &str)> = on.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        without.push(measured(&OFF).0);
        with.push(measured(&on).0);
    }
    let (with, without) = (median(with), median(without));
    println!("processor time per order: {without:.0} µs off, {with:.0} µs on");
    println!("on ÷ off = {:.2}, {:.0} µs more", with / without, with - without);
}
