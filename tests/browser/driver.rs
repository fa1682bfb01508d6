//! Chromium by way of chromedriver, both as the machine has them.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::LoggingPrefsLogLevel;
use thirtyfour::common::command::{Command as Wire, ExtensionCommand};
use thirtyfour::prelude::*;

/// How long a page may take to become what is awaited.
const PATIENCE: Duration = Duration::from_secs(20);

/// Chromium must not look for anything outside of this machine.
const ARGUMENTS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-US",
];

/// Whether the focus is at the element of a selector, and the element where it is and is not seen.
const FOCUS: &str = "
    const at = document.activeElement, look = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    const lined = look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2;
    const shown = box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight;
    const seen = at === document.body || at.matches(':focus-visible') && lined && shown;
    return { there: at.matches(arguments[0]), unseen: seen ? '' : at.outerHTML };
";

/// The program of this name; its tests are left out where there is none, unless it is required.
fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = names.iter().flat_map(|name| places.iter().map(move |place| place.join(name)));
    let found = found.into_iter().find(|file| file.is_file());
    if found.is_none() {
        let required = std::env::var_os("DOCKET_TEST_TOOLS_REQUIRED").is_some();
        assert!(!required, "none of {names:?} is on this machine");
        eprintln!("left out: none of {names:?} is on this machine");
    }
    found
}

/// The port of the one chromedriver for all tests of this process, which ends with it.
fn driver() -> Option<u16> {
    static DRIVER: OnceLock<Option<u16>> = OnceLock::new();
    *DRIVER.get_or_init(start)
}

fn start() -> Option<u16> {
    program(&["chromium", "google-chrome", "chromium-browser"])?;
    let file = program(&["chromedriver"])?;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // `setpriv` ends it when the thread that started it ends, so that one must stay.
    std::thread::spawn(move || {
        let mut driver = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .arg(file)
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        driver.wait().unwrap();
    });
    for _ in 0..400 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Some(port);
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("chromedriver does not listen")
}

/// What chromedriver kept of a log since it was asked last.
#[derive(Debug)]
struct Log(&'static str);

impl ExtensionCommand for Log {
    fn parameters_json(&self) -> Option<Value> {
        Some(json!({ "type": self.0 }))
    }

    fn method(&self) -> Method {
        Method::POST
    }

    fn endpoint(&self) -> Arc<str> {
        "/se/log".into()
    }
}

/// A browser with one window and nothing in it yet.
pub struct Browser {
    pub driver: WebDriver,
    base: String,
    /// What was wrong so far: errors on the console, requests to other hosts.
    faults: Mutex<Vec<String>>,
    _profile: TempDir,
}

impl Browser {
    /// A new one for the server at this address; nothing where no browser is to be had.
    pub async fn open(base: &str) -> Option<Self> {
        let port = tokio::task::spawn_blocking(driver).await.unwrap()?;
        let profile = tempfile::tempdir().unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        for argument in ARGUMENTS {
            wanted.add_arg(argument).unwrap();
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        for log in ["browser", "performance"] {
            wanted.set_logging_prefs(log, LoggingPrefsLogLevel::All).unwrap();
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.unwrap();
        let base = base.to_owned();
        let browser = Self { driver, base, faults: Mutex::default(), _profile: profile };
        browser.sized(1280, 900).await;
        Some(browser)
    }

    /// Asks Chromium itself (Chrome DevTools Protocol).
    async fn devtools(&self, method: &str, parameters: Value) {
        self.driver.cdp().send_raw(method, parameters).await.unwrap();
    }

    /// From now on without JavaScript.
    pub async fn without_scripts(&self) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// From now on in this theme: `light` or `dark`. Nothing moves from one to the other.
    pub async fn themed(&self, theme: &str) {
        let features = json!({ "features": [
            { "name": "prefers-color-scheme", "value": theme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// From now on asks for pages in this language.
    pub async fn speaks(&self, language: &str) {
        let headers = json!({ "headers": { "Accept-Language": language } });
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setExtraHTTPHeaders", headers).await;
    }

    /// From now on with a window of this size, in pixels.
    pub async fn sized(&self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    pub async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap();
        self.note_faults().await;
    }

    /// The path of the page that is shown.
    pub async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.as_str().strip_prefix(&self.base).unwrap_or(url.as_str()).to_owned()
    }

    /// Waits until the page's path begins so.
    pub async fn at(&self, path: &str) {
        for _ in 0..PATIENCE.as_millis() / 25 {
            if self.path().await.starts_with(path) {
                return self.note_faults().await;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("at {} instead of {path}: {}", self.path().await, self.text("body").await);
    }

    /// The first element of this selector, once it is there.
    pub async fn find(&self, selector: &str) -> WebElement {
        let found = self.driver.query(By::Css(selector)).wait(PATIENCE, Duration::from_millis(25));
        match found.first().await {
            Ok(element) => element,
            Err(_) => panic!("no {selector} at {}: {}", self.path().await, self.text("body").await),
        }
    }

    pub async fn count(&self, selector: &str) -> usize {
        self.driver.find_all(By::Css(selector)).await.unwrap().len()
    }

    /// Whether the first element of this selector is to be seen.
    pub async fn is_seen(&self, selector: &str) -> bool {
        self.find(selector).await.is_displayed().await.unwrap()
    }

    pub async fn click(&self, selector: &str) {
        self.find(selector).await.click().await.unwrap();
    }

    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// What a person reads there.
    pub async fn text(&self, selector: &str) -> String {
        match self.driver.find(By::Css(selector)).await {
            Ok(element) => element.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until a person reads this there.
    pub async fn reads(&self, selector: &str, awaited: &str) {
        for _ in 0..PATIENCE.as_millis() / 25 {
            if self.text(selector).await.contains(awaited) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{selector} does not read {awaited}: {}", self.text("body").await);
    }

    /// Runs a script in the page; answers what it returns.
    pub async fn run(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Presses keys wherever the focus is.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// Goes on with the tabulator until the element of this selector has the focus. On the way each
    /// one that has it must show it.
    pub async fn tab_to(&self, selector: &str) {
        for _ in 0..200 {
            self.press(Key::Tab + "").await;
            let found = self.driver.execute(FOCUS, vec![json!(selector)]).await.unwrap();
            let unseen = found.json()["unseen"].as_str().unwrap_or_default();
            assert!(unseen.is_empty(), "the focus is not seen at {}: {unseen}", self.path().await);
            if found.json()["there"] == true {
                return;
            }
        }
        panic!("{selector} is not reached by the tabulator at {}", self.path().await);
    }

    /// From now on keeps what is downloaded in this folder.
    pub async fn downloads_to(&self, folder: &Path) {
        let wanted = json!({ "behavior": "allow", "downloadPath": folder });
        self.devtools("Browser.setDownloadBehavior", wanted).await;
    }

    /// Saves what is to be seen.
    pub async fn screenshot(&self, file: &Path) {
        self.driver.screenshot(file).await.unwrap();
    }

    async fn log(&self, name: &'static str) -> Vec<Value> {
        let command = Wire::ExtensionCommand(Box::new(Log(name)));
        let answer = self.driver.handle().cmd(command).await.unwrap();
        answer.value_json().unwrap().as_array().cloned().unwrap_or_default()
    }

    /// Errors on the console and requests to other hosts, since it was asked last.
    async fn note_faults(&self) {
        let mut faults = Vec::new();
        for line in self.log("browser").await {
            let message = line["message"].as_str().unwrap_or_default();
            // An answer that refuses is told there as well, and is what some tests want.
            let refused = message.contains("the server responded with a status of 4");
            // The browser's own pages, before the first of ours.
            let own = message.starts_with("chrome://");
            if line["level"] == "SEVERE" && !refused && !own {
                faults.push(format!("console: {message}"));
            }
        }
        for event in self.log("performance").await {
            let text = event["message"].as_str().unwrap_or_default();
            let message: Value = serde_json::from_str(text).unwrap_or_default();
            let message = &message["message"];
            let url = message["params"]["request"]["url"].as_str().unwrap_or_default();
            let ours = url.starts_with(&self.base) || !url.starts_with("http");
            if message["method"] == "Network.requestWillBeSent" && !ours {
                faults.push(format!("another host: {url}"));
            }
        }
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).extend(faults);
    }

    /// Closes it; nothing must have been wrong.
    pub async fn close(self) {
        self.note_faults().await;
        let faults = self.faults.lock().unwrap().clone();
        self.driver.quit().await.unwrap();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
