//! Pages of the desk beside a long history, and of the window into the telemetry once it remembers
//! as many traces as it may, for one who looks: the slowest of each, but for one in a hundred.

use docket::kernel::Stopwatch;
use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use rusqlite::Connection;

use crate::process::{Home, Server};
use crate::shop::{ALL_ON, Requests, new_key};
use crate::{Bench, Figure, client};

/// Times that each page is asked for.
const PAGES: usize = 100;
/// The list is followed so many pages deep.
const DEEP: usize = 20;
/// More than are remembered.
const TRACES: usize = 30_000;
const CLIENTS: usize = 16;

/// Somebody who has signed in at the desk.
struct Clerk {
    client: reqwest::Client,
    base: String,
    cookies: String,
}

impl Clerk {
    /// Sets a password by a link, as on the first day.
    async fn signed_in(home: &Home, server: &Server) -> Self {
        let link = home.run(&["staff", "link", "bench", "--role", "owner"]);
        let path = &link[link.find("/admin/").unwrap()..];
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let answer = client
            .post(format!("{}{}", server.api, path.trim()))
            .header(ORIGIN, &server.api)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("password={}", new_key()))
            .send()
            .await
            .unwrap();
        assert!(answer.headers().contains_key(LOCATION), "{}", answer.status());
        let cookies = answer.headers().get_all(SET_COOKIE).iter();
        let pairs = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        Self { client, base: server.api.clone(), cookies }
    }

    async fn page(&self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.base));
        let answer = request.header(COOKIE, &self.cookies).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.unwrap()
    }

    /// The p99 of pages of these addresses, in turns, in milliseconds.
    async fn slowest(&self, paths: &[String]) -> f64 {
        let mut took = Vec::new();
        for path in paths.iter().cycle().take(PAGES.max(paths.len())) {
            let asking = Stopwatch::start();
            self.page(path).await;
            took.push(asking.elapsed().as_secs_f64() * 1e3);
        }
        took.sort_unstable_by(f64::total_cmp);
        took[(took.len() * 99 / 100).min(took.len() - 1)]
    }

    /// The addresses of a list's first pages.
    async fn list(&self, first: &str) -> Vec<String> {
        let mut paths = vec![first.to_owned()];
        while paths.len() < DEEP {
            let page = self.page(paths.last().unwrap()).await;
            let Some((_, rest)) = page.split_once("rel=\"next\" href=\"") else { break };
            paths.push(rest.split('"').next().unwrap().replace("&#38;", "&"));
        }
        paths
    }
}

/// The slowest page of each kind, in milliseconds.
pub fn pages(bench: &Bench) -> Vec<Figure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = bench.history.start(ALL_ON);
    fill_the_store(&bench.history, &server);
    let figures = runtime.block_on(measure(&bench.history, &server));
    server.stop();
    figures
}

fn fill_the_store(home: &Home, server: &Server) {
    let mut requests = Requests::default();
    orders(home, TRACES).iter().for_each(|id| requests.read(&format!("/v1/orders/{id}")));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests");
    requests.write_to(&file);
    client::send(server.api.trim_start_matches("http://"), &file, CLIENTS);
}

/// The newest orders.
fn orders(home: &Home, count: usize) -> Vec<String> {
    let conn = Connection::open(home.database_file()).unwrap();
    let mut query = conn.prepare("SELECT id FROM orders ORDER BY number DESC LIMIT ?").unwrap();
    let ids = query.query_map([i64::try_from(count).unwrap()], |row| row.get(0)).unwrap();
    ids.map(Result::unwrap).collect()
}

async fn measure(home: &Home, server: &Server) -> Vec<Figure> {
    let clerk = Clerk::signed_in(home, server).await;
    let mut figures = Vec::new();
    for (name, first) in [
        ("orders", "/admin/orders"),
        ("orders_unpaid", "/admin/orders?payment_status=unpaid"),
        ("orders_cancelled", "/admin/orders?status=cancelled"),
        ("orders_to_send", "/admin/orders?fulfilment_status=unfulfilled&payment_status=paid"),
        ("payments", "/admin/payments"),
        ("journal", "/admin/audit"),
        ("stock", "/admin/stock"),
    ] {
        let list = clerk.list(first).await;
        figures.push((name.to_owned(), clerk.slowest(&list).await));
    }
    // Read last, so that their traces are remembered.
    let some = orders(home, TRACES).split_off(TRACES - PAGES);
    let about = |base: &str| some.iter().map(|id| format!("{base}{id}")).collect::<Vec<_>>();
    for (name, paths) in [
        ("start", vec!["/admin".to_owned()]),
        ("search_by_reference", vec!["/admin/orders?q=31198570044".to_owned()]),
        ("order", about("/admin/orders/")),
        ("window_traces", vec!["/admin/telemetry".to_owned()]),
        ("window_slow_traces", vec!["/admin/telemetry?slower=5".to_owned()]),
        ("window_of_an_order", about("/admin/telemetry/")),
        ("window_latency", vec!["/admin/telemetry/latency".to_owned()]),
        ("window_modules", vec!["/admin/telemetry/modules".to_owned()]),
        ("window_health", vec!["/admin/telemetry/health".to_owned()]),
    ] {
        figures.push((name.to_owned(), clerk.slowest(&paths).await));
    }
    figures
}
