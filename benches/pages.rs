//! The pages of the shop with every real product on the shelves (68,189 when the folder that
//! `DOCKET_RETAIL_DATA` names is there, as many generated ones otherwise): how long each kind of
//! page takes its client on the same machine, and how large it is.
//!
//! `cargo bench --bench pages [-- --pages N]`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench fails by panicking, and prints what it measured"
)]

#[path = "../tests/support/postgres.rs"]
mod postgres;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/random.rs"]
mod random;

use std::fmt::Write;
use std::path::PathBuf;

use docket::kernel::Stopwatch;
use process::Home;
use random::Random;

const PRODUCTS: u64 = 68_189;
const PAGES: usize = 1_000;
const WORDS: [&str; 16] = [
    "coffee",
    "tea",
    "milk",
    "bread",
    "soap",
    "frozen",
    "beef",
    "cheese",
    "juice",
    "candy",
    "dog",
    "paper",
    "light",
    "organic",
    "zinfandel",
    "batteries",
];

/// The real products, or as many made-up ones.
fn products(folder: &std::path::Path) -> PathBuf {
    let real = std::env::var_os("DOCKET_RETAIL_DATA")
        .map(|folder| PathBuf::from(folder).join("products.csv.gz"))
        .filter(|file| file.exists());
    real.unwrap_or_else(|| {
        let mut random = Random::from_seed(7);
        let mut text =
            "sku,name,department,category,brand,price_minor,currency,on_hand\n".to_owned();
        for number in 0..PRODUCTS {
            let [one, two] = [(); 2].map(|()| WORDS[random.index(16)]);
            let department = random.index(30);
            writeln!(
                text,
                "{number},{one} {two} {number},Aisle {department},{one},Private,{},USD,9",
                50 + number % 900
            )
            .unwrap();
        }
        let file = folder.join("products.csv");
        std::fs::write(&file, text).unwrap();
        file
    })
}

/// What pages of one kind took.
struct Took {
    micros: Vec<u128>,
    bytes: usize,
    packed: usize,
}

impl Took {
    fn line(&mut self, name: &str) -> String {
        self.micros.sort_unstable();
        let at = |share: f64| {
            let place = (self.micros.len() as f64 * share) as usize;
            self.micros[place.min(self.micros.len() - 1)] as f64 / 1_000.0
        };
        let count = self.micros.len();
        format!(
            "{name:24} {count:6} pages  p50 {:7.2} ms  p99 {:7.2} ms  largest {:6.1} KB, \
             {:5.1} KB packed",
            at(0.5),
            at(0.99),
            self.bytes as f64 / 1e3,
            self.packed as f64 / 1e3,
        )
    }
}

async fn take(base: &str, paths: impl Iterator<Item = String>) -> Took {
    let plain = reqwest::Client::new();
    let mut took = Took { micros: Vec::new(), bytes: 0, packed: 0 };
    for path in paths {
        let ask = |packing| {
            let url = format!("{base}{path}");
            let request = plain.get(url).header("accept", "text/html");
            request.header("accept-encoding", packing).send()
        };
        let started = Stopwatch::start();
        let answer = ask("identity").await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let page = answer.bytes().await.unwrap();
        took.micros.push(started.elapsed().as_micros());
        if page.len() > took.bytes {
            took.bytes = page.len();
            took.packed = ask("gzip").await.unwrap().bytes().await.unwrap().len();
        }
    }
    took
}

/// What stands between two texts, each time.
fn all<'t>(text: &'t str, before: &str, after: char) -> Vec<&'t str> {
    text.split(before).skip(1).filter_map(|rest| rest.split(after).next()).collect()
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().position(|argument| argument == "--pages");
    let pages = given.map_or(PAGES, |place| arguments[place + 1].parse().unwrap());
    let home = Home::on_sqlite();
    let folder = tempfile::tempdir().unwrap();
    print!("{}", home.run(&["import", "products", products(folder.path()).to_str().unwrap()]));
    let server = home.start(&[]);
    let base = server.api.clone();
    let first = reqwest::get(format!("{base}/")).await.unwrap().text().await.unwrap();
    let departments: Vec<String> =
        all(&first, "<a href=\"/?department=", '"').into_iter().map(str::to_owned).collect();
    let mut random = Random::from_seed(11);
    let mut skus = Vec::new();
    let mut shelves = Vec::new();
    let mut next = "/".to_owned();
    while shelves.len() < pages {
        let page = reqwest::get(format!("{base}{next}")).await.unwrap().text().await.unwrap();
        skus.extend(
            all(&page, "href=\"/products/", '"').into_iter().map(|sku| format!("/products/{sku}")),
        );
        shelves.push(next.clone());
        let more =
            all(&page, "rel=\"next\" href=\"", '"').first().map(|next| next.replace("&#38;", "&"));
        next = more.unwrap_or_else(|| {
            format!("/?department={}", departments[random.index(departments.len())])
        });
    }
    let mut letters = Random::from_seed(13);
    let searches = (0..pages).map(|_| {
        let word = WORDS[letters.index(16)];
        let typed = 2 + letters.index(word.len() - 1);
        match letters.index(3) {
            0 => format!("/?q={}+{}", &word[..typed], WORDS[letters.index(16)]),
            _ => format!("/?q={}", &word[..typed]),
        }
    });
    println!("{}", take(&base, shelves.iter().cloned()).await.line("shelves"));
    println!("{}", take(&base, searches).await.line("searches"));
    println!("{}", take(&base, skus.into_iter().take(pages)).await.line("products"));
    server.stop();
}
