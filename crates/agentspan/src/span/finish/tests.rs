use super::finish;
use crate::config::Content;
use crate::cost::PriceBook;
use crate::span::measure::{Measured, Meter};
use crate::span::node::Node;
use crate::span::outcome::Ending;
use crate::span::runtime::{Runtime, lock};
use agentspan_semconv::agent;
use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::sync::{Arc, Mutex};

/// Does what the cold side may do as soon as a step has ended, while the step is still being told of elsewhere.
#[derive(Debug, Default)]
struct Fetching {
    step: Mutex<Option<Arc<Node>>>,
    fetched: Mutex<Vec<String>>,
}

impl Meter for Fetching {
    fn inherited(&self) -> &[&'static str] {
        &[]
    }

    fn ended(&self, _: &Measured<'_>) {
        let Some(step) = lock(&self.step).take() else { return };
        assert!(step.completeness().is_ok());
        let known = step.known_of_adopted();
        lock(&self.fetched).extend(known.into_iter().map(|known| known.key.as_str().to_owned()));
    }
}

#[test]
fn a_span_of_others_gets_how_its_step_ended_however_early_it_is_asked_for() {
    let meter = Arc::new(Fetching::default());
    let mut runtime = Runtime::new(None, PriceBook::default(), Content::default());
    runtime.meter = Some(meter.clone());
    let step = Node::alone(&Arc::new(runtime));
    let bridge = SdkTracerProvider::builder().build();
    step.adopt();
    step.set_adopted(&Context::new().with_span(bridge.tracer("bridge").start("of others")));
    *lock(&meter.step) = Some(step.clone());
    finish(&step, Ending::ok());
    assert_eq!(*lock(&meter.fetched), [agent::AGENT_STEP_TYPE, agent::AGENT_OUTCOME]);
}
