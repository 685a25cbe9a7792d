//! What leaves the process and what does not: content, secrets, sizes, names, other people's spans.

use crate::program::{Program, Ran};
use agentspan_tests::{Collector, Span, Tree};

const CAPTURE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";

fn run(words: &str, variables: &[(&str, &str)]) -> (Ran, Vec<Span>) {
    let collector = Collector::start();
    let ran = Program::new(words).to(&collector).envs(variables).run();
    assert_eq!(ran.number("delivered"), ran.number("created"), "{ran:?}");
    (ran, collector.spans())
}

#[track_caller]
fn find<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no `{name}` in {spans:?}"))
}

/// One text of each class: messages, tools, queries, documents, reasons, errors.
const TEXTS: [&str; 10] = [
    "the message",
    "the argument",
    "the result",
    "the query",
    "the answer",
    "the search",
    "the document",
    "the reason",
    "the error text",
    "get_weather",
];

/// Which of the texts arrive, by class.
fn classes(spans: &[Span]) -> String {
    let all = format!("{spans:?}");
    let shown = |text: &&str| all.contains(text);
    TEXTS[..9]
        .iter()
        .filter(|text| shown(text))
        .map(|text| text.trim_start_matches("the "))
        .collect::<Vec<_>>()
        .join(",")
}

#[test]
fn content_leaves_only_when_code_and_environment_allow_it() {
    const ALL: &str = "message,argument,result,query,answer,search,document,reason,error text";
    const NO_TOOLS: &str = "message,query,answer,search,document,reason,error text";
    let check = |start: &str, environment: &str, expected: &str, warnings: usize| {
        let (ran, spans) = run(&format!("{start} none content shutdown"), &[(CAPTURE, environment)]);
        assert_eq!(classes(&spans), expected, "{start} {environment}");
        assert_eq!(ran.lines().len(), warnings, "{start} {environment}: {}", ran.err);
    };
    check("init", "", "", 0);
    check("init", "SPAN_ONLY", ALL, 0);
    check("init", "span_and_event", ALL, 0);
    check("init", "true", ALL, 0);
    check("init", "EVENT_ONLY", "", 1);
    check("init", "NO_CONTENT", "", 0);
    check("init", "everything", "", 1);
    check("init+content", "", ALL, 0);
    check("init+content", "NO_CONTENT", "", 0);
    check("init+content", "false", "", 0);
    check("init+content", "EVENT_ONLY", "", 1);
    check("init+content+without-tools", "", NO_TOOLS, 0);
    check("init+without-tools", "SPAN_ONLY", NO_TOOLS, 0);
    check("init+no-content", "SPAN_ONLY", "", 0);
    check("exporter", "", "", 0);
    check("exporter", "SPAN_ONLY", ALL, 0);
}

#[test]
fn sizes_explain_a_trace_without_content() {
    let (_, spans) = run("init none content shutdown", &[]);
    assert_eq!(find(&spans, "tool.look").int("tool.arguments_size"), Some(27));
    assert_eq!(find(&spans, "tool.look").int("tool.result_size"), Some(10));
    assert_eq!(find(&spans, "retrieval.wiki").int("retrieval.document_count"), Some(1));
    assert_eq!(find(&spans, "llm.openai.gpt-4o").int("llm.message_count"), Some(1));
}

#[test]
fn a_secret_in_any_text_stays_in_the_process() {
    for start in ["init", "init+content", "exporter+content"] {
        let variables = [
            ("OTEL_TRACES_EXPORTER", "otlp,console"),
            ("AGENTSPAN_LOG_EVENTS", "trace"),
            ("AGENTSPAN_SPANS", "trace"),
            ("AGENTSPAN_DIALECTS", "gen_ai,openinference"),
        ];
        let (ran, spans) = run(&format!("{start} none secrets shutdown"), &variables);
        assert_eq!(spans.len(), 4, "{start}");
        let sent = format!("{spans:?}");
        for secret in ["Zq8vN2mLr5Tx1Wb7Yc4Kd9Pf", "user:sk"] {
            assert!(!sent.contains(secret), "{start}: {sent}");
            assert!(!ran.err.contains(secret) && !ran.out.contains(secret), "{start}: {ran:?}");
        }
        assert!(sent.contains("[REDACTED:openai_key]"), "{start}: {sent}");
    }
}

#[test]
fn a_huge_value_loses_neither_the_batch_nor_tokens_cost_and_identity() {
    for (start, largest) in
        [("init", 64 * 1024), ("init+content", 256 * 1024), ("init+content+long-content", 4 << 20)]
    {
        let collector = Collector::start();
        let ran = Program::new(&format!("{start} none huge shutdown")).to(&collector).run();
        assert_eq!((ran.number("delivered"), ran.err.as_str()), (3, ""), "{start}");
        for request in collector.requests() {
            // Tempo refuses traces over 5 MB.
            assert!(request.size < 5_000_000, "{start}: {}", request.size);
        }
        let tool = collector.span("tool.load");
        assert!(format!("{tool:?}").len() < 2 * largest, "{start}");
        assert!(tool.int("tool.arguments_size").is_some_and(|size| size > 5_000_000), "{start}");
        assert_eq!(tool.double("cost.self_usd"), Some(0.5), "{start}");
        assert_eq!((tool.text("session.id"), tool.text("user.id")), (Some("s-42"), Some("u-7")), "{start}");
        let call = collector.span("llm.openai.gpt-4o");
        assert_eq!(call.int("llm.token_count.prompt"), Some(412), "{start}");
        assert_eq!(collector.span("agent.heavy").double("cost.total_usd"), Some(0.50157), "{start}");
        if let Some(arguments) = tool.text("tool.arguments") {
            serde_json::from_str::<serde_json::Value>(arguments).expect("what was cut is still JSON");
            assert!(
                tool.int("tool.arguments.original_length").is_some_and(|length| length > 5_000_000),
                "{start}"
            );
        }
    }
}

/// What a trace is searched and added up by.
const VITAL: [&str; 9] = [
    "agent.run_id",
    "agent.outcome",
    "session.id",
    "user.id",
    "llm.token_count.prompt",
    "llm.token_count.completion",
    "cost.self_usd",
    "cost.total_usd",
    "gen_ai.usage.input_tokens",
];

#[test]
fn the_limit_of_attributes_never_costs_tokens_cost_or_identity() {
    let check = |name: &str, limit: &str, own: std::ops::RangeInclusive<usize>| {
        let (_, spans) = run("init none wide shutdown", &[(name, limit)]);
        let call = find(&spans, "llm.openai.gpt-4o");
        for key in VITAL {
            assert!(call.get(key).is_some(), "{name}={limit} lost {key}");
        }
        let kept = call.attributes.iter().filter(|(key, _)| key.starts_with("own.")).count();
        assert!(own.contains(&kept), "{name}={limit} keeps {kept}");
        assert_eq!(call.dropped_attributes > 0, kept < 200, "{name}={limit}");
    };
    check("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "", 80..=128);
    check("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "50", 0..=50);
    check("OTEL_ATTRIBUTE_COUNT_LIMIT", "0", 0..=0);
    check("OTEL_ATTRIBUTE_COUNT_LIMIT", "1000", 200..=200);
}

#[test]
fn the_limit_of_lengths_cuts_texts_and_no_identity() {
    let (_, spans) = run("init none wide shutdown", &[("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3")]);
    let call = find(&spans, "llm.openai.gpt-4o");
    assert_eq!(call.text("own.7"), Some("xxx"));
    assert_eq!(call.text("session.id"), Some("s-42"));
    assert_eq!(call.text("agent.run_id").map(str::len), Some(32));
}

#[test]
fn dialects_are_chosen_by_the_environment() {
    let check = |dialects: &str, gen_ai: bool, openinference: bool| {
        let (_, spans) = run("init none weather shutdown", &[("AGENTSPAN_DIALECTS", dialects)]);
        let call = find(&spans, "llm.openai.gpt-4o");
        assert_eq!(call.text("llm.provider"), Some("openai"), "{dialects}");
        assert_eq!(call.text("gen_ai.operation.name").is_some(), gen_ai, "{dialects}");
        assert_eq!(call.text("openinference.span.kind"), openinference.then_some("LLM"), "{dialects}");
        assert_eq!(call.repeated_keys(), [""; 0], "{dialects}");
    };
    check("", true, false);
    check("openinference", false, true);
    check("gen_ai,openinference", true, true);
    check("canonical", false, false);
    let (_, spans) = run("init none weather shutdown", &[("AGENTSPAN_DIALECTS", "gen_ai,otel_span_names")]);
    assert_eq!(
        Tree::of(&spans).to_string(),
        "invoke_agent weather_assistant\n  chat gpt-4o\n  execute_tool get_weather\n"
    );
}

#[test]
fn spans_of_others_are_chosen_by_the_environment() {
    let check = |variables: &[(&str, &str)], tree: &str| {
        let (ran, spans) = run("init none plain shutdown", variables);
        assert_eq!(Tree::of(&spans).events().to_string(), tree, "{variables:?}");
        assert!(ran.lines().iter().all(|line| line.contains(" WARN ")), "{variables:?}: {}", ran.err);
        let sent = format!("{spans:?}");
        assert!(!sent.contains("busy_ns") && !sent.contains("code.") && !sent.contains("thread."), "{sent}");
    };
    let whole = "agent.host\n  library.call\n    tool.inner\n";
    check(&[], whole);
    check(&[("AGENTSPAN_SPANS", "off")], "agent.host\n  tool.inner\n");
    check(&[("AGENTSPAN_SPANS", "other=trace")], "agent.host\n  tool.inner\n");
    check(&[("AGENTSPAN_SPANS", "debug")], "agent.host\n  library.call\n    tool.inner\n  library.detail\n");
    check(&[("RUST_LOG", "off")], whole);
    check(&[("AGENTSPAN_LOG_EVENTS", "none")], whole);
    check(&[("AGENTSPAN_LOG_EVENTS", "error")], whole);
    check(&[("AGENTSPAN_LOG_EVENTS", "warn")], "agent.host\n  library.call\n    ! careful\n    tool.inner\n");
}

/// An answer to a question about a level once switched off the span that was made next (tokio-rs/tracing#2519).
#[test]
fn questions_about_levels_lose_no_span_and_the_export_is_not_traced() {
    for start in ["init", "layer"] {
        let variables = [
            ("RUST_LOG", "trace"),
            ("AGENTSPAN_SPANS", "trace"),
            ("AGENTSPAN_LOG_EVENTS", "trace"),
            ("OTEL_BSP_SCHEDULE_DELAY", "1"),
        ];
        let (ran, spans) = run(&format!("{start} none trap shutdown"), &variables);
        let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
        assert_eq!(names, ["tool.step"; 10], "{start}: {ran:?}");
        for own in ["ureq", "rustls", "opentelemetry", "agentspan-export", "v1/traces"] {
            assert!(!ran.err.contains(own), "{start} logs {own}: {}", ran.err);
        }
    }
}

#[test]
fn log_lines_in_a_run_carry_its_trace_and_its_id() {
    let (ran, _) = run("init none logs shutdown", &[]);
    let lines: Vec<_> =
        ran.err.lines().filter_map(|line| line.split_once(' ')).map(|(_, line)| line.trim()).collect();
    let inside = format!(
        "WARN test_agent::work: inside answer=42 trace_id={} run_id={}",
        ran.get("trace_id"),
        ran.get("run_id")
    );
    assert_eq!(lines, ["WARN test_agent::work: outside", inside.as_str()]);
    assert_eq!((ran.get("trace_id").len(), ran.get("run_id").len()), (32, 32));
}
