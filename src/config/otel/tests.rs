//! Every variable changes what is in force.

use std::time::Duration;

use crate::config::{Config, ExporterKind, Propagator};

fn with(variables: &[(&str, &str)]) -> Config {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Config::load(None, variables.collect::<Vec<_>>()).unwrap()
}

/// What a configuration says of traces, in a line.
fn told(config: &Config) -> String {
    let exporters: Vec<String> = config
        .traces
        .exporters
        .iter()
        .map(|exporter| {
            let headers: Vec<String> = exporter
                .headers
                .iter()
                .map(|(name, value)| format!("{name}:{}", value.expose()))
                .collect();
            format!(
                "{} {} {}ms gzip={} [{}]",
                exporter.kind.as_str(),
                exporter.address().unwrap_or("-"),
                exporter.timeout().as_millis(),
                exporter.gzip,
                headers.join(" ")
            )
        })
        .collect();
    exporters.join("; ")
}

#[test]
fn every_exporter_variable_changes_what_is_exported_and_how() {
    let general = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:1/");
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[], ""),
        (&[general], "otlp_http http://c:1/v1/traces 10000ms gzip=false []"),
        (
            &[general, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")],
            "otlp_grpc http://c:1 10000ms gzip=false []",
        ),
        (
            &[general, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://d:2/x")],
            "otlp_http http://d:2/x 10000ms gzip=false []",
        ),
        (
            &[
                general,
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ],
            "otlp_http http://c:1/v1/traces 10000ms gzip=false []",
        ),
        (
            &[general, ("OTEL_EXPORTER_OTLP_TIMEOUT", "500")],
            "otlp_http http://c:1/v1/traces 500ms gzip=false []",
        ),
        (
            &[general, ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")],
            "otlp_http http://c:1/v1/traces 10000ms gzip=true []",
        ),
        (
            &[general, ("OTEL_EXPORTER_OTLP_HEADERS", "tenant=a%20b, x=1")],
            "otlp_http http://c:1/v1/traces 10000ms gzip=false [tenant:a b x:1]",
        ),
        (
            &[("OTEL_TRACES_EXPORTER", "otlp")],
            "otlp_http http://localhost:4318/v1/traces 10000ms gzip=false []",
        ),
        (&[general, ("OTEL_TRACES_EXPORTER", "none")], ""),
    ];
    for (variables, expected) in table {
        assert_eq!(told(&with(variables)), *expected, "{variables:?}");
    }
}

#[cfg(feature = "zipkin")]
#[test]
fn zipkin_has_variables_of_its_own() {
    let config = with(&[
        ("OTEL_TRACES_EXPORTER", "zipkin,otlp"),
        ("OTEL_EXPORTER_ZIPKIN_ENDPOINT", "http://z:3/spans"),
        ("OTEL_EXPORTER_ZIPKIN_TIMEOUT", "700"),
    ]);
    assert_eq!(config.traces.exporters[1].kind, ExporterKind::OtlpHttp);
    assert!(told(&config).starts_with("zipkin http://z:3/spans 700ms"), "{}", told(&config));
}

#[test]
fn samplers_become_ratios() {
    let sampler = |name: &str, argument: &str| {
        let arguments = [("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", argument)];
        let config = with(&arguments);
        (config.traces.enabled, config.traces.sample_ratio)
    };
    assert_eq!(sampler("", ""), (true, 0.1));
    assert_eq!(sampler("always_on", ""), (true, 1.0));
    assert!(!sampler("always_off", "").0);
    assert_eq!(sampler("traceidratio", "0.25"), (true, 0.25));
    assert_eq!(sampler("parentbased_traceidratio", ""), (true, 1.0));
    assert_eq!(sampler("parentbased_always_off", ""), (true, 0.0));
}

#[test]
fn the_process_names_itself_as_it_is_told() {
    let config = with(&[
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=other,team=red%2Cblue"),
    ]);
    assert_eq!(config.telemetry.service_name, "shop");
    assert_eq!(config.telemetry.resource["team"], "red,blue");
    let ours = [("OTEL_SERVICE_NAME", "shop"), ("DOCKET_TELEMETRY__SERVICE_NAME", "mine")];
    assert_eq!(with(&ours).telemetry.service_name, "mine");
}

#[test]
fn limits_and_switches_are_followed() {
    let config = with(&[
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "60"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "70"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "90"),
        ("OTEL_PROPAGATORS", "tracecontext"),
    ]);
    let traces = &config.traces;
    assert_eq!(traces.batch_delay(), Duration::from_millis(50));
    assert_eq!(traces.export_timeout(), Duration::from_millis(60));
    assert_eq!((traces.queue_spans, traces.batch_spans), (70, 8));
    assert_eq!(traces.attribute_value_max, 90);
    assert_eq!(config.telemetry.propagators, [Propagator::TraceContext]);
    assert!(!with(&[("OTEL_SDK_DISABLED", "True")]).traces.enabled);
}

#[test]
fn what_is_not_known_is_passed_over_with_a_warning() {
    for (name, value) in [
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_PROPAGATORS", "b3"),
        ("OTEL_BSP_SCHEDULE_DELAY", "soon"),
    ] {
        let config = with(&[(name, value)]);
        assert_eq!(config.warnings.len(), 1, "{name}: {:?}", config.warnings);
        assert!(config.warnings[0].contains(value));
    }
    assert_eq!(ExporterKind::OtlpHttp.as_str(), "otlp_http");
}

#[test]
fn who_asks_for_tls_is_told_that_there_is_none() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    for name in ["OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY"] {
        let config = with(&[endpoint, (name, "/etc/ca.pem")]);
        assert_eq!(config.warnings.len(), 1, "{name}: {:?}", config.warnings);
        assert!(config.warnings[0].contains("/etc/ca.pem"));
    }
    assert_eq!(with(&[endpoint]).warnings, Vec::<String>::new());
}
