//! A real Jaeger takes what we send and gives it back, also after a restart.

use agentspan_tests::client::post;
use agentspan_tests::{Jaeger, Tree, otlp, root};
use prost::Message;
use serde_json::json;
use std::fs;
use std::process::Command;
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
