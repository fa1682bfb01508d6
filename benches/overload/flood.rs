//! Three times as many orders as the server can place: how many it places, and how it refuses the
//! others.

use std::time::Duration;

use docket::kernel::Stopwatch;

use crate::answers::{goodput, is_accepted, is_refused, quantile, quantile_of};
use crate::load::{self, Answer, Load, Pace, Prepared};
use crate::machine::Usage;
use crate::process::{Home, Server};
use crate::shop::{ALL_ON, Requests, Shop};
use crate::{Asked, orders, processors};

/// How many times the peak.
const TIMES: f64 = 3.0;
/// More than can be waiting for an answer at any time.
const CONNECTIONS: usize = 2_048;
const PEAK_CLIENTS: usize = 64;
/// What a server that is well has to do, of its peak.
const BASELINE: f64 = 0.5;
const BASELINE_CONNECTIONS: usize = 256;
const BASELINE_TIME: Duration = Duration::from_secs(15);
const PROBES_PER_SECOND: f64 = 20.0;

/// The figures of one round.
pub fn run(asked: &Asked) -> Vec<(&'static str, f64)> {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::in_folder(folder.path());
    let orders = orders(&shop);
    let home = Home::on_sqlite();
    processors::keep_to(processors::SERVER);
    let server = home.start(ALL_ON);
    processors::keep_to(processors::CLIENTS);
    home.run(&["import", "products", shop.products.to_str().unwrap()]);
    let figures = measure(&server, &orders, asked.time());
    server.stop();
    home.is_sound();
    figures
}

fn measure(server: &Server, orders: &Prepared, time: Duration) -> Vec<(&'static str, f64)> {
    let address = server.api.trim_start_matches("http://");
    let send = |connections, pace, time| {
        load::run(&Load { address, requests: orders, connections, pace, time })
    };
    // The first seconds fill caches.
    send(PEAK_CLIENTS, Pace::AsAnswered, Duration::from_secs(3));
    let peak_time = time.min(Duration::from_secs(20));
    let peak_answers = send(PEAK_CLIENTS, Pace::AsAnswered, peak_time);
    let peak = goodput(&peak_answers, peak_time);
    let baseline = Pace::PerSecond(peak * BASELINE);
    let before = send(BASELINE_CONNECTIONS, baseline, BASELINE_TIME);
    let flood = Flood::of(server, &|| send(CONNECTIONS, Pace::PerSecond(peak * TIMES), time));
    let after = send(BASELINE_CONNECTIONS, baseline, BASELINE_TIME);
    let mut figures = vec![
        ("peak_per_second", peak),
        ("peak_p99_ms", quantile(peak_answers.iter(), 0.99)),
        ("baseline_p99_ms", quantile(before.iter(), 0.99)),
    ];
    figures.extend(flood.figures(peak, time));
    figures.push(("recovered_after_s", recovered_after(&before, &after)));
    figures
}

/// What was seen while too much was asked.
struct Flood {
    answers: Vec<Answer>,
    live: Vec<Answer>,
    ready: Vec<Answer>,
    /// Shares of their processors.
    client: f64,
    server: f64,
    resident_most: u64,
}

impl Flood {
    fn of(server: &Server, send: &(impl Fn() -> Vec<Answer> + Sync)) -> Self {
        let me = std::process::id();
        let before = (Usage::of(me), Usage::of(server.id()), Stopwatch::start());
        let done = std::sync::atomic::AtomicBool::new(false);
        let (answers, live, ready) = std::thread::scope(|scope| {
            let live = scope.spawn(|| probe(server, "/livez", &done));
            let ready = scope.spawn(|| probe(server, "/readyz", &done));
            let answers = send();
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            (answers, live.join().unwrap(), ready.join().unwrap())
        });
        let took = before.2.elapsed().as_secs_f64();
        let used = Usage::of(server.id()).since(before.1);
        let client = Usage::of(me).since(before.0).cpu_seconds / took;
        let server = used.cpu_seconds / took;
        Self { answers, live, ready, client, server, resident_most: used.resident_most }
    }

    fn figures(&self, peak: f64, time: Duration) -> Vec<(&'static str, f64)> {
        let all = &self.answers;
        let count = |what: &dyn Fn(&Answer) -> bool| {
            all.iter().filter(|answer| what(answer)).count() as f64
        };
        let accepted = || all.iter().filter(|answer| is_accepted(answer));
        let refused = || all.iter().filter(|answer| is_refused(answer));
        let other = |answer: &Answer| {
            !is_accepted(answer) && !is_refused(answer) && ![0, 202].contains(&answer.status)
        };
        let unhealthy =
            |probes: &[Answer]| probes.iter().filter(|probe| probe.status != 200).count() as f64;
        let good = goodput(all, time);
        vec![
            ("asked_per_second", all.len() as f64 / time.as_secs_f64()),
            ("goodput_per_second", good),
            ("goodput_to_peak", good / peak),
            ("accepted_p50_ms", quantile(accepted(), 0.5)),
            ("accepted_p99_ms", quantile(accepted(), 0.99)),
            ("refused_per_second", refused().count() as f64 / time.as_secs_f64()),
            ("refused_p50_ms", quantile(refused(), 0.5)),
            ("refused_p99_ms", quantile(refused(), 0.99)),
            (
                "refused_without_retry_after",
                count(&|answer| is_refused(answer) && !answer.retry_after),
            ),
            ("answered_202", count(&|answer| answer.status == 202)),
            ("answered_otherwise", count(&other)),
            (
                "other_status",
                all.iter().find(|answer| other(answer)).map_or(0.0, |one| one.status.into()),
            ),
            ("unanswered", count(&|answer| answer.status == 0)),
            ("livez_p99_ms", quantile(self.live.iter(), 0.99)),
            ("readyz_p99_ms", quantile(self.ready.iter(), 0.99)),
            ("livez_not_200", unhealthy(&self.live)),
            ("readyz_not_200", unhealthy(&self.ready)),
            ("sent_late_p99_ms", quantile_of(all.iter().map(|one| one.late).collect(), 0.99)),
            ("client_processor_share", self.client),
            ("server_processor_share", self.server),
            ("resident_most_mib", self.resident_most as f64 / f64::from(1 << 20)),
        ]
    }
}

/// Asks after the server's health until the flood is over.
fn probe(server: &Server, path: &str, done: &std::sync::atomic::AtomicBool) -> Vec<Answer> {
    let mut request = Requests::default();
    request.read(path);
    let requests = Prepared::new(&request);
    let (begun, mut answers) = (Stopwatch::start(), Vec::new());
    while !done.load(std::sync::atomic::Ordering::Relaxed) {
        let from = begun.elapsed();
        let part = load::run(&Load {
            address: server.ops.trim_start_matches("http://"),
            requests: &requests,
            connections: 8,
            pace: Pace::PerSecond(PROBES_PER_SECOND),
            time: Duration::from_secs(2),
        });
        answers.extend(part.into_iter().map(|one| Answer { due: one.due + from, ..one }));
    }
    answers
}

/// The first second from which on everything is accepted as fast as before the flood (or twice as
/// slowly); endless when there is none.
fn recovered_after(before: &[Answer], after: &[Answer]) -> f64 {
    let most = quantile(before.iter(), 0.99) * 2.0;
    let is_well = |second: u64| {
        let of_second = || after.iter().filter(move |answer| answer.due.as_secs() == second);
        of_second().all(is_accepted) && quantile(of_second(), 0.99) <= most
    };
    let seconds = 0..BASELINE_TIME.as_secs();
    let ill = seconds.rev().find(|second| !is_well(*second));
    match ill {
        None => 0.0,
        Some(last) if last + 1 == BASELINE_TIME.as_secs() => f64::INFINITY,
        Some(last) => (last + 1) as f64,
    }
}
