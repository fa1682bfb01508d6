//! The `OTEL_*` variables (OpenTelemetry specification, "Environment Variable Specification"),
//! turned into docket's own settings, so that there is one place that says what is in force.
//!
//! They win over a file, and `DOCKET_*` variables win over them. What the specification lets a
//! process pass over is passed over with a warning.

use toml::{Table, Value};

/// The variables that are understood here. The limits on the number of attributes, events and
/// links (`OTEL_SPAN_*_COUNT_LIMIT`) are read by the SDK itself.
struct Environment<'a> {
    variables: &'a [(String, String)],
    warnings: Vec<String>,
}

/// Puts what the variables say into the configuration; answers what could not be followed.
pub(super) fn apply(config: &mut Table, variables: &[(String, String)]) -> Vec<String> {
    let mut environment = Environment { variables, warnings: Vec::new() };
    environment.resource(config);
    environment.propagators(config);
    environment.sampler(config);
    environment.limits(config);
    environment.exporters(config);
    if environment.get("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        put(config, "traces", "enabled", false);
    }
    environment.warnings
}

impl Environment<'_> {
    /// An empty variable is one that is not set.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// A signal's own variable wins over the general one.
    fn otlp(&self, name: &str) -> Option<&str> {
        self.get(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"))
            .or_else(|| self.get(&format!("OTEL_EXPORTER_OTLP_{name}")))
    }

    fn number(&mut self, name: &str) -> Option<i64> {
        let text = self.get(name)?.to_owned();
        match text.parse() {
            Ok(number) if number >= 0 => Some(number),
            _ => self.pass_over(name, &text),
        }
    }

    fn pass_over<T>(&mut self, name: &str, value: &str) -> Option<T> {
        self.warnings.push(format!("{name}: `{value}` is not known here and is passed over"));
        None
    }

    fn resource(&mut self, config: &mut Table) {
        for (key, value) in pairs(self.get("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default()) {
            match key.as_str() {
                "service.name" => put(config, "telemetry", "service_name", value),
                "deployment.environment.name" | "deployment.environment" => {
                    put(config, "telemetry", "environment", value);
                }
                _ => put(inner(config, "telemetry"), "resource", &key, value),
            }
        }
        if let Some(name) = self.get("OTEL_SERVICE_NAME") {
            put(config, "telemetry", "service_name", name);
        }
    }

    fn propagators(&mut self, config: &mut Table) {
        let Some(text) = self.get("OTEL_PROPAGATORS").map(str::to_owned) else { return };
        let mut known = Vec::new();
        for name in words(&text) {
            match name {
                "tracecontext" | "baggage" => known.push(Value::from(name)),
                "none" => {}
                other => {
                    self.pass_over::<()>("OTEL_PROPAGATORS", other);
                }
            }
        }
        put(config, "telemetry", "propagators", known);
    }

    fn sampler(&mut self, config: &mut Table) {
        let Some(name) = self.get("OTEL_TRACES_SAMPLER").map(str::to_owned) else { return };
        let ratio = match name.as_str() {
            "always_on" | "parentbased_always_on" => Some(1.0),
            "parentbased_always_off" => Some(0.0),
            "always_off" => {
                put(config, "traces", "enabled", false);
                None
            }
            "traceidratio" | "parentbased_traceidratio" => Some(self.sampler_ratio()),
            _ => self.pass_over("OTEL_TRACES_SAMPLER", &name),
        };
        if let Some(ratio) = ratio {
            put(config, "traces", "sample_ratio", ratio);
        }
    }

    fn sampler_ratio(&mut self) -> f64 {
        let Some(text) = self.get("OTEL_TRACES_SAMPLER_ARG").map(str::to_owned) else {
            return 1.0;
        };
        let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.or_else(|| self.pass_over("OTEL_TRACES_SAMPLER_ARG", &text)).unwrap_or(1.0)
    }

    fn limits(&mut self, config: &mut Table) {
        let numbers = [
            ("OTEL_BSP_SCHEDULE_DELAY", "batch_delay_ms"),
            ("OTEL_BSP_EXPORT_TIMEOUT", "export_timeout_ms"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "queue_spans"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "batch_spans"),
            ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "attribute_value_max"),
            ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "attribute_value_max"),
        ];
        for (name, key) in numbers {
            if let Some(number) = self.number(name) {
                put(config, "traces", key, number);
            }
        }
        // As the specification has it: a batch is at most as large as the queue.
        let traces = inner(config, "traces");
        let read = |key: &str| traces.get(key).and_then(Value::as_integer);
        if let (Some(queue), Some(batch)) = (read("queue_spans"), read("batch_spans"))
            && self.get("OTEL_BSP_MAX_QUEUE_SIZE").is_some()
        {
            traces.insert("batch_spans".into(), batch.min(queue).into());
        }
    }

    /// `OTEL_TRACES_EXPORTER` names them all. Without it, an address for OTLP is taken as the wish
    /// to have OTLP, and OTLP exporters of a file get the variables' values.
    fn exporters(&mut self, config: &mut Table) {
        let wanted = match self.get("OTEL_TRACES_EXPORTER").map(str::to_owned) {
            Some(names) => self.named(&names),
            None => {
                let given = inner(config, "traces").get("exporters").and_then(Value::as_array);
                let mut exporters = given.cloned().unwrap_or_default();
                let asked = self.otlp("ENDPOINT").is_some();
                if asked && !exporters.iter().any(is_otlp) {
                    exporters.push(self.new_otlp());
                }
                exporters
            }
        };
        let exporters: Vec<Value> =
            wanted.into_iter().map(|exporter| self.with_variables(exporter)).collect();
        put(config, "traces", "exporters", exporters);
    }

    fn named(&mut self, names: &str) -> Vec<Value> {
        let mut exporters = Vec::new();
        for name in words(names) {
            match name {
                "otlp" => exporters.push(self.new_otlp()),
                "zipkin" => exporters.push(of_kind("zipkin")),
                "none" => {}
                other => {
                    self.pass_over::<()>("OTEL_TRACES_EXPORTER", other);
                }
            }
        }
        exporters
    }

    fn new_otlp(&mut self) -> Value {
        let protocol = self.otlp("PROTOCOL").unwrap_or("http/protobuf").to_owned();
        match protocol.as_str() {
            "grpc" => of_kind("otlp_grpc"),
            "http/protobuf" => of_kind("otlp_http"),
            other => {
                self.pass_over::<()>("OTEL_EXPORTER_OTLP_PROTOCOL", other);
                of_kind("otlp_http")
            }
        }
    }

    /// An exporter with what the variables say of its kind.
    fn with_variables(&mut self, exporter: Value) -> Value {
        let Value::Table(mut exporter) = exporter else { return exporter };
        match exporter.get("kind").and_then(Value::as_str) {
            Some("otlp_http" | "otlp_grpc") => self.otlp_variables(&mut exporter),
            Some("zipkin") => {
                if let Some(endpoint) = self.get("OTEL_EXPORTER_ZIPKIN_ENDPOINT") {
                    exporter.insert("endpoint".into(), endpoint.into());
                }
                if let Some(timeout) = self.number("OTEL_EXPORTER_ZIPKIN_TIMEOUT") {
                    exporter.insert("timeout_ms".into(), timeout.into());
                }
            }
            _ => {}
        }
        Value::Table(exporter)
    }

    fn otlp_variables(&mut self, exporter: &mut Table) {
        let http = exporter.get("kind").and_then(Value::as_str) == Some("otlp_http");
        if let Some(endpoint) = self.otlp_endpoint(http) {
            exporter.insert("endpoint".into(), endpoint.into());
        }
        for name in ["OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"] {
            if let Some(timeout) = self.number(name) {
                exporter.insert("timeout_ms".into(), timeout.into());
            }
        }
        if let Some(compression) = self.otlp("COMPRESSION").map(str::to_owned) {
            match compression.as_str() {
                "gzip" | "none" => {
                    exporter.insert("gzip".into(), (compression == "gzip").into());
                }
                other => {
                    self.pass_over::<()>("OTEL_EXPORTER_OTLP_COMPRESSION", other);
                }
            }
        }
        for name in ["CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"] {
            // Whoever asks for TLS must not believe to have it.
            if let Some(path) = self.otlp(name).map(str::to_owned) {
                self.pass_over::<()>(&format!("OTEL_EXPORTER_OTLP_{name}"), &path);
            }
        }
        for (name, value) in pairs(self.otlp("HEADERS").unwrap_or_default()) {
            put(exporter, "headers", &name, value);
        }
    }

    /// Only the general address of HTTP gets the signal's path (OTLP specification, "Endpoint
    /// URLs for OTLP/HTTP").
    fn otlp_endpoint(&self, http: bool) -> Option<String> {
        if let Some(own) = self.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            return Some(own.to_owned());
        }
        let general = self.get("OTEL_EXPORTER_OTLP_ENDPOINT")?.trim_end_matches('/');
        Some(if http { format!("{general}/v1/traces") } else { general.to_owned() })
    }
}

fn of_kind(kind: &str) -> Value {
    Value::Table(Table::from_iter([("kind".to_owned(), kind.into())]))
}

fn is_otlp(exporter: &Value) -> bool {
    let kind = exporter.get("kind").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.starts_with("otlp"))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

/// `key=value` pairs with percent-encoded values, as in W3C Baggage.
fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |text: &str| {
        let (key, value) = text.split_once('=')?;
        Some((key.trim().to_owned(), percent_decoded(value.trim())))
    };
    words(text).filter_map(pair).collect()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let encoded = after.get(..2).filter(|_| first == b'%');
        let decoded =
            encoded.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The table `section`, made when there is none.
fn inner<'a>(config: &'a mut Table, section: &str) -> &'a mut Table {
    let place = config.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if !place.is_table() {
        *place = Value::Table(Table::new());
    }
    match place {
        Value::Table(table) => table,
        _ => unreachable!("it was made a table just now"),
    }
}

fn put(config: &mut Table, section: &str, key: &str, value: impl Into<Value>) {
    inner(config, section).insert(key.to_owned(), value.into());
}

#[cfg(test)]
mod tests;
