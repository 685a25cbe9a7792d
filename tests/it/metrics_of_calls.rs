//! What the metrics of a call say besides its figures: where it went, how its reply came, and for whom.

use crate::metrics::{SECONDS, crowded, lines, measured};
use agentspan::adapters::{Exchange, Observer};
use agentspan_tests::Series;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::future::ready;
use std::time::Duration;

const URL: &str = "https://api.openai.com/v1/chat/completions";
const PAUSE: Duration = Duration::from_millis(25);

fn reply() -> Value {
    json!({"model": "gpt-4o", "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3}})
}

/// The chunks of a reply, the last with its tokens.
fn chunks() -> [Value; 4] {
    let delta = |text: &str| json!({"model": "gpt-4o", "choices": [{"delta": {"content": text}}]});
    let last = json!({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 7, "completion_tokens": 3}});
    [delta("a"), delta("b"), delta("c"), last]
}

fn named<'a>(metrics: &'a [Series], name: &str) -> Vec<&'a Series> {
    metrics.iter().filter(|it| it.name == name).collect()
}

fn only<'a>(metrics: &'a [Series], name: &str) -> &'a Series {
    let [one] = named(metrics, name)[..] else { panic!("one series of {name}: {metrics:#?}") };
    one
}

fn server(series: &Series) -> (Option<&str>, Option<&str>) {
    (series.text("server.address"), series.text("server.port"))
}

#[tokio::test]
async fn where_a_call_went_stands_on_what_the_conventions_name_and_not_on_the_books() {
    let work = async {
        let llm = || agentspan::llm("openai", "gpt-4o").server("eu.example", Some(8443));
        let _ = llm().call(ready(Ok::<_, String>(reply()))).await;
        let _ = llm().call(ready(Err::<Value, _>("down"))).await;
    };
    let metrics = measured(|it| it, work).await;
    let (whole, bare) = (
        "gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=gpt-4o \
         gen_ai.response.model=gpt-4o server.address=eu.example server.port=8443",
        "gen_ai.operation.name=chat gen_ai.provider.name=openai gen_ai.request.model=gpt-4o",
    );
    let expected = [
        format!("agentspan.cost 0.0000475 USD {bare} gen_ai.response.model=gpt-4o"),
        format!("agentspan.cost.unpriced_calls 1 {{call}} {bare}"),
        format!(
            "gen_ai.client.operation.duration 1 times s error.type=_OTHER {bare} server.address=eu.example server.port=8443"
        ),
        format!("gen_ai.client.operation.duration 1 times s {whole}"),
    ];
    let mut expected = expected.to_vec();
    for (tokens, kind) in [(7, "input"), (3, "output")] {
        let before = whole.replace(" server.address", &format!(" gen_ai.token.type={kind} server.address"));
        expected.push(format!("gen_ai.client.token.usage {tokens} in 1 {{token}} {before}"));
    }
    expected.sort();
    assert_eq!(lines(&metrics), expected);
}

#[tokio::test]
async fn a_host_of_unknown_port_and_a_call_of_unknown_host_say_no_more() {
    let work = async {
        let _ = agentspan::llm("openai", "a")
            .server("eu.example", None)
            .call(ready(Ok::<_, String>(reply())))
            .await;
        let _ = agentspan::llm("openai", "b").call(ready(Ok::<_, String>(reply()))).await;
    };
    let metrics = measured(|it| it, work).await;
    let mut servers: Vec<_> =
        named(&metrics, "gen_ai.client.operation.duration").into_iter().map(server).collect();
    servers.sort();
    assert_eq!(servers, [(None, None), (Some("eu.example"), None)]);
}

/// Reads the chunks with a pause before each but the first.
async fn read(exchange: &mut Exchange) {
    exchange.answered(200);
    for (number, chunk) in chunks().into_iter().enumerate() {
        if number > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        exchange.push(format!("data: {chunk}\n\n").as_bytes());
    }
    exchange.push(b"data: [DONE]\n\n");
}

#[tokio::test]
async fn a_stream_that_a_transport_saw_tells_its_times_and_its_server_sampled_or_not() {
    for ratio in [1.0, 0.0] {
        let work = async {
            let mut exchange =
                Observer::new().begin("POST", URL, Some(br#"{"model":"gpt-4o","stream":true}"#));
            read(&mut exchange).await;
            exchange.finish();
        };
        let metrics = measured(|it| it.with_sampling_ratio(ratio), work).await;
        let first = only(&metrics, "gen_ai.client.operation.time_to_first_chunk");
        assert_eq!((first.count, server(first)), (Some(1), (Some("api.openai.com"), Some("443"))));
        let gaps = only(&metrics, "gen_ai.client.operation.time_per_output_chunk");
        assert_eq!((gaps.count, gaps.unit.as_str(), server(gaps)), (Some(3), "s", server(first)));
        assert_eq!(gaps.bounds, SECONDS);
        assert!(gaps.sum >= 3.0 * PAUSE.as_secs_f64(), "{gaps:?}");
        assert_eq!(gaps.text("gen_ai.response.model"), Some("gpt-4o"));
        assert!(gaps.text("error.type").is_none());
    }
}

#[tokio::test]
async fn a_step_around_the_transport_has_its_server_and_its_times() {
    let work = async {
        let sent = async {
            let mut exchange =
                Observer::new().begin("POST", "http://localhost:8080/v1/chat/completions", None);
            read(&mut exchange).await;
            exchange.finish();
            Ok::<_, String>(reply())
        };
        let _ = agentspan::llm("openai", "gpt-4o").call(sent).await;
    };
    let metrics = measured(|it| it, work).await;
    let duration = only(&metrics, "gen_ai.client.operation.duration");
    assert_eq!(server(duration), (Some("localhost"), Some("8080")));
    assert_eq!(only(&metrics, "gen_ai.client.operation.time_per_output_chunk").count, Some(3));
}

#[tokio::test]
async fn chunks_of_a_client_have_their_times_under_either_name() {
    for (latest, name) in [
        (false, "gen_ai.client.operation.time_per_output_chunk"),
        (true, "gen_ai.client.inference.time_per_output_chunk"),
    ] {
        let work = async {
            let slow = stream::iter(chunks()).then(|chunk| async {
                tokio::time::sleep(PAUSE).await;
                Ok::<_, String>(chunk)
            });
            let opened = async { Ok::<_, String>(Box::pin(slow)) };
            let mut reply = agentspan::llm("openai", "gpt-4o").stream(opened).await.expect("it opens");
            while reply.next().await.is_some() {}
        };
        let metrics = measured(|it| it.with_latest_metric_names(latest), work).await;
        let gaps: Vec<_> = metrics.iter().filter(|it| it.name.ends_with("time_per_output_chunk")).collect();
        assert_eq!(gaps.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), [name]);
        assert_eq!((gaps[0].count, gaps[0].bounds.as_slice()), (Some(3), &SECONDS[..]));
        assert!(gaps[0].sum >= 3.0 * PAUSE.as_secs_f64(), "{gaps:?}");
    }
}

#[tokio::test]
async fn a_reply_that_came_whole_has_no_times_of_chunks() {
    let work = async {
        let _ = agentspan::llm("openai", "gpt-4o").call(ready(Ok::<_, String>(reply()))).await;
        let mut exchange = Observer::new().begin("POST", URL, None);
        exchange.answered(200);
        exchange.push(reply().to_string().as_bytes());
        exchange.finish();
    };
    let metrics = measured(|it| it, work).await;
    assert!(metrics.iter().all(|it| !it.name.contains("chunk")), "{metrics:?}");
    assert_eq!(named(&metrics, "gen_ai.client.operation.duration").len(), 2);
}

#[tokio::test]
async fn servers_without_end_fall_into_one_series_and_lose_nothing() {
    let work = async {
        for port in 0..3_000 {
            let call = agentspan::llm("openai", "gpt-4o").server("localhost", Some(port));
            let _ = call.call(ready(Ok::<_, String>(reply()))).await;
        }
        for number in 0..1_000 {
            let call = agentspan::llm("openai", "gpt-4o").server(format!("host-{number}"), Some(1));
            let _ = call.call(ready(Ok::<_, String>(reply()))).await;
        }
    };
    let metrics = measured(|it| it.with_sampling_ratio(0.0), work).await;
    let durations = named(&metrics, "gen_ai.client.operation.duration");
    assert_eq!(durations.len(), 2_001);
    assert_eq!(durations.iter().filter_map(|it| it.count).sum::<u64>(), 4_000);
    let other: Vec<_> = durations.iter().filter(|it| it.text("server.address") == Some("other")).collect();
    assert_eq!(other.len(), 1, "{other:?}");
    assert_eq!((other[0].count, other[0].text("server.port")), (Some(2_000), None));
    assert_eq!(crowded(&metrics), Some(2_000.0));
    assert!(metrics.iter().all(|it| it.text("otel.metric.overflow").is_none()));
}

#[tokio::test]
async fn agents_and_workflows_of_others_have_their_durations_under_either_name() {
    for (latest, workflow) in [(false, "gen_ai.workflow.duration"), (true, "gen_ai.invoke_workflow.duration")]
    {
        let work = async {
            let flow = tracing::info_span!(
                "invoke_workflow",
                gen_ai.operation.name = "invoke_workflow",
                gen_ai.workflow.name = "nightly"
            );
            let _in_flow = flow.enter();
            let agent = tracing::info_span!(
                "invoke_agent",
                gen_ai.operation.name = "invoke_agent",
                gen_ai.agent.name = "digger"
            );
            let _in_agent = agent.enter();
            agentspan::tool("t").in_scope(|| {});
        };
        let metrics = measured(|it| it.with_latest_metric_names(latest), work).await;
        let flow = only(&metrics, workflow);
        assert_eq!((flow.count, flow.text("gen_ai.workflow.name")), (Some(1), Some("nightly")));
        assert_eq!(flow.bounds, [1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0, 7_200.0]);
        let agent = only(&metrics, "gen_ai.invoke_agent.duration");
        assert_eq!((agent.count, agent.text("gen_ai.agent.name")), (Some(1), Some("digger")));
        let tools = named(&metrics, "gen_ai.invoke_agent.tool_calls");
        let expected = if latest { vec![Some(1.0)] } else { vec![] };
        assert_eq!(tools.iter().map(|it| Some(it.sum)).collect::<Vec<_>>(), expected);
    }
}
