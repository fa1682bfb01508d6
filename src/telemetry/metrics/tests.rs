//! The page in both formats, and the rules for all metrics.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry::trace::{SpanId, TraceId};
use prometheus::proto::{MetricFamily, MetricType};
use prometheus::{IntCounter, IntGauge, histogram_opts, opts};

use super::super::context::SpanIds;
use super::exemplar::{ExemplarCounterVec, ExemplarHistogramVec};
use super::openmetrics::{Exemplars, encode};
use super::registrar::Registrar;
use super::*;

fn ids() -> SpanIds {
    let (trace_id, span_id) = (TraceId::from_bytes([0xab; 16]), SpanId::from_bytes([0xcd; 8]));
    SpanIds { trace_id, span_id, sampled: true }
}

fn page_of(registrar: &Registrar) -> String {
    encode(&registrar.registry.gather(), &registrar.exemplars)
}

/// A value, the exemplar's time cut off, for it is now.
fn without_times(page: &str) -> String {
    let cut = |line: &str| match line.split_once(" # {") {
        Some((_, exemplar)) => {
            let time = exemplar.rsplit(' ').next().unwrap();
            let (seconds, millis) = time.split_once('.').unwrap();
            assert!(seconds.len() == 10 && millis.len() == 3, "not in seconds: {line}");
            line[..line.len() - time.len()].to_owned() + "TIME"
        }
        None => line.to_owned(),
    };
    page.lines().map(cut).map(|line| line + "\n").collect()
}

#[test]
fn a_histogram_has_canonical_bounds_a_unit_and_an_exemplar_per_bucket() {
    let mut registrar = Registrar::default();
    let bounds = [0.000_01, 0.005, 1.0, 10.0, 1_000_000.0];
    let route = ("route", &["/"][..]);
    let took =
        registrar.exemplar_histograms("took_seconds", "Time taken", &bounds, &[route]).unwrap();
    took.observe_in(ids(), &["/"], 0.25).publish();
    took.observe_in(ids(), &["/"], 2e6).publish();
    let exemplar = "# {trace_id=\"abababababababababababababababab\",span_id=\"cdcdcdcdcdcdcdcd\"}";
    let expected = format!(
        "# TYPE took_seconds histogram\n\
         # UNIT took_seconds seconds\n\
         # HELP took_seconds Time taken\n\
         took_seconds_bucket{{route=\"/\",le=\"1e-05\"}} 0\n\
         took_seconds_bucket{{route=\"/\",le=\"0.005\"}} 0\n\
         took_seconds_bucket{{route=\"/\",le=\"1.0\"}} 1 {exemplar} 0.25 TIME\n\
         took_seconds_bucket{{route=\"/\",le=\"10.0\"}} 1\n\
         took_seconds_bucket{{route=\"/\",le=\"1e+06\"}} 1\n\
         took_seconds_bucket{{route=\"/\",le=\"+Inf\"}} 2 {exemplar} 2e+06 TIME\n\
         took_seconds_sum{{route=\"/\"}} 2.00000025e+06\n\
         took_seconds_count{{route=\"/\"}} 2\n\
         # EOF\n"
    );
    assert_eq!(without_times(&page_of(&registrar)), expected);
}

#[test]
fn a_counters_family_has_no_total_and_its_sample_has() {
    let mut registrar = Registrar::default();
    let how = ("how", &["badly", "well"][..]);
    let done = registrar.exemplar_counters("done_bytes_total", "Done", &[how]).unwrap();
    done.inc_in(ids(), &["well"]).publish();
    registrar.gauge("level", "Level").unwrap().set(-3);
    let expected = "# TYPE done_bytes counter\n\
         # UNIT done_bytes bytes\n\
         # HELP done_bytes Done\n\
         done_bytes_total{how=\"badly\"} 0.0\n\
         done_bytes_total{how=\"well\"} 1.0 # {trace_id=\"abababababababababababababababab\",\
         span_id=\"cdcdcdcdcdcdcdcd\"} 1.0 TIME\n\
         # TYPE level gauge\n\
         # HELP level Level\n\
         level -3.0\n\
         # EOF\n";
    assert_eq!(without_times(&page_of(&registrar)), expected);
}

#[test]
fn quotes_backslashes_and_line_breaks_are_escaped() {
    let registrar = Registrar::default();
    let opts = opts!("a", "a \\ \"b\"\nc").const_label("x", "1\\2\"3\n4");
    let gauge = IntGauge::with_opts(opts).unwrap();
    registrar.kept(gauge).unwrap();
    let expected = "# TYPE a gauge\n# HELP a a \\\\ \\\"b\\\"\\nc\n\
        a{x=\"1\\\\2\\\"3\\n4\"} 0.0\n# EOF\n";
    assert_eq!(page_of(&registrar), expected);
}

#[test]
fn numbers_that_are_none_have_a_form() {
    let registrar = Registrar::default();
    let gauges = registrar.times("g", "G", &[("of", &["a", "b", "c"])]).unwrap();
    for (of, value) in [("a", f64::NAN), ("b", f64::INFINITY), ("c", f64::NEG_INFINITY)] {
        gauges.with_label_values(&[of]).set(value);
    }
    let page = page_of(&registrar);
    assert!(page.contains("g{of=\"a\"} NaN\ng{of=\"b\"} +Inf\ng{of=\"c\"} -Inf\n"), "{page}");
}

#[test]
fn an_empty_page_is_still_a_page() {
    assert_eq!(encode(&[], &Exemplars::new()), "# EOF\n");
}

#[test]
fn the_classic_text_never_has_an_exemplar() {
    let opts = histogram_opts!("took_seconds", "Time", vec![1.0]);
    let took = ExemplarHistogramVec::new(opts, &["route"]).unwrap();
    let done = ExemplarCounterVec::new(opts!("done_total", "Done"), &["how"]).unwrap();
    let registrar = Registrar::default();
    registrar.kept(took.clone()).unwrap();
    registrar.kept(done.clone()).unwrap();
    took.observe_in(ids(), &["/"], 0.5).publish();
    done.inc_in(ids(), &["well"]).publish();
    let text = TextEncoder::new().encode_to_string(&registrar.registry.gather()).unwrap();
    assert!(text.contains("took_seconds_bucket") && !text.contains("trace_id"), "{text}");
}

// The catalogue ----------------------------------------------------------------------------------

/// A counter under another name would be two series in the two formats.
fn misnamed(families: &[MetricFamily]) -> Vec<String> {
    let wrong = |family: &&MetricFamily| {
        let counts = family.get_field_type() == MetricType::COUNTER;
        counts != family.name().ends_with("_total")
    };
    families.iter().filter(wrong).map(|family| family.name().to_owned()).collect()
}

fn gathered(catalogue: &Catalogue) -> Vec<MetricFamily> {
    catalogue.page.registry.gather()
}

#[test]
fn counters_and_nothing_else_are_named_total() {
    let catalogue = Catalogue::new().unwrap();
    assert_eq!(misnamed(&gathered(&catalogue)), Vec::<String>::new());
    catalogue.page.kept(IntCounter::new("orders_seen", "Planted").unwrap()).unwrap();
    catalogue.page.kept(IntGauge::new("level_total", "Planted").unwrap()).unwrap();
    assert_eq!(misnamed(&gathered(&catalogue)), ["level_total", "orders_seen"]);
}

#[test]
fn every_metric_is_explained() {
    for family in gathered(&Catalogue::new().unwrap()) {
        assert!(!family.help().is_empty(), "{}", family.name());
    }
}

#[test]
fn series_of_closed_sets_are_there_from_the_start() {
    let text = Catalogue::new().unwrap().render(Format::Text).unwrap();
    for series in [
        "orders_placed_total{outcome=\"out_of_stock\"} 0",
        "order_processing_duration_seconds_count{outcome=\"cancelled\"} 0",
        "payment_operations_total{kind=\"refund\",method=\"card\",result=\"unknown\"} 0",
        "db_refused_total{side=\"read\"} 0",
        "db_pool_waiting{side=\"write\"} 0",
        "job_oldest_due_seconds{task=\"sealing\"} 0",
        "journal_sealing_lag_seconds 0",
        "telemetry_log_lines_total{severity=\"ERROR\"} 0",
        "telemetry_spans_exported_total{exporter=\"zipkin\"} 0",
    ] {
        assert!(text.contains(series), "no {series}");
    }
    assert!(text.contains("process_resident_memory_bytes"));
    assert!(text.contains(concat!("docket_build_info{version=\"", env!("CARGO_PKG_VERSION"))));
}

/// The series of a page with their values; bounds as numbers, for their texts differ.
fn series(page: &str) -> BTreeMap<String, f64> {
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let line = line.split(" # {").next().unwrap();
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = match series.split_once("le=\"") {
            Some((front, rest)) => {
                let (bound, rest) = rest.split_once('"').unwrap();
                format!("{front}{:?}{rest}", bound.parse::<f64>().unwrap())
            }
            None => series.to_owned(),
        };
        (name, value.parse().unwrap())
    };
    samples.map(read).collect()
}

#[test]
fn both_formats_tell_the_same() {
    let catalogue = Catalogue::new().unwrap();
    let families = gathered(&catalogue);
    let open_metrics = encode(&families, &catalogue.page.exemplars);
    let text = TextEncoder::new().encode_to_string(&families).unwrap();
    let (new, classic) = (series(&open_metrics), series(&text));
    assert_eq!(new, classic);
    assert!(new.len() > 300, "{}", new.len());
}

#[test]
fn what_has_exemplars_is_what_was_agreed() {
    let catalogue = Catalogue::new().unwrap();
    let named: BTreeSet<&str> = catalogue.page.exemplars.keys().map(String::as_str).collect();
    let expected = BTreeSet::from([
        "http_server_request_duration_seconds",
        "orders_placed_total",
        "order_processing_duration_seconds",
        "payment_operation_duration_seconds",
        "db_wait_duration_seconds",
    ]);
    assert_eq!(named, expected);
}
