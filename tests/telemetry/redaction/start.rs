//! What stands in the way of a start is told to whoever starts the server, without secrets.

use std::fs;

use super::sinks::Sinks;
use crate::log_lines;
use crate::process::Home;

/// A setting, or lines of a file, that keep the server from starting; and the secret in them.
const WRONG: [(&str, &str, &str); 6] = [
    ("DOCKET_DATABASE__URL", "postgres://docket:hunter30@127.0.0.1:1/orders", "hunter30"),
    ("DOCKET_DATABASE__URL", "mysql://docket:hunter31@127.0.0.1/orders", "hunter31"),
    (
        "DOCKET_TRACES__EXPORTERS",
        r#"[{ kind = "none", headers = { authorization = "Bearer hunter32" } }]"#,
        "hunter32",
    ),
    (
        "DOCKET_TRACES__EXPORTERS",
        r#"[{ kind = "zipkin", endpoint = "https://docket:hunter33@collector" }]"#,
        "hunter33",
    ),
    ("file", "[auth]\nbootstrap_api_key = \"hunter34", "hunter34"),
    ("file", "[auth]\nbootstrap_key = \"hunter35\"", "hunter35"),
];

#[test]
fn what_stands_in_the_way_of_a_start_is_told_without_secrets() {
    for (name, value, secret) in WRONG {
        let home = Home::on_sqlite();
        let mut command = home.command(&["serve"]);
        command.env("DOCKET_LOGS__TERMINAL", "true");
        if name == "file" {
            let file = home.data.path().join("docket.toml");
            fs::write(&file, value).unwrap();
            command.arg("--config").arg(file);
        } else {
            command.env(name, value);
        }
        let output = command.output().unwrap();
        let mut sinks = Sinks::default();
        sinks.add("standard error", &output.stderr);
        sinks.add("standard output", &output.stdout);
        if home.data.path().join("logs").exists() {
            for (_, text) in log_lines::files(home.data.path(), "docket") {
                sinks.add("log files", text.as_bytes());
            }
        }
        assert!(!output.status.success() && output.stderr.starts_with(b"docket: "), "{output:?}");
        assert_eq!(sinks.leaks(&[(name, secret)]), Vec::<String>::new());
    }
}
