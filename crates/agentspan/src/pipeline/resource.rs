use crate::config::Config;
use crate::export::Scrubber;
use agentspan_semconv::{host, process, service, telemetry};
use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

/// What the process is, as every span of it is labelled. Second, a warning when nobody named the service.
pub(crate) fn resource(config: &Config, scrubber: &Scrubber) -> (Resource, Option<String>) {
    let fallback = || {
        let program = std::env::current_exe().ok();
        let name = program.as_deref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
        format!("unknown_service:{}", name.as_deref().unwrap_or("unknown"))
    };
    let name = config.service_name.clone().unwrap_or_else(fallback);
    let warning = config.service_name.is_none().then(|| {
        format!(
            "no service name is set, so traces are found under `{name}`; set `OTEL_SERVICE_NAME=my-agent`"
        )
    });
    let mut known = vec![
        KeyValue::new(telemetry::TELEMETRY_DISTRO_NAME, env!("CARGO_PKG_NAME")),
        KeyValue::new(telemetry::TELEMETRY_DISTRO_VERSION, env!("CARGO_PKG_VERSION")),
        KeyValue::new(process::PROCESS_PID, i64::from(std::process::id())),
        KeyValue::new(service::SERVICE_INSTANCE_ID, RandomIdGenerator::default().new_trace_id().to_string()),
    ];
    known.extend(host_name().map(|name| KeyValue::new(host::HOST_NAME, name)));
    let mut given: Vec<_> =
        config.resource.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())).collect();
    scrubber.scrub_attributes(&mut given);
    let resource = Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        // What was given replaces what was found out.
        .with_attributes(known)
        .with_attributes(given)
        .with_attribute(KeyValue::new(service::SERVICE_NAME, scrubber.scrub(&name).into_owned()))
        .build();
    (resource, warning)
}

/// The host's name where the system says it in a file; asking the C library needs unsafe code.
fn host_name() -> Option<String> {
    let file = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let name = file.ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}
