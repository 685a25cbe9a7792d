//! The ways to start, and what stands in their way.

use crate::program::{Program, Ran};
use agentspan_tests::{Collector, Span, Tree};
use serde_json::{Value, json};

/// Runs a program against a collector that takes everything; gives what it said and the spans that came.
fn run(words: &str, variables: &[(&str, &str)]) -> (Ran, Vec<Span>) {
    let collector = Collector::start();
    let ran = Program::new(words).to(&collector).envs(variables).run();
    (ran, collector.spans())
}

const BOOKS: [&str; 5] =
    ["agent.stop_reason", "agent.step_index", "session.id", "gen_ai.operation.name", "cost.total_usd"];

const WEATHER: &str = r#"
agent.weather_assistant {agent.stop_reason="completed" session.id="s-42" gen_ai.operation.name="invoke_agent" cost.total_usd=0.00167}
  llm.openai.gpt-4o {agent.step_index=1 session.id="s-42" gen_ai.operation.name="chat" cost.total_usd=0.00157}
  tool.get_weather {agent.step_index=2 session.id="s-42" gen_ai.operation.name="execute_tool" cost.total_usd=0.0001}
"#;

#[track_caller]
fn assert_weather(spans: &[Span], case: &str) {
    assert_eq!(Tree::of(spans).show(&BOOKS).to_string(), WEATHER.trim_start(), "{case}");
    for span in spans {
        assert_eq!(span.repeated_keys(), [""; 0], "{case}");
    }
}

#[test]
fn every_way_to_start_and_every_runtime_deliver_the_same_tree() {
    for start in ["plain-init", "init", "try_init", "layer", "layer-warn", "layer-error", "exporter"] {
        for runtime in ["none", "current", "multi"] {
            let case = format!("{start} {runtime} weather shutdown");
            let (ran, spans) = run(&case, &[]);
            assert_weather(&spans, &case);
            assert_eq!((ran.number("created"), ran.number("delivered")), (3, 3), "{case}");
            assert_eq!(ran.get("total_usd"), "0.00167", "{case}");
            assert_eq!(ran.err, "", "{case}");
        }
    }
}

#[test]
fn a_second_start_changes_nothing_and_says_so() {
    let (ran, spans) = run("twice none weather shutdown", &[]);
    assert_weather(&spans, "the first start goes on");
    assert_eq!(ran.get("second"), "agentspan: 0 of 0 spans delivered Some(AlreadyStarted)");
    assert_eq!(ran.lines(), [STARTED_BEFORE]);
}

#[test]
fn a_start_beside_our_own_layer_does_not_ask_for_that_layer() {
    let (ran, spans) = run("layer-then-init none weather shutdown", &[]);
    assert_weather(&spans, "the layer goes on");
    assert_eq!(ran.lines(), [STARTED_BEFORE]);
}

const STARTED_BEFORE: &str = "agentspan: the telemetry was started before, and its layer is in the global `tracing` \
    subscriber, so nothing was changed; start once, and hold what the first start gave until the end of the program";

const ALREADY_STARTED: &str = "agentspan: a global `tracing` subscriber is installed already, so nothing was changed and \
    no span is recorded; add the layer of `agentspan::builder().layer()` to that subscriber";

#[test]
fn beside_another_subscriber_nothing_is_recorded_but_the_books_are_kept() {
    let (ran, spans) = run("beside none weather shutdown", &[]);
    assert_eq!(spans, []);
    assert_eq!(ran.get("total_usd"), "0.00167");
    assert_eq!(ran.lines(), [ALREADY_STARTED]);
}

const TWO_BRIDGES: &str = "agentspan: the subscriber has an OpenTelemetry layer beside agentspan's own, so each span \
    leaves through one of the two, without sums and translation where it is the other; wrap its exporter in \
    `agentspan::exporter(…)` and use the `layer()` of that, or remove one of the two";

#[test]
fn beside_another_bridge_each_span_is_recorded_once() {
    for start in ["bridge-first", "bridge-last", "bridge-vec"] {
        let (ran, spans) = run(&format!("{start} none plain shutdown"), &[]);
        let mut names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["agent.host", "library.call", "library.detail", "tool.inner"], "{start}");
        assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id), "{start}");
        assert_eq!(ran.lines(), [TWO_BRIDGES], "{start}");
    }
}

#[test]
fn a_span_made_before_the_start_is_warned_of_once() {
    let (ran, spans) = run("late none weather shutdown", &[]);
    assert_weather(&spans, "what came later");
    let warning = "agentspan: a span is not recorded: it was made before `agentspan::init()`; start the telemetry first";
    assert_eq!(ran.lines(), [warning]);
}

#[test]
fn a_span_made_after_the_end_is_warned_of_once() {
    let (ran, spans) = run("init none weather drop-and-go-on", &[]);
    assert_weather(&spans, "what came before");
    let warning = "agentspan: a span is not recorded: its telemetry was shut down, or dropped; hold what \
        `agentspan::init()` gives in a variable with a name (`let _ =` drops it at once) until the last span has ended";
    assert_eq!(ran.lines(), [warning]);
}

#[test]
fn a_filter_that_switches_our_target_off_is_warned_of_once() {
    let (ran, spans) = run("layer-off none weather shutdown", &[]);
    assert_weather(&spans, "steps need no `tracing` span");
    let warning = "agentspan: a filter of the subscriber switches off the target `agentspan`, so spans of other \
        libraries and tasks carried by `tracing` are torn from their steps; let it through at level `error`";
    assert_eq!(ran.lines(), [warning]);
}

#[test]
fn no_level_of_log_lines_hides_a_span() {
    for level in ["off", "error", "warn", "info", "debug", "trace", "agentspan=off", "off,my_crate=info"] {
        let (ran, spans) = run("init none weather shutdown", &[("RUST_LOG", level)]);
        assert_weather(&spans, level);
        assert_eq!(ran.err, "", "{level}");
    }
}

/// `release_max_level_warn` compiles away what is below `warn`; nothing else could keep it.
#[test]
fn steps_are_made_at_the_level_that_no_limit_takes_away() {
    let (ran, _) = run("init none levels shutdown", &[]);
    assert_eq!(ran.get("level"), "ERROR");
}

#[test]
fn disabled_no_span_leaves_and_books_and_log_lines_stay() {
    for start in ["init", "layer", "try_init"] {
        let (ran, spans) =
            run(&format!("{start} current weather shutdown"), &[("OTEL_SDK_DISABLED", "true")]);
        assert_eq!((spans, ran.number("created"), ran.err.as_str()), (vec![], 0, ""), "{start}");
        assert_eq!(ran.get("total_usd"), "0.00167", "{start}");
    }
    let (ran, _) = run("init none logs shutdown", &[("OTEL_SDK_DISABLED", "true")]);
    let line = format!("WARN test_agent::work: inside answer=42 run_id={}", ran.get("run_id"));
    assert!(ran.err.contains(&line), "{}", ran.err);
}

#[test]
fn exporters_are_chosen_by_the_environment() {
    let check = |exporters: &str, sent: usize, printed: bool| {
        let (ran, spans) = run("init none weather shutdown", &[("OTEL_TRACES_EXPORTER", exporters)]);
        assert_eq!(spans.len(), sent, "{exporters}");
        assert_eq!(ran.err.contains("agent.weather_assistant"), printed, "{exporters}: {}", ran.err);
        assert_eq!(ran.err.is_empty(), !printed, "{exporters}: {}", ran.err);
        assert_eq!(ran.get("total_usd"), "0.00167", "{exporters}");
    };
    check("otlp", 3, false);
    check("none", 0, false);
    check("console", 0, true);
    check("otlp,console", 3, true);
    check("console, otlp, console", 3, true);
}

#[test]
fn resource_and_scope_say_where_spans_come_from() {
    let attributes = "deployment.environment.name=test%20bed,service.version=1.2.3";
    let (_, spans) = run("init none weather shutdown", &[("OTEL_RESOURCE_ATTRIBUTES", attributes)]);
    for span in &spans {
        let text = |key: &str| span.resource(key).and_then(Value::as_str).unwrap_or_default();
        assert_eq!(text("service.name"), "test");
        assert_eq!(text("service.version"), "1.2.3");
        assert_eq!(text("deployment.environment.name"), "test bed");
        assert_eq!(text("service.instance.id").len(), 32);
        assert!(!text("host.name").is_empty());
        assert!(span.resource("process.pid").is_some_and(Value::is_i64));
        assert_eq!(text("telemetry.distro.name"), "agentspan");
        assert_eq!(text("telemetry.distro.version"), env!("CARGO_PKG_VERSION_MAJOR").to_owned() + ".1.0");
        assert_eq!(text("telemetry.sdk.language"), "rust");
        assert_eq!(text("telemetry.sdk.name"), "opentelemetry");
        assert!(!text("telemetry.sdk.version").is_empty());
        assert_eq!(span.scope, ("agentspan".to_owned(), "0.1.0".to_owned()));
        assert_eq!(span.schema_url, "https://opentelemetry.io/schemas/1.42.0");
    }
    let given = "service.instance.id=mine,host.name=box,process.pid=7,service.name=lost";
    let (_, spans) = run("init none weather shutdown", &[("OTEL_RESOURCE_ATTRIBUTES", given)]);
    let resource = |key: &str| spans[0].resource(key).cloned();
    assert_eq!(resource("service.instance.id"), Some(json!("mine")));
    assert_eq!(resource("host.name"), Some(json!("box")));
    assert_eq!(resource("service.name"), Some(json!("test")));
}

#[test]
fn a_service_without_a_name_is_warned_of() {
    let collector = Collector::start();
    let program = Program::new("init none weather shutdown").to(&collector).without("OTEL_SERVICE_NAME");
    let ran = program.run();
    assert_eq!(collector.spans()[0].resource("service.name"), Some(&json!("unknown_service:test-agent")));
    let warning = "agentspan: no service name is set, so traces are found under `unknown_service:test-agent`; set \
        `OTEL_SERVICE_NAME=my-agent`";
    assert_eq!(ran.lines(), [warning]);
    let program = Program::new("init+service=mine none weather shutdown").to(&collector);
    assert_eq!(program.without("OTEL_SERVICE_NAME").run().err, "");
    let last = collector.spans().pop().expect("spans came");
    assert_eq!(last.resource("service.name"), Some(&json!("mine")));
}

#[test]
fn each_bad_setting_is_warned_of_once() {
    let check = |name: &str, value: &str, warning: &str| {
        let (ran, spans) = run("init none weather shutdown", &[(name, value)]);
        assert_eq!(ran.lines(), [format!("agentspan: {warning}")], "{name}={value}");
        assert_eq!(spans.len(), 3, "{name}={value}");
    };
    check(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "grpc",
        "`OTEL_EXPORTER_OTLP_PROTOCOL=grpc` is not supported yet; using `http/protobuf`, for which collectors listen on \
         port 4318, not 4317",
    );
    check(
        "OTEL_SDK_DISABLED",
        "yes",
        "ignoring `OTEL_SDK_DISABLED=yes`: expected `true` or `false`; using `false`",
    );
    check(
        "OTEL_BSP_MAX_QUEUE_SIZE",
        "0",
        "ignoring `OTEL_BSP_MAX_QUEUE_SIZE=0`: expected a whole number of spans, at least 1; using 2048 spans",
    );
    check(
        "OTEL_TRACES_EXPORTER",
        "zipkin",
        "ignoring `OTEL_TRACES_EXPORTER=zipkin`: expected `otlp`, `console` or `none`; using `otlp`",
    );
    check(
        "OTEL_LOG_LEVEL",
        "debug",
        "ignoring `OTEL_LOG_LEVEL=debug`: log lines are chosen by `RUST_LOG`; using `RUST_LOG=warn`",
    );
    check(
        "AGENTSPAN_LOGEVENTS",
        "info",
        "ignoring `AGENTSPAN_LOGEVENTS`: there is no such variable; did you mean `AGENTSPAN_LOG_EVENTS`?",
    );
    // Through the layer and the exporter as well.
    for start in ["layer", "exporter"] {
        let variables = [("OTEL_SDK_DISABLED", "yes")];
        let (ran, _) = run(&format!("{start} none weather shutdown"), &variables);
        assert_eq!(ran.lines().len(), 1, "{start}: {}", ran.err);
    }
}
