//! The ways to start.

use agentspan::{ContentClass, Report, Telemetry, TelemetryBuilder};
use agentspan_tests::client;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use prost::Message;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, registry};

#[cfg(feature = "metrics")]
#[path = "meters.rs"]
mod meters;

type Reporter = Box<dyn Fn() -> Report + Send + Sync>;

/// A telemetry of ours, or a provider of the program's own with our exporter in it, or both.
#[derive(Default)]
pub(crate) struct Started {
    telemetry: Option<Telemetry>,
    provider: Option<SdkTracerProvider>,
    reporter: Option<Reporter>,
}

impl Started {
    pub(crate) fn report(&self) -> Option<Report> {
        self.telemetry.as_ref().map(Telemetry::report)
    }

    pub(crate) fn flush(&self) -> Report {
        if let Some(provider) = &self.provider {
            provider.force_flush().expect("the provider flushes");
        }
        let report = self.telemetry.as_ref().map(Telemetry::flush);
        report.or_else(|| self.reporter.as_ref().map(|report| report())).unwrap_or_default()
    }

    pub(crate) fn shutdown(self) -> Report {
        #[cfg(feature = "metrics")]
        meters::shutdown();
        if let Some(provider) = &self.provider {
            // What went wrong stands in the report.
            let _ended = provider.shutdown();
        }
        let report = self.telemetry.as_ref().map(Telemetry::shutdown);
        report.or_else(|| self.reporter.map(|report| report())).unwrap_or_default()
    }
}

impl From<Telemetry> for Started {
    fn from(telemetry: Telemetry) -> Self {
        Self { telemetry: Some(telemetry), ..Self::default() }
    }
}

pub(crate) fn start(how: &str) -> Started {
    let mut words = how.split('+');
    let way = words.next().unwrap_or_default();
    let builder = words.fold(agentspan::builder(), set);
    match way {
        "none" => Started::default(),
        "init" | "late" => builder.init().into(),
        "plain-init" => agentspan::init().into(),
        "try_init" => builder.try_init().expect("it starts").into(),
        "signals" => {
            let telemetry = builder.init();
            telemetry.shutdown_on_signal();
            telemetry.into()
        }
        "twice" => {
            let first = builder.init();
            let second = agentspan::init();
            println!("second={} {:?}", second.shutdown(), agentspan::try_init().map_err(|e| e.kind()).err());
            first.into()
        }
        "beside" => {
            registry().with(tracing_subscriber::fmt::layer().with_writer(std::io::sink)).init();
            builder.init().into()
        }
        "layer" => {
            let (layer, telemetry) = builder.layer();
            registry().with(layer).init();
            telemetry.into()
        }
        "layer-then-init" => {
            let (layer, telemetry) = builder.layer();
            registry().with(layer).init();
            drop(agentspan::init());
            telemetry.into()
        }
        "layer-warn" => {
            let (layer, telemetry) = builder.layer();
            registry().with(layer).with(EnvFilter::new("warn")).init();
            telemetry.into()
        }
        "layer-error" => {
            let (layer, telemetry) = builder.layer();
            registry().with(layer.with_filter(LevelFilter::ERROR)).init();
            telemetry.into()
        }
        "layer-off" => {
            let (layer, telemetry) = builder.layer();
            registry().with(EnvFilter::new("info,agentspan=off")).with(layer).init();
            telemetry.into()
        }
        "bridge-first" => {
            let provider = provider(Post::default());
            let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("theirs"));
            let (layer, telemetry) = builder.layer();
            registry().with(bridge).with(layer).init();
            Started { provider: Some(provider), ..telemetry.into() }
        }
        "bridge-last" => {
            let provider = provider(Post::default());
            let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("theirs"));
            let (layer, telemetry) = builder.layer();
            registry().with(layer).with(bridge).init();
            Started { provider: Some(provider), ..telemetry.into() }
        }
        "bridge-vec" => {
            let provider = provider(Post::default());
            let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("theirs"));
            let (layer, telemetry) = builder.layer();
            registry().with(bridge).with(vec![layer.boxed()]).init();
            Started { provider: Some(provider), ..telemetry.into() }
        }
        "exporter" => {
            let exporter = builder.exporter(Post::default());
            let (layer, reporter) = (exporter.layer(), exporter.reporter());
            let provider = provider(exporter);
            let bridge = tracing_opentelemetry::layer().with_tracer(provider.tracer("theirs"));
            registry().with(bridge).with(layer).init();
            Started { provider: Some(provider), reporter: Some(Box::new(reporter)), telemetry: None }
        }
        other => panic!("no start `{other}`"),
    }
}

fn set(builder: TelemetryBuilder, word: &str) -> TelemetryBuilder {
    match word.split_once('=').unwrap_or((word, "")) {
        ("content", _) => builder.with_content(true),
        ("no-content", _) => builder.with_content(false),
        ("without-tools", _) => builder.without_content(ContentClass::Tools),
        ("endpoint", url) => builder.with_endpoint(url),
        ("header", value) => builder.with_header("authorization", value),
        #[cfg(feature = "metrics")]
        ("global-meter", _) => {
            meters::start();
            builder.with_global_meter(true)
        }
        ("service", name) => builder.service_name(name),
        ("long-content", _) => builder.with_content_length(16 << 20),
        (other, _) => panic!("no setting `{other}`"),
    }
}

fn provider(exporter: impl SpanExporter + 'static) -> SdkTracerProvider {
    let resource = Resource::builder().build();
    SdkTracerProvider::builder()
        .with_max_attributes_per_span(1_000)
        .with_resource(resource)
        .with_batch_exporter(exporter)
        .build()
}

/// The exporter of a program that has its own: posts to the collector that the environment names.
#[derive(Debug, Default)]
struct Post(ResourceAttributesWithSchema);

impl SpanExporter for Post {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.0);
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let endpoint = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").expect("a collector is named");
        let address = endpoint.trim_start_matches("http://").parse().expect("an address");
        let headers = [("content-type", "application/x-protobuf")];
        let answer = client::post(address, "/v1/traces", &headers, &body)
            .map_err(|error| OTelSdkError::InternalFailure(error.to_string()))?;
        match answer.status {
            200 => Ok(()),
            status => Err(OTelSdkError::InternalFailure(format!("HTTP status {status}"))),
        }
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0 = resource.into();
    }
}
