//! Pages of the journal: all of it, about one order, and by one who did much, little or nothing.

use rusqlite::Connection;

use crate::Bench;
use crate::Figure;
use crate::lists::slowest_of;
use crate::shop::ALL_ON;

/// Pages asked for of each kind.
const PAGES: usize = 50;

/// The slowest page of each kind, in milliseconds.
pub fn pages(bench: &Bench) -> Vec<Figure> {
    let conn = Connection::open(bench.history.database_file()).unwrap();
    let text = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    let most: i64 =
        conn.query_row("SELECT MAX(seq) FROM journal_sequence", [], |row| row.get(0)).unwrap();
    let buyer = text("SELECT actor FROM journal_entries WHERE type = 'order.placed' LIMIT 1");
    let order = text("SELECT id FROM orders ORDER BY created_at DESC, id DESC LIMIT 1");
    let kinds = [
        ("all", String::new()),
        ("of_an_order", format!("&subject=order:{order}")),
        ("by_the_buyer", format!("&actor={buyer}")),
        ("by_the_importer", "&actor=cli".to_owned()),
        ("by_nobody", "&actor=job:nobody".to_owned()),
    ];
    let server = bench.history.start(ALL_ON);
    let figure = |(name, filter): &(&str, String)| {
        let page = |after: i64| format!("/v1/audit?limit=50&after={after}{filter}");
        let pages = [0, most / 2, most - 1_000].map(page);
        ((*name).to_owned(), slowest_of(&server, &pages, PAGES))
    };
    let figures = kinds.iter().map(figure).collect();
    server.stop();
    figures
}
