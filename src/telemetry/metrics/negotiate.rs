//! Which text format a scraper gets, by its `Accept`.

/// A text format for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The classic one, 0.0.4: for scrapers that ask for it, for browsers, for who does not say.
    Text,
    /// OpenMetrics 1.0, with exemplars.
    OpenMetrics,
}

impl Format {
    /// The format for this `Accept` header, empty when there is none: OpenMetrics when it is asked
    /// for by name and liked at least as much as plain text. Never a refusal: a scraper that
    /// understands neither still gets the text.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::read).collect();
        let open_metrics = ranges.iter().filter(|range| range.is_open_metrics());
        let wanted = open_metrics.map(|range| range.weight).fold(0.0, f32::max);
        let plain = ["text/plain", "text/*", "*/*"].into_iter().find_map(|kind| {
            let of_kind = ranges.iter().filter(|range| range.kind.eq_ignore_ascii_case(kind));
            of_kind.map(|range| range.weight).reduce(f32::max)
        });
        match plain {
            _ if wanted == 0.0 => Self::Text,
            Some(plain) if plain > wanted => Self::Text,
            _ => Self::OpenMetrics,
        }
    }

    /// What the page is labelled with.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// One of the media ranges of an `Accept`.
struct Range<'a> {
    kind: &'a str,
    version: Option<&'a str>,
    /// From 0 (not acceptable) to 1.
    weight: f32,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next().filter(|kind| !kind.is_empty())?;
        let mut range = Self { kind, version: None, weight: 1.0 };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "version" => range.version = Some(value),
                // Nonsense is no wish.
                "q" => range.weight = weight(value).unwrap_or(0.0),
                _ => {}
            }
        }
        Some(range)
    }

    fn is_open_metrics(&self) -> bool {
        self.kind.eq_ignore_ascii_case("application/openmetrics-text")
            && self.version.is_none_or(|version| version == "1.0.0")
    }
}

fn weight(text: &str) -> Option<f32> {
    text.parse().ok().filter(|weight| (0.0..=1.0).contains(weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Prometheus 2.42 sends.
    const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,\
        application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    /// What Prometheus 3 sends.
    const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;\
        q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;\
        escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    /// The same, with native histograms wanted.
    const PROMETHEUS_3_NATIVE: &str = "application/vnd.google.protobuf;\
        proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,\
        application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
        text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
    const BROWSER: &str =
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

    #[test]
    fn open_metrics_goes_to_who_asks_for_it_by_name() {
        for accept in [
            PROMETHEUS_2,
            PROMETHEUS_3,
            PROMETHEUS_3_NATIVE,
            "application/openmetrics-text",
            "Application/OpenMetrics-Text; Version=\"1.0.0\"; Q=0.5",
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.5",
            "text/plain;q=0.1,application/openmetrics-text;q=0.2",
            "application/openmetrics-text;q=0.4,*/*;q=0.8,text/plain;q=0.3",
        ] {
            assert_eq!(Format::accepted(accept), Format::OpenMetrics, "{accept}");
        }
    }

    #[test]
    fn everyone_else_gets_the_classic_text() {
        for accept in [
            "",
            "*/*",
            "text/plain",
            "text/plain;version=0.0.4",
            BROWSER,
            "application/json",
            "application/*",
            "application/openmetrics-text;version=0.0.1",
            "application/openmetrics-text;version=2.0.0",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=0.000",
            "application/openmetrics-text;q=nonsense",
            "application/openmetrics-text;q=7",
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.6",
            "application/openmetrics-text;q=0.5,text/*;q=0.9",
            "application/openmetrics-text;q=0.5,*/*;q=0.9",
            ",;,=;q",
        ] {
            assert_eq!(Format::accepted(accept), Format::Text, "{accept}");
        }
    }
}
