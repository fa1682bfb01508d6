//! A full disk under the log: requests are answered as ever, what is lost is counted, and with room
//! again lines flow and one of them tells how many are missing.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use docket::kernel::Stopwatch;

use crate::buyer::{Buyer, card, order_of};
use crate::caller::{Caller, Counters, hear, one_after_the_other};
use crate::log_lines::{faults, lines_saying};
use crate::process::Home;

const AT_ONCE: usize = 8;
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);
const LOST: &str = "log lines were lost: the queue was full or the disk did not take them";

/// A small disk of its own in the place of a directory, until it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` for who may not mount.
    fn at(directory: PathBuf) -> Option<Self> {
        let me = fs::metadata("/proc/self").map_or(1, |found| found.uid());
        fs::create_dir_all(&directory).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"]).arg(&directory);
        let mounted =
            me == 0 && mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then_some(Self(directory))
    }

    /// Takes all the room that is left, also that at the end of the file of checkpoints, which is
    /// written anew when it is missing.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut filler = File::create(&path).unwrap();
        while filler.write_all(&[b'x'; 512]).is_ok() {}
        fs::remove_file(self.0.join("checkpoints.jsonl")).unwrap();
        while filler.write_all(&[b'x'; 512]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

async fn orders(caller: &Caller, name: &str, count: usize) {
    one_after_the_other(0..count, AT_ONCE, async |number| {
        let body = order_of(&format!("{name} {number}"), "tea", 1, card("tok_visa"));
        let heard = hear(caller.post("/v1/orders", &body)).await.unwrap();
        assert_eq!(heard.status, 201, "{heard:?}");
    })
    .await;
}

/// The number of the last seal in the file of checkpoints.
fn last_checkpoint(data: &Path) -> u64 {
    let text = fs::read_to_string(data.join("logs/checkpoints.jsonl")).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let last = whole.lines().last().unwrap_or("{}");
    serde_json::from_str::<serde_json::Value>(last).unwrap()["number"].as_u64().unwrap_or(0)
}

fn failed_seals(now: &Counters) -> u64 {
    now.of("job_runs_total", "result=\"failure\",task=\"sealing\"")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_costs_lines_and_no_request() {
    let home = Home::on_sqlite();
    let data = home.data.path();
    let Some(disk) = SmallDisk::at(data.join("logs")) else {
        println!("skipped: a small disk can be mounted by root only");
        return;
    };
    let settings = [("DOCKET_LOGS__FILTER", "info"), ("DOCKET_LOGS__FILE_BYTES", "65536")];
    // The server says on its standard error what it cannot write.
    let server = home.start_telling(&settings, Stdio::null());
    Buyer::new().stock(&server.api, "tea", 349, 100_000).await;
    let caller = Caller::of(&server);
    // The file is nearly as long as it may be.
    orders(&caller, "with room", 110).await;
    caller.counted(|now| now.sum("journal_sealed_sequence") > 0).await;

    let filler = disk.fill();
    let took = Stopwatch::start();
    orders(&caller, "without room", 300).await;
    let full = caller
        .counted(|now| {
            now.sum("telemetry_log_lines_lost_total") > 0
                && now.sum("telemetry_log_write_errors_total") > 0
                && now.sum("telemetry_log_queue_lines") == 0
                && failed_seals(now) > 0
        })
        .await;
    println!("300 orders on a full disk in {:.1?}", took.elapsed());
    assert_eq!(last_checkpoint(data), 0);
    let readiness = caller.readiness().await;
    assert_eq!(readiness["status"], "ready", "telemetry that gets lost turns nobody away");
    let trouble = readiness["sinks"]["log_file"].as_str().unwrap();
    assert!(trouble.starts_with("the last lines could not be written"), "{trouble}");

    fs::remove_file(filler).unwrap();
    let waited = Stopwatch::start();
    while lines_saying(data, LOST).is_empty() || last_checkpoint(data) == 0 {
        orders(&caller, "with room again", 1).await;
        assert!(waited.elapsed() < PATIENCE, "{}", caller.counters().await.of_telemetry());
        tokio::time::sleep(PAUSE).await;
    }
    assert_eq!(caller.readiness().await["sinks"]["log_file"], "ok");
    let after = caller.counters().await;
    let counted = |metric| (full.sum(metric), after.sum(metric));
    let lost = counted("telemetry_log_lines_lost_total");
    println!("lost {lost:?}, errors {:?}", counted("telemetry_log_write_errors_total"));
    println!("seals failed {}", failed_seals(&after));
    let told = lines_saying(data, LOST);
    let told: u64 = told.iter().map(|line| line["lost"].as_u64().unwrap()).sum();
    assert_eq!(told, lost.1);
    server.stop();
    assert!(!lines_saying(data, "docket has stopped").is_empty());
    for line in fs::read_to_string(data.join("logs/docket.log")).unwrap().lines() {
        assert!(faults(line).is_empty(), "{line}");
    }
    home.is_sound();
}
