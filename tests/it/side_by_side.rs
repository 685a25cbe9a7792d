//! Two telemetries in one process.

use crate::program::Program;
use crate::ways_out::Kept;
use agentspan_tests::Collector;
use tracing_subscriber::prelude::*;

#[test]
fn of_two_layers_in_one_subscriber_the_last_records() {
    let (one, other) = (Collector::start(), Collector::start());
    let (inner, first) = agentspan::builder().with_endpoint(one.endpoint()).layer();
    let (outer, second) = agentspan::builder().with_endpoint(other.endpoint()).layer();
    let subscriber = tracing_subscriber::registry().with(inner).with(outer);
    tracing::subscriber::with_default(subscriber, || {
        tracing::info_span!("request").in_scope(|| agentspan::tool("t").in_scope(|| {}));
    });
    assert_eq!((first.shutdown().created, second.shutdown().created), (0, 2));
    assert_eq!(other.names(), ["tool.t", "request"]);
}

#[test]
fn the_layer_of_an_exporter_takes_nothing_from_ours() {
    let collector = Collector::start();
    let (ours, telemetry) = agentspan::builder().with_endpoint(collector.endpoint()).layer();
    let theirs = agentspan::exporter(Kept::default()).layer();
    let subscriber = tracing_subscriber::registry().with(ours).with(theirs);
    tracing::subscriber::with_default(subscriber, || tracing::info_span!("request").in_scope(|| {}));
    assert_eq!(telemetry.shutdown().to_string(), "agentspan: 1 of 1 spans delivered");
    assert_eq!(collector.names(), ["request"]);
}

#[test]
fn two_telemetries_never_mix() {
    let (one, other) = (Collector::start(), Collector::start());
    let ran = Program::new(&format!("none none sides:{},{} drop", one.endpoint(), other.endpoint()));
    let ran = ran.without("OTEL_SERVICE_NAME").run();
    for (collector, name, usd) in [(&one, "one", 1.0), (&other, "other", 2.0)] {
        let spans = collector.spans();
        assert_eq!(spans.len(), 200, "{name}");
        for span in &spans {
            assert_eq!(span.resource("service.name"), Some(&name.into()));
            assert_eq!(span.text("agent.name"), Some(name), "{span:?}");
        }
        // A price of one's own is that of one telemetry.
        let roots: Vec<_> = spans.iter().filter(|span| span.parent_id.is_none()).collect();
        assert_eq!(roots.len(), 100, "{name}");
        assert!(
            roots.iter().all(|root| root.double("cost.total_usd") == Some(usd)),
            "{name}: {:?}",
            roots[0]
        );
        // Content that one asks for stays in the other.
        let content = spans.iter().filter(|span| span.text("user.query").is_some()).count();
        assert_eq!(content, if name == "one" { 100 } else { 0 }, "{name}");
        assert_eq!(ran.get(name), "agentspan: 200 of 200 spans delivered");
    }
    assert_eq!(ran.err, "");
}
