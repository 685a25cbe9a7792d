//! A real Jaeger takes what we send and gives it back, also after a restart.

use agentspan_tests::client::post;
use agentspan_tests::example::run;
use agentspan_tests::{Jaeger, Span, Tree, names, otlp, root};
use prost::Message;
use serde_json::json;
use std::fs;
use std::io::{self, Write};
use std::process::Command;
use std::time::Duration;
use tracing_subscriber::layer::SubscriberExt;
use yaml_rust2::{Yaml, YamlLoader};

const SERVICE: &str = "smoke";
const TRACE: &str = "0000000000000abc0000000000000001";

#[test]
fn a_trace_is_read_back_through_both_interfaces_and_survives_a_restart() {
    let Some(mut jaeger) = Jaeger::start_or_skip("a trace is read back") else { return };
    let (trace, base) = (u128::from_str_radix(TRACE, 16).expect("hex"), otlp::now());
    let spans = vec![
        otlp::span(
            trace,
            1,
            0,
            base,
            "agent.smoke",
            &[
                ("agent.outcome", json!("ok")),
                ("cost.total_usd", json!(2.0)),
                ("cost.over_1_usd", json!(true)),
            ],
        ),
        otlp::failed(
            otlp::span(trace, 2, 1, base, "tool.broken", &[("tool.call_index", json!(1))]),
            "no such city",
        ),
    ];
    let other = otlp::span(trace + 1, 3, 0, base, "agent.other", &[("agent.outcome", json!("cancelled"))]);
    for spans in [spans, vec![other]] {
        let body = otlp::request(SERVICE, spans).encode_to_vec();
        let answer = post(jaeger.otlp(), "/v1/traces", &[("content-type", "application/x-protobuf")], &body);
        assert_eq!(answer.expect("an answer").status, 200);
    }
    check(&jaeger);
    jaeger.restart();
    check(&jaeger);
}

fn check(jaeger: &Jaeger) {
    let keys = ["agent.outcome", "cost.*", "tool.call_index"];
    let expected = "agent.smoke {agent.outcome=\"ok\" cost.over_1_usd=true cost.total_usd=2.0}\n  \
                    tool.broken {tool.call_index=1} error: no such city\n";
    for spans in [jaeger.trace(TRACE), jaeger.trace_v3(TRACE)] {
        assert_eq!(Tree::of(&spans).show(&keys).to_string(), expected);
        assert!(spans.iter().all(|span| span.trace_id == TRACE && span.kind == "internal"), "{spans:?}");
        assert_eq!(spans[0].resource("service.name"), Some(&json!(SERVICE)));
        assert_eq!(spans[0].scope.0, "by hand");
    }
    assert_eq!(jaeger.trace_v3("000000000000000000000000000000ff"), []);
    assert_eq!(jaeger.services(), [SERVICE]);

    assert_eq!(jaeger.find_ids(SERVICE, &[]).len(), 2);
    assert_eq!(jaeger.find_ids(SERVICE, &[("agent.outcome", "ok"), ("cost.over_1_usd", "true")]), [TRACE]);
    assert_eq!(jaeger.find_ids(SERVICE, &[("agent.outcome", "error")]), [""; 0]);
    assert_eq!(jaeger.find_v3(SERVICE).len(), 3);
}

#[test]
fn the_health_check_of_the_compose_file_tells_a_running_jaeger_from_a_stopped_one() {
    let Some(mut jaeger) = Jaeger::start_or_skip("the health check") else { return };
    let healthy = |port: u16| {
        let file = fs::read_to_string(root().join("docker-compose.yml")).expect("docker-compose.yml");
        let compose = YamlLoader::load_from_str(&file).expect("YAML").remove(0);
        let test = compose["services"]["jaeger"]["healthcheck"]["test"].as_vec().expect("a list");
        // What stands inside the container is replaced by what stands here; `$$` is how compose writes `$`.
        let arguments = test.iter().skip(2).filter_map(Yaml::as_str).map(|argument| {
            argument
                .replace("$$", "$")
                .replace("/etc/jaeger/jaeger.yaml", &root().join("deploy/jaeger.yaml").to_string_lossy())
                .replace(":13133/", &format!(":{port}/"))
        });
        let output = Command::new(agentspan_tests::jaeger::binary()).args(arguments).output();
        output.expect("the health check runs").status.success()
    };
    assert!(healthy(jaeger.health_port()));
    jaeger.stop();
    assert!(!healthy(jaeger.health_port()));
}

#[test]
fn what_the_examples_send_is_read_back_and_found_also_after_a_restart() {
    let Some(mut jaeger) = Jaeger::start_or_skip("the examples are read back") else { return };
    let endpoint = jaeger.endpoint();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_TRACES_EXPORTER", "otlp")];
    for name in [
        "weather_agent",
        "failing_tool",
        "streamed_reply",
        "batch_of_runs",
        "approval",
        "own_subscriber",
        "sampling",
    ] {
        let ended = run(name, &variables, Duration::from_secs(20));
        assert!(
            ended.success() && ended.err.contains("delivered") && !ended.err.contains("lost"),
            "{ended:?}"
        );
        assert!(name != "weather_agent" || ended.err.contains("Look for trace "), "{ended:?}");
    }
    dear_run(&jaeger);
    check_examples(&jaeger);
    jaeger.restart();
    check_examples(&jaeger);
}

#[test]
fn a_trace_through_four_processes_is_one_tree_with_session_and_user_on_every_span() {
    let test = "a trace through four processes";
    if !nats_is_there_or_skip(test) {
        return;
    }
    let Some(jaeger) = Jaeger::start_or_skip(test) else { return };
    let (endpoint, url) = (jaeger.endpoint(), jaeger.user_interface());
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_TRACES_EXPORTER", "otlp"),
        ("JAEGER_URL", url.as_str()),
    ];
    let ended = run("four_processes", &variables, Duration::from_secs(60));
    assert!(ended.success(), "{ended:?}");
    assert!(ended.out.contains("          retrieval.rain_gauges  "), "{ended:?}");
    for report in ["front: agentspan: 2 of 2", "worker: agentspan: 4 of 4", "tool: agentspan: 2 of 2"] {
        assert!(ended.err.contains(&format!("{report} spans delivered")), "{ended:?}");
    }

    let [trace] = &jaeger.find_ids("front", &[("session.id", "s-42"), ("user.id", "u-7")])[..] else {
        panic!("one trace: {ended:?}")
    };
    let shown = ["session.id", "user.id", "agent.name", "agent.outcome"];
    for spans in [jaeger.trace(trace), jaeger.trace_v3(trace)] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(Tree::of(&spans).show(&shown).links(), @r#"
            agent.travel_desk {session.id="s-42" user.id="u-7" agent.name="travel_desk" agent.outcome="ok"}
              handoff.rain_expert {session.id="s-42" user.id="u-7" agent.name="travel_desk" agent.outcome="ok"}
                agent.rain_expert {session.id="s-42" user.id="u-7" agent.name="rain_expert" agent.outcome="ok"}
                  llm.openai.gpt-4o {session.id="s-42" user.id="u-7" agent.name="rain_expert" agent.outcome="ok"}
                  tool.get_weather {session.id="s-42" user.id="u-7" agent.name="rain_expert" agent.outcome="ok"}
                    > llm.openai.gpt-4o
                    tool.get_weather {session.id="s-42" user.id="u-7" agent.outcome="ok"}
                      retrieval.rain_gauges {session.id="s-42" user.id="u-7" agent.outcome="ok"}
                  llm.openai.gpt-4o-mini {session.id="s-42" user.id="u-7" agent.name="rain_expert" agent.outcome="ok"}
            "#);
        }
        let services = spans.iter().filter_map(|span| span.resource("service.name")?.as_str());
        let of: Vec<_> =
            services.zip(&spans).map(|(service, span)| (service, &*span.name, &*span.kind)).collect();
        for one in [
            ("front", "agent.travel_desk", "internal"),
            ("front", "handoff.rain_expert", "internal"),
            ("worker", "agent.rain_expert", "internal"),
            ("worker", "llm.openai.gpt-4o", "client"),
            ("worker", "llm.openai.gpt-4o-mini", "client"),
            ("worker", "tool.get_weather", "internal"),
            ("tool", "tool.get_weather", "server"),
            ("tool", "retrieval.rain_gauges", "client"),
        ] {
            assert!(of.contains(&one), "{one:?} in {of:?}");
        }
        for span in &spans {
            assert_eq!(names::strangers(span, &[]), [""; 0], "{span:?}");
        }
    }
    // One trace in each service, and no other beside it.
    for service in ["front", "worker", "tool"] {
        assert_eq!(jaeger.find_ids(service, &[]), std::slice::from_ref(trace), "{service}");
    }
}

/// Whether there is a real queue; with `CI=true` it is a failure if not.
fn nats_is_there_or_skip(test: &str) -> bool {
    let is_there = Command::new("nats-server").arg("--version").output().is_ok();
    let why = format!("`{test}` needs a real queue: apt-get install nats-server");
    assert!(is_there || std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{why}");
    if !is_there {
        // Not `eprintln!`, which a test that passes shows to nobody.
        let _shown = writeln!(io::stderr(), "skipped: {why}");
    }
    is_there
}

/// A run that costs 12.50 USD, beside a cheap one.
fn dear_run(jaeger: &Jaeger) {
    let (layer, telemetry) =
        agentspan::builder().service_name("dear").with_endpoint(jaeger.endpoint()).layer();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for usd in [12.5, 0.5] {
            agentspan::agent("spender").in_scope(|| agentspan::tool("buy").cost_usd(usd).in_scope(|| ()));
        }
    });
    let report = telemetry.shutdown();
    assert_eq!((report.created, report.delivered), (4, 4), "{report}");
}

fn check_examples(jaeger: &Jaeger) {
    let [weather] = &jaeger.find_ids("weather-agent", &[])[..] else {
        panic!("one trace of the weather agent")
    };
    for spans in [jaeger.trace(weather), jaeger.trace_v3(weather)] {
        check_weather(&spans);
    }
    // What one finds an incident by.
    let found = |service: &str, tags: &[(&str, &str)]| jaeger.find_ids(service, tags).len();
    let completed = [("agent.outcome", "ok"), ("agent.stop_reason", "completed")];
    assert_eq!(
        jaeger.find_ids("weather-agent", &[&completed[..], &[("session.id", "s-42")]].concat()),
        std::slice::from_ref(weather)
    );
    assert_eq!(found("weather-agent", &[("session.id", "s-43")]), 0);
    assert_eq!(found("weather-agent", &[("tenant", "acme"), ("user.id", "u-7")]), 1);
    assert_eq!(found("failing-tool", &[("error.type", "ServiceDown"), ("agent.outcome", "error")]), 1);
    assert_eq!(found("failing-tool", &[("recovery.action", "fallback")]), 1);
    assert_eq!(found("streamed-reply", &[("agent.stop_reason", "llm_error")]), 1);
    assert_eq!(
        found("streamed-reply", &[("agent.outcome", "cancelled"), ("llm.stream_end", "abandoned")]),
        1
    );
    assert_eq!(found("batch-of-runs", &[("session.id", "document-3")]), 1);
    assert_eq!(found("batch-of-runs", &[]), 6);
    assert_eq!(found("approval", &[("agent.stop_reason", "rejected")]), 1);
    assert_eq!(found("sampling", &[]), 1_000);
    for (tag, runs) in [("cost.over_1_usd", 1), ("cost.over_10_usd", 1), ("cost.over_100_usd", 0)] {
        assert_eq!(found("dear", &[(tag, "true")]), runs, "{tag}");
    }
    assert_eq!(found("dear", &[("agent.stop_reason", "completed")]), 2);
}

fn check_weather(spans: &[Span]) {
    let shown = ["gen_ai.operation.name", "agent.step_index", "cost.total_usd", "agent.stop_reason"];
    insta::allow_duplicates! {
        insta::assert_snapshot!(Tree::of(spans).show(&shown), @r#"
        agent.weather_assistant {gen_ai.operation.name="invoke_agent" cost.total_usd=0.0018932 agent.stop_reason="completed"}
          llm.openai.gpt-4o {gen_ai.operation.name="chat" agent.step_index=1 cost.total_usd=0.00157}
          tool.get_weather {gen_ai.operation.name="execute_tool" agent.step_index=2 cost.total_usd=0.0001}
          llm.openai.gpt-4o-mini {gen_ai.operation.name="chat" agent.step_index=3 cost.total_usd=0.0002232}
        "#);
    }
    let kinds: Vec<_> = spans.iter().map(|span| (span.name.as_str(), span.kind.as_str())).collect();
    for (name, kind) in [("agent.weather_assistant", "internal"), ("llm.openai.gpt-4o", "client")] {
        assert!(kinds.contains(&(name, kind)), "{kinds:?}");
    }
    let everywhere = "agent.run_id agent.root_run_id agent.name agent.step_type agent.outcome session.id user.id \
                      cost.self_usd cost.total_usd cost.status gen_ai.operation.name gen_ai.agent.name \
                      gen_ai.conversation.id tenant";
    let of_kind = |span: &Span| match span.text("agent.step_type") {
        Some("run") => {
            "user.query agent.result agent.stop_reason agent.step_count agent.llm_call_count agent.tool_call_count \
             agent.failed_step_count agent.token_count.prompt agent.token_count.completion agent.token_count.total \
             agent.breakdown"
        }
        Some("tool_call") => {
            "agent.step_index tool.name tool.call_id tool.arguments tool.result tool.arguments_size \
             tool.result_size tool.call_index tool.repeated tool.cost_usd gen_ai.tool.name gen_ai.tool.call.id"
        }
        Some("llm_generate") => {
            "agent.step_index llm.provider llm.model_name llm.request.model_name llm.response.model_name \
             llm.operation llm.purpose llm.message_count llm.input_size llm.output_size llm.token_count.prompt \
             llm.token_count.completion llm.token_count.total llm.finish_reason llm.finish_class llm.response.id \
             cost.input_usd cost.output_usd cost.source cost.price_model cost.catalog_version \
             gen_ai.provider.name gen_ai.request.model gen_ai.response.model gen_ai.usage.input_tokens \
             gen_ai.usage.output_tokens gen_ai.response.finish_reasons gen_ai.response.id gen_ai.input.messages \
             gen_ai.output.messages"
        }
        other => panic!("a span of type {other:?}"),
    };
    for span in spans {
        let wanted = everywhere.split_whitespace().chain(of_kind(span).split_whitespace());
        let missing: Vec<_> = wanted.filter(|name| span.get(name).is_none()).collect();
        assert_eq!(missing, [""; 0], "{span:?}");
        assert_eq!(names::strangers(span, &["tenant"]), [""; 0], "{span:?}");
        assert_eq!(span.resource("service.name"), Some(&json!("weather-agent")));
        assert_eq!(span.scope.0, "agentspan");
    }
    let [root, first, tool] = ["agent.weather_assistant", "llm.openai.gpt-4o", "tool.get_weather"]
        .map(|name| spans.iter().find(|span| span.name == name).expect(name));
    assert_eq!(tool.parent_id.as_ref(), Some(&root.span_id));
    assert_eq!(tool.links.iter().map(|link| &link.span_id).collect::<Vec<_>>(), [&first.span_id]);
    assert_eq!(root.int("agent.token_count.total"), Some(466 + 1_278));
}
