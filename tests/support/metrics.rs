//! Metrics as a collector gets them.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, number_data_point};
use std::collections::BTreeMap;

/// One series of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The metric.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// What tells the series from others.
    pub attributes: BTreeMap<String, String>,
    /// Of a histogram the sum of what was measured, else the value.
    pub sum: f64,
    /// How often a histogram was measured.
    pub count: Option<u64>,
    /// The bucket boundaries of a histogram.
    pub bounds: Vec<f64>,
    /// 1 is delta, 2 cumulative.
    pub temporality: i32,
}

impl Series {
    /// Every series of a request.
    pub fn all(request: &ExportMetricsServiceRequest) -> Vec<Self> {
        let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
        scopes.flat_map(|scope| &scope.metrics).flat_map(Self::of).collect()
    }

    /// The text of an attribute.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str)
    }

    fn of(metric: &Metric) -> Vec<Self> {
        let series = |attributes: &[KeyValue], sum, count, bounds: &[f64], temporality| Self {
            name: metric.name.clone(),
            unit: metric.unit.clone(),
            attributes: attributes.iter().map(|pair| (pair.key.clone(), text(pair))).collect(),
            sum,
            count,
            bounds: bounds.to_vec(),
            temporality,
        };
        match &metric.data {
            Some(Data::Sum(sum)) => {
                let number = |value| match value {
                    Some(number_data_point::Value::AsDouble(value)) => value,
                    Some(number_data_point::Value::AsInt(value)) => value as f64,
                    None => f64::NAN,
                };
                let points = sum.data_points.iter();
                points
                    .map(|it| {
                        series(&it.attributes, number(it.value), None, &[], sum.aggregation_temporality)
                    })
                    .collect()
            }
            Some(Data::Histogram(histogram)) => {
                let temporality = histogram.aggregation_temporality;
                let points = histogram.data_points.iter();
                points
                    .map(|it| {
                        let sum = it.sum.unwrap_or(f64::NAN);
                        series(&it.attributes, sum, Some(it.count), &it.explicit_bounds, temporality)
                    })
                    .collect()
            }
            other => panic!("a metric of another kind: {other:?}"),
        }
    }
}

fn text(pair: &KeyValue) -> String {
    match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => panic!("an attribute of another kind: {other:?}"),
    }
}
