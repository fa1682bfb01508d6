//! Baskets to be bought: real ones from the folder that `DOCKET_RETAIL_DATA` names
//! (`products.csv.gz`, `orders-weeks-1-4.jsonl.gz`), or generated ones of the same shape.
//!
//! What they must come to is computed here, from the files alone.
#![allow(dead_code, reason = "not every test binary that includes this file needs all of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::json;

use crate::random::Random;

const GENERATED_PRODUCTS: u64 = 300;
const GENERATED_ORDERS: u64 = 200;
const LINES_MOST: u64 = 153;

/// Files to import and to replay, and what they come to.
pub struct Baskets {
    /// Products as comma-separated values.
    pub products: PathBuf,
    /// Orders, one JSON object a line.
    pub orders: PathBuf,
    /// The total of each order, by its reference.
    pub totals: BTreeMap<String, i64>,
    /// What must be on hand in the end, by product.
    pub left: BTreeMap<String, i64>,
}

#[derive(Deserialize)]
struct Order {
    reference: String,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    sku: String,
    quantity: i64,
}

struct Product {
    record: csv::StringRecord,
    price: i64,
    on_hand: i64,
}

impl Baskets {
    /// At most this many orders, and the products in them, written to `folder`.
    pub fn few(folder: &Path, most: usize) -> Self {
        let (products, lines) = match retail_folder() {
            Some(retail) => (text_of(&retail, PRODUCTS), text_of(&retail, ORDERS)),
            None => generated(),
        };
        let lines: Vec<&str> = lines.lines().take(most).collect();
        let wanted = orders_of(&lines);
        let (head, mut known) = products_of(&products);
        known.retain(|sku, _| {
            wanted.iter().any(|order| order.lines.iter().any(|line| line.sku == *sku))
        });
        let paths = (folder.join("products.csv"), folder.join("orders.jsonl"));
        let mut writer = csv::Writer::from_path(&paths.0).unwrap();
        writer.write_record(&head).unwrap();
        known.values().for_each(|product| writer.write_record(&product.record).unwrap());
        writer.flush().unwrap();
        std::fs::write(&paths.1, lines.join("\n")).unwrap();
        Self::of(paths, &wanted, known)
    }

    /// All of them, as they come.
    pub fn all(folder: &Path) -> Self {
        let Some(retail) = retail_folder() else { return Self::few(folder, usize::MAX) };
        let orders = text_of(&retail, ORDERS);
        let wanted = orders_of(&orders.lines().collect::<Vec<_>>());
        let (_, known) = products_of(&text_of(&retail, PRODUCTS));
        Self::of((retail.join(PRODUCTS), retail.join(ORDERS)), &wanted, known)
    }

    fn of(
        (products, orders): (PathBuf, PathBuf),
        wanted: &[Order],
        known: BTreeMap<String, Product>,
    ) -> Self {
        let mut left: BTreeMap<String, i64> =
            known.iter().map(|(sku, product)| (sku.clone(), product.on_hand)).collect();
        let mut totals = BTreeMap::new();
        for order in wanted {
            let price = |line: &Line| known[&line.sku].price * line.quantity;
            totals.insert(order.reference.clone(), order.lines.iter().map(price).sum());
            for line in &order.lines {
                *left.get_mut(&line.sku).unwrap() -= line.quantity;
            }
        }
        assert_eq!(totals.len(), wanted.len(), "references are unique");
        Self { products, orders, totals, left }
    }

    /// The orders in two files, every other one in each.
    pub fn halves(&self, folder: &Path) -> [PathBuf; 2] {
        let text = std::fs::read_to_string(&self.orders).unwrap();
        [0, 1].map(|half| {
            let path = folder.join(format!("half-{half}.jsonl"));
            let mut file = File::create(&path).unwrap();
            for line in text.lines().skip(half).step_by(2) {
                writeln!(file, "{line}").unwrap();
            }
            path
        })
    }
}

const PRODUCTS: &str = "products.csv.gz";
const ORDERS: &str = "orders-weeks-1-4.jsonl.gz";

fn retail_folder() -> Option<PathBuf> {
    std::env::var_os("DOCKET_RETAIL_DATA").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

fn text_of(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    let file = File::open(&path).unwrap_or_else(|failure| panic!("{}: {failure}", path.display()));
    let mut text = String::new();
    MultiGzDecoder::new(BufReader::new(file)).read_to_string(&mut text).unwrap();
    text
}

fn orders_of(lines: &[&str]) -> Vec<Order> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The head, and every product by its SKU.
fn products_of(text: &str) -> (csv::StringRecord, BTreeMap<String, Product>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().unwrap().clone();
    let place = |name: &str| head.iter().position(|column| column == name).unwrap();
    let (sku, price, on_hand) = (place("sku"), place("price_minor"), place("on_hand"));
    let product = |record: csv::StringRecord| {
        let price = record[price].parse().unwrap();
        let on_hand = record[on_hand].parse().unwrap();
        (record[sku].to_owned(), Product { record, price, on_hand })
    };
    let products = reader.records().map(|record| product(record.unwrap())).collect();
    (head, products)
}

/// Products and orders as text: many small baskets, few large ones, always the same.
fn generated() -> (String, String) {
    let mut random = Random::from_seed(20_170_101);
    let mut sold: BTreeMap<u64, u64> = BTreeMap::new();
    let mut orders = String::new();
    for number in 0..GENERATED_ORDERS {
        let lines: Vec<_> = (0..size(number, &mut random))
            .map(|_| {
                // Some products are in many baskets.
                let most = random.between(1, GENERATED_PRODUCTS);
                let (product, quantity) = (random.between(1, most), random.between(1, 4));
                *sold.entry(product).or_default() += quantity;
                json!({ "sku": format!("sku-{product}"), "quantity": quantity })
            })
            .collect();
        let customer = format!("household-{}", random.between(1, 40));
        let order = json!({
            "reference": format!("basket-{number}"), "customer": customer, "store": "1",
            "placed_at": "2017-01-01T11:53:26Z", "lines": lines,
        });
        orders.push_str(&format!("{order}\n"));
    }
    let mut products = "sku,name,department,price_minor,currency,on_hand\n".to_owned();
    for product in 1..=GENERATED_PRODUCTS {
        let on_hand = sold.get(&product).unwrap_or(&0) + random.between(0, 3);
        let price = random.between(1, 2_000);
        products.push_str(&format!(
            "sku-{product},\"Product {product}, large\",GROCERY,{price},USD,{on_hand}\n"
        ));
    }
    (products, orders)
}

/// How many lines a basket has: half of them at most eight, the first as many as any.
fn size(number: u64, random: &mut Random) -> u64 {
    let draws = (0..12).map(|_| random.between(1, LINES_MOST));
    if number == 0 { LINES_MOST } else { draws.min().unwrap_or(1) }
}

/// The lines of a file of answers, by their keys.
pub fn acknowledged(path: &Path) -> BTreeMap<String, serde_json::Value> {
    let lines = BufReader::new(File::open(path).unwrap()).lines();
    let line = |line: std::io::Result<String>| {
        let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        (line["key"].as_str().unwrap().to_owned(), line)
    };
    lines.map(line).collect()
}
