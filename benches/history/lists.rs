//! Pages of the order list under each of its filters, the first and deep ones, and how long the
//! slowest of them take.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::Connection;

use crate::Figure;
use crate::buyer::Buyer;
use crate::process::Server;
use crate::shop::ALL_ON;
use crate::shop::Requests;
use crate::{Bench, client};

/// Pages asked for under each filter.
const PAGES: usize = 300;
/// How deep they are: the share of the list that lies before them.
const DEPTHS: [f64; 5] = [0.0, 0.1, 0.5, 0.9, 0.999];

const WORDS: [(&str, &[&str]); 3] = [
    ("status", &["pending", "confirmed", "completed", "cancelled"]),
    (
        "payment_status",
        &[
            "unpaid",
            "authorized",
            "partially_paid",
            "paid",
            "partially_refunded",
            "refunded",
            "voided",
            "failed",
        ],
    ),
    ("fulfilment_status", &["unfulfilled", "partially_fulfilled", "fulfilled"]),
];

/// What is asked for, and the rows that it stands for.
struct Filter {
    name: String,
    query: String,
    condition: String,
}

impl Filter {
    fn word(column: &str, word: &str) -> Self {
        Self {
            name: format!("{column}_{word}"),
            query: format!("{column}={word}"),
            condition: format!("{column} = '{word}'"),
        }
    }

    fn and(&self, other: &Self) -> Self {
        Self {
            name: format!("{}+{}", self.name, other.name),
            query: format!("{}&{}", self.query, other.query),
            condition: format!("{} AND {}", self.condition, other.condition),
        }
    }

    /// The cursors of pages at all depths: a cursor is eight bytes for the filters, the time and
    /// the identifier of the row before.
    fn cursors(&self, conn: &Connection, first: &str) -> Vec<Option<String>> {
        let filters = &URL_SAFE_NO_PAD.decode(first).unwrap()[..8];
        let from = format!("FROM orders WHERE {}", self.condition);
        let count = format!("SELECT COUNT(*) {from}");
        let count: i64 = conn.query_row(&count, [], |row| row.get(0)).unwrap();
        let cursor = |depth: &f64| {
            let before = (count as f64 * depth) as i64;
            let row = format!(
                "SELECT created_at, id {from} ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET ?"
            );
            let row = conn.query_row(&row, [before], |row| Ok((row.get(0)?, row.get(1)?)));
            let (created_at, id): (i64, String) = row.unwrap();
            let bytes = [filters, &created_at.to_be_bytes(), id.as_bytes()].concat();
            (before > 0).then(|| URL_SAFE_NO_PAD.encode(bytes))
        };
        DEPTHS.iter().map(cursor).collect()
    }
}

/// Every filter by itself.
fn filters(conn: &Connection) -> Vec<Filter> {
    let mut filters = vec![Filter {
        name: "all".to_owned(),
        query: "limit=50".to_owned(),
        condition: "TRUE".to_owned(),
    }];
    for (column, words) in WORDS {
        filters.extend(words.iter().map(|word| Filter::word(column, word)));
    }
    let of = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    let reference = of("SELECT reference FROM orders WHERE reference IS NOT NULL LIMIT 1");
    filters.push(Filter::word("reference", &reference));
    let customer = of("SELECT c.reference FROM orders o JOIN customers c ON c.id = o.customer_id
         GROUP BY c.id ORDER BY COUNT(*) DESC LIMIT 1");
    filters.push(Filter {
        name: "customer".to_owned(),
        query: format!("customer={customer}"),
        condition: format!(
            "customer_id = (SELECT id FROM customers WHERE reference = '{customer}')"
        ),
    });
    filters.push(between(conn));
    filters
}

/// The tenth of the time in the middle.
fn between(conn: &Connection) -> Filter {
    let (first, last): (i64, i64) = conn
        .query_row("SELECT MIN(created_at), MAX(created_at) FROM orders", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let at = |share: f64| first + ((last - first) as f64 * share) as i64;
    let (after, before) = (at(0.45), at(0.55));
    let told = |at: i64| docket::kernel::Timestamp::from_micros(at).to_string();
    Filter {
        name: "created_between".to_owned(),
        query: format!("created_after={}&created_before={}", told(after), told(before)),
        condition: format!("created_at > {after} AND created_at < {before}"),
    }
}

/// The slowest page of a hundred under each filter, in milliseconds.
pub fn pages(bench: &Bench) -> Vec<Figure> {
    let conn = Connection::open(bench.history.database_file()).unwrap();
    measure(bench, &conn, &filters(&conn))
}

/// The same under two filters that have little in common.
pub fn combined(bench: &Bench) -> Vec<Figure> {
    let conn = Connection::open(bench.history.database_file()).unwrap();
    let word = Filter::word;
    let single = filters(&conn);
    let customer = single.iter().find(|filter| filter.name == "customer").unwrap();
    let pairs = [
        word("status", "cancelled").and(&word("payment_status", "paid")),
        word("status", "confirmed").and(&word("payment_status", "unpaid")),
        word("payment_status", "paid").and(&word("fulfilment_status", "unfulfilled")),
        word("payment_status", "partially_paid").and(&word("fulfilment_status", "fulfilled")),
        customer.and(&word("payment_status", "unpaid")),
        between(&conn).and(&word("payment_status", "voided")),
    ];
    measure(bench, &conn, &pairs)
}

fn measure(bench: &Bench, conn: &Connection, filters: &[Filter]) -> Vec<Figure> {
    let server = bench.history.start(ALL_ON);
    let figure = |filter: &Filter| (filter.name.clone(), slowest(&server, conn, filter));
    let figures = filters.iter().map(figure).collect();
    server.stop();
    figures
}

/// The p99 of pages at all depths, in turns.
fn slowest(server: &Server, conn: &Connection, filter: &Filter) -> f64 {
    let path = format!("/v1/orders?{}", filter.query);
    let cursors = match first_cursor(&format!("{}{path}", server.api)) {
        Some(first) => filter.cursors(conn, &first),
        None => vec![None],
    };
    let page = |cursor: &Option<String>| match cursor {
        Some(cursor) => format!("{path}&cursor={cursor}"),
        None => path.clone(),
    };
    let paths: Vec<String> = cursors.iter().map(page).collect();
    slowest_of(server, &paths, PAGES)
}

/// The p99 of so many reads of these paths, in turns, in milliseconds.
pub fn slowest_of(server: &Server, paths: &[String], count: usize) -> f64 {
    let mut requests = Requests::default();
    paths.iter().cycle().take(count).for_each(|path| requests.read(path));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests");
    requests.write_to(&file);
    let seen = client::send(server.api.trim_start_matches("http://"), &file, 1);
    assert_eq!(seen.statuses, [(200, count)], "{paths:?}");
    seen.quantile(0.99)
}

/// Where the second page begins, if there is one.
fn first_cursor(url: &str) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let page = runtime.block_on(Buyer::new().get(url)).unwrap().expect(200);
    page["next_cursor"].as_str().map(str::to_owned)
}
