//! Traces, sent to a collector of OpenTelemetry over OTLP.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::{Layer, Registry};

use crate::failure::Failure;
use crate::options::Traced;

/// Where collectors take traces (source: OTLP 1.x, "OTLP/HTTP Request").
const PATH: &str = "/v1/traces";
/// Longest wait for the collector, for a batch and at the end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends traces until it is dropped, and then what is left of them.
#[derive(Debug)]
pub(crate) struct Traces(SdkTracerProvider);

/// A layer that takes part in the log.
pub(crate) type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Begins to send traces, if a collector is named.
///
/// It must be called outside the runtime: the exporter has a thread of its own, which blocks.
pub(crate) fn start(options: &Traced) -> Result<Option<(Traces, BoxedLayer)>, Failure> {
    let Some(endpoint) = &options.otlp_endpoint else { return Ok(None) };
    if !(0.0..=1.0).contains(&options.otlp_ratio) {
        return Err(Failure::new("--otlp-ratio must be from 0 to 1"));
    }
    let address = endpoint.trim_end_matches('/');
    let address = if address.ends_with(PATH) { address.to_owned() } else { format!("{address}{PATH}") };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(address)
        .with_timeout(PATIENCE)
        .build()
        .map_err(|error| Failure::during("--otlp-endpoint", &error))?;
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_service_name("tiketi-server").with_attribute(version).build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(options.otlp_ratio))))
        .with_resource(resource)
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("tiketi"));
    // Spans of requests, commands and calls of gateways; the filter of the log does not apply to them.
    Ok(Some((Traces(provider), layer.with_filter(LevelFilter::INFO).boxed())))
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(PATIENCE) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}
