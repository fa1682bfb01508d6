//! The ways to hand out traces; one file each.

mod file;
mod otlp;
#[cfg(feature = "zipkin")]
mod zipkin;

use opentelemetry_otlp::SpanExporter as OtlpExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

pub(super) use otlp::to_otlp;

use crate::config::{Exporter as Config, ExporterKind};

pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Where a file exporter writes, one line at a time.
pub(in crate::telemetry) type LineWriter = Box<dyn std::io::Write + Send>;

/// Somebody who gets the kept traces.
pub(super) enum Exporter {
    Otlp(Box<OtlpExporter>),
    #[cfg(feature = "zipkin")]
    Zipkin(zipkin::ZipkinExporter),
    File(file::FileExporter),
}

impl Exporter {
    /// Makes the exporter, in the runtime that it will run in. `file` opens the file of traces.
    ///
    /// # Errors
    /// When the configuration cannot be followed.
    pub(super) fn build(
        config: &Config,
        resource: &Resource,
        file: impl FnOnce() -> Result<LineWriter, Failure>,
    ) -> Result<Self, Failure> {
        let address = config.address().unwrap_or_default();
        match config.kind {
            ExporterKind::OtlpHttp => {
                Ok(Self::Otlp(Box::new(otlp::over_http(config, address, resource)?)))
            }
            ExporterKind::OtlpGrpc => {
                Ok(Self::Otlp(Box::new(otlp::over_grpc(config, address, resource)?)))
            }
            ExporterKind::File => Ok(Self::File(file::FileExporter::new(file()?, resource))),
            #[cfg(feature = "zipkin")]
            ExporterKind::Zipkin => {
                zipkin::ZipkinExporter::new(config, address, resource).map(Self::Zipkin)
            }
            #[cfg(not(feature = "zipkin"))]
            ExporterKind::Zipkin => Err("this docket was built without the feature zipkin".into()),
        }
    }

    /// Hands out a batch.
    ///
    /// # Errors
    /// When it is not known to have arrived.
    pub(super) async fn export(&self, batch: Vec<SpanData>) -> Result<(), Failure> {
        match self {
            Self::Otlp(exporter) => Ok(exporter.export(batch).await?),
            #[cfg(feature = "zipkin")]
            Self::Zipkin(exporter) => exporter.export(&batch).await,
            Self::File(exporter) => exporter.export(batch),
        }
    }

    /// Lets go of connections.
    pub(super) fn close(&self) {
        if let Self::Otlp(exporter) = self {
            let _ = exporter.shutdown();
        }
    }
}
