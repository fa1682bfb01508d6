//! The shop that is measured: products with stock for any number of orders, and the requests.

use std::fs;
use std::path::{Path, PathBuf};

use docket::kernel::{Clock, random_bytes};
use serde_json::{Value, json};

use crate::data::Baskets;
use crate::process::KEY;

/// Everything on: lines to the file, a tenth of the traces kept; what a fresh server does.
pub const ALL_ON: &[(&str, &str)] = &[
    ("DOCKET_LOGS__FILTER", "info"),
    ("DOCKET_TRACES__SAMPLE_RATIO", "0.1"),
    ("DOCKET_SERVER__WORKERS", "0"),
];

/// Enough of everything for every run.
const ON_HAND: &str = "100000000";

/// Files to fill a shop with.
pub struct Shop {
    pub products: PathBuf,
    /// One order after the other, as they come in.
    baskets: Vec<Value>,
}

impl Shop {
    /// Real baskets where there are any (`DOCKET_RETAIL_DATA`), else generated ones.
    pub fn in_folder(folder: &Path) -> Self {
        let baskets = Baskets::few(folder, 10_000);
        let text = fs::read_to_string(&baskets.orders).unwrap();
        let parse = |line: &str| serde_json::from_str(line).unwrap();
        restock(&baskets.products);
        Self { products: baskets.products, baskets: text.lines().map(parse).collect() }
    }

    /// The bodies of `count` orders, the baskets in turn; `change` makes a scenario of each.
    pub fn orders(&self, count: usize, change: impl Fn(usize, &mut Value)) -> Vec<String> {
        let order = |(number, basket): (usize, &Value)| {
            let mut order = json!({
                "reference": basket["reference"],
                "customer": { "reference": basket["customer"] },
                "currency": "USD",
                "lines": basket["lines"],
                "payment": { "method": "card", "token": "tok_visa" },
            });
            change(number, &mut order);
            order.to_string()
        };
        self.baskets.iter().cycle().take(count).enumerate().map(order).collect()
    }
}

/// Gives every product of a CSV file the same stock.
fn restock(products: &Path) {
    let mut reader = csv::Reader::from_path(products).unwrap();
    let head = reader.headers().unwrap().clone();
    let on_hand = head.iter().position(|column| column == "on_hand").unwrap();
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut writer = csv::Writer::from_path(products).unwrap();
    writer.write_record(&head).unwrap();
    for record in records {
        let fields = record.iter().enumerate();
        let field = |(place, field)| if place == on_hand { ON_HAND } else { field };
        writer.write_record(fields.map(field)).unwrap();
    }
    writer.flush().unwrap();
}

/// A file of whole requests, for the client.
#[derive(Default)]
pub struct Requests(Vec<u8>);

impl Requests {
    /// `POST /v1/orders`, under a key of its own or the given one.
    pub fn order(&mut self, key: &str, body: &str) {
        let head = format!("content-type: application/json\r\nidempotency-key: {key}\r\n");
        self.push(&format!("POST /v1/orders HTTP/1.1\r\n{head}"), body);
    }

    /// `GET path`.
    pub fn read(&mut self, path: &str) {
        self.push(&format!("GET {path} HTTP/1.1\r\n"), "");
    }

    fn push(&mut self, head: &str, body: &str) {
        let request = format!(
            "{head}host: docket\r\nauthorization: Bearer {KEY}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.extend_from_slice(format!("{:08x}{request}", request.len()).as_bytes());
    }

    pub fn write_to(&self, file: &Path) {
        fs::write(file, &self.0).unwrap();
    }
}

/// Requests stand one after the other, each behind its length as eight hexadecimal digits.
pub fn split(mut text: &[u8]) -> Vec<&[u8]> {
    let mut requests = Vec::new();
    while let Some((length, rest)) = text.split_at_checked(8) {
        let length = usize::from_str_radix(std::str::from_utf8(length).unwrap(), 16).unwrap();
        let (request, rest) = rest.split_at(length);
        requests.push(request);
        text = rest;
    }
    requests
}

/// A key that was never used.
pub fn new_key() -> String {
    let random = u64::from_le_bytes(random_bytes());
    format!("bench-{}-{random:x}", Clock::System.now().micros())
}
