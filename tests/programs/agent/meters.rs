//! A meter provider of the program's own, which names what it was given.

use opentelemetry::global;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};
use std::sync::OnceLock;
use std::time::Duration;

static PROVIDER: OnceLock<SdkMeterProvider> = OnceLock::new();

pub(crate) fn start() {
    let provider = SdkMeterProvider::builder().with_periodic_exporter(Names).build();
    global::set_meter_provider(provider.clone());
    PROVIDER.set(provider).expect("it is started once");
}

pub(crate) fn shutdown() {
    if let Some(provider) = PROVIDER.get() {
        provider.shutdown().expect("the provider shuts down");
    }
}

struct Names;

impl PushMetricExporter for Names {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let all = metrics.scope_metrics().flat_map(|scope| scope.metrics());
        let mut names: Vec<_> = all.map(|metric| metric.name()).collect();
        names.sort_unstable();
        println!("metrics={}", names.join(" "));
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}
