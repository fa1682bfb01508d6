//! The heaviest load for minutes: how much memory the server comes to hold, and whether it goes on
//! growing.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::answers::{is_accepted, quantile};
use crate::load::{self, Load, Pace};
use crate::process::Home;
use crate::resident::{Resident, slope_per_minute};
use crate::shop::{ALL_ON, Shop};
use crate::{Asked, orders};

const CLIENTS: usize = 256;
/// While caches fill, growing is in order.
const FILLING: Duration = Duration::from_secs(120);

/// The figures of one run.
pub fn run(asked: &Asked) -> Vec<(&'static str, f64)> {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::in_folder(folder.path());
    let orders = orders(&shop);
    let home = Home::on_sqlite();
    let server = home.start(ALL_ON);
    home.run(&["import", "products", shop.products.to_str().unwrap()]);
    let time = Duration::from_secs(asked.minutes * 60);
    let watch = Resident::watch(server.id());
    let answers = load::run(&Load {
        address: server.api.trim_start_matches("http://"),
        requests: &orders,
        connections: CLIENTS,
        pace: Pace::AsAnswered,
        time,
    });
    let samples = watch.samples();
    let filling = FILLING.min(time / 3).as_secs() as usize;
    let settled = &samples[filling.min(samples.len())..];
    let accepted = answers.iter().filter(|answer| is_accepted(answer)).count() as f64;
    let [database, logs] =
        ["docket.db", "logs"].map(|name| mebibytes(&home.data.path().join(name)));
    server.stop();
    home.is_sound();
    vec![
        ("orders", accepted),
        ("orders_per_second", accepted / time.as_secs_f64()),
        ("not_accepted", answers.len() as f64 - accepted),
        ("p99_ms", quantile(answers.iter(), 0.99)),
        ("resident_at_start_mib", samples[0]),
        ("resident_most_mib", samples.iter().copied().fold(0.0, f64::max)),
        ("resident_at_end_mib", samples[samples.len() - 1]),
        ("growth_mib_per_minute", slope_per_minute(settled)),
        ("database_mib", database),
        ("logs_mib", logs),
    ]
}

/// The size of a file, or of all files of a folder.
fn mebibytes(path: &Path) -> f64 {
    let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let bytes: u64 = match fs::read_dir(path) {
        Ok(entries) => entries.map(|entry| size(&entry.unwrap().path())).sum(),
        Err(_) => size(path),
    };
    bytes as f64 / f64::from(1 << 20)
}
