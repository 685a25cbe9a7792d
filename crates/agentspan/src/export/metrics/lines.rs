use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use std::fmt::{Display, Write as _};

/// Metrics for people: a line for each series, with its name, its attributes and its value.
pub(super) fn lines(metrics: &ResourceMetrics) -> String {
    let mut text = String::new();
    for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
        let head = (metric.name(), metric.unit());
        match metric.data() {
            AggregatedMetrics::F64(data) => push(&mut text, head, data),
            AggregatedMetrics::U64(data) => push(&mut text, head, data),
            AggregatedMetrics::I64(data) => push(&mut text, head, data),
        }
    }
    text
}

fn push<T: Display + Copy>(text: &mut String, head: (&str, &str), data: &MetricData<T>) {
    match data {
        MetricData::Gauge(gauge) => {
            gauge.data_points().for_each(|point| line(text, head, point.attributes(), point.value()));
        }
        MetricData::Sum(sum) => {
            sum.data_points().for_each(|point| line(text, head, point.attributes(), point.value()));
        }
        MetricData::Histogram(histogram) => histogram.data_points().for_each(|point| {
            line(text, head, point.attributes(), format_args!("{} in {}", point.sum(), point.count()));
        }),
        MetricData::ExponentialHistogram(histogram) => histogram.data_points().for_each(|point| {
            line(text, head, point.attributes(), format_args!("{} in {}", point.sum(), point.count()));
        }),
    }
}

fn line<'a>(
    text: &mut String,
    (name, unit): (&str, &str),
    attributes: impl Iterator<Item = &'a KeyValue>,
    value: impl Display,
) {
    let attributes: Vec<_> = attributes.map(|known| format!("{}={}", known.key, known.value)).collect();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{name} {value} {unit} {}", attributes.join(" ").replace(char::is_control, " "));
}
