//! A thousand slow clients, and what the others notice of them: rounds with and without, in turns.

use std::time::Duration;

use crate::answers::{goodput, is_accepted, quantile};
use crate::load::{self, Answer, Load, Pace, Prepared};
use crate::process::{Home, Server};
use crate::resident::Resident;
use crate::shop::{ALL_ON, Shop};
use crate::slow::{self, Ended, Kind};
use crate::{Asked, orders, processors};

/// What the others ask, of the peak.
const NORMAL: f64 = 0.25;
const NORMAL_CONNECTIONS: usize = 32;
/// Long enough for the last slow client to be ended.
const ROUND: Duration = Duration::from_secs(16);
/// Each with and without.
const TURNS: usize = 3;
const PEAK_TIME: Duration = Duration::from_secs(5);

/// The figures of one run.
pub fn run(asked: &Asked) -> Vec<(&'static str, f64)> {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::in_folder(folder.path());
    let orders = orders(&shop);
    let home = Home::on_sqlite();
    processors::keep_to(processors::SERVER);
    let server = home.start(ALL_ON);
    processors::keep_to(processors::CLIENTS);
    home.run(&["import", "products", shop.products.to_str().unwrap()]);
    let figures = measure(&server, &orders, asked.clients);
    server.stop();
    home.is_sound();
    figures
}

fn measure(server: &Server, orders: &Prepared, clients: usize) -> Vec<(&'static str, f64)> {
    let address = server.api.trim_start_matches("http://");
    let send = |connections, pace, time| {
        load::run(&Load { address, requests: orders, connections, pace, time })
    };
    let rate = goodput(&send(64, Pace::AsAnswered, PEAK_TIME), PEAK_TIME) * NORMAL;
    let normal = || send(NORMAL_CONNECTIONS, Pace::PerSecond(rate), ROUND);
    let (mut without, mut with, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    let mut growth: f64 = 0.0;
    for _ in 0..TURNS {
        without.extend(normal());
        let before = Resident::of(server.id());
        let watch = Resident::watch(server.id());
        std::thread::scope(|scope| {
            let crowd = scope.spawn(|| slow::crowd(address, clients));
            with.extend(normal());
            ended.extend(crowd.join().unwrap());
        });
        growth = growth.max(watch.most() - before);
    }
    let mut figures = vec![
        ("normal_per_second", rate),
        ("p99_without_ms", quantile(without.iter(), 0.99)),
        ("p99_with_ms", quantile(with.iter(), 0.99)),
        ("p99_with_to_without", quantile(with.iter(), 0.99) / quantile(without.iter(), 0.99)),
        ("refused_without", not_accepted(&without)),
        ("refused_with", not_accepted(&with)),
        ("resident_growth_mib", growth),
    ];
    let longest = |kind| longest(&ended, kind);
    figures.extend([
        ("silent_ended_after_s", longest(Kind::Silent)),
        ("head_drip_ended_after_s", longest(Kind::Head)),
        ("body_drip_ended_after_s", longest(Kind::Body)),
        ("deaf_ended_after_s", longest(Kind::Deaf)),
    ]);
    figures
}

fn not_accepted(answers: &[Answer]) -> f64 {
    answers.iter().filter(|answer| !is_accepted(answer)).count() as f64
}

/// How long the server put up with the most patient client of a kind.
fn longest(ended: &[Ended], kind: Kind) -> f64 {
    let of_kind = ended.iter().filter(|ended| ended.kind == kind);
    of_kind.map(|ended| ended.after.as_secs_f64()).fold(0.0, f64::max)
}
