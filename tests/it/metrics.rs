//! The books as OpenTelemetry metrics, as a collector gets them.

use crate::program::Program;
use agentspan::{MetricsExporter, StopReason, Telemetry, TelemetryBuilder, TracesExporter};
use agentspan_tests::{Answer, Collector, Series};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use std::future::{Future, pending, ready};
use std::time::{Duration, Instant};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;

pub(crate) const SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

fn start(settings: TelemetryBuilder) -> (DefaultGuard, Telemetry) {
    let (layer, telemetry) = settings.service_name("t").layer();
    assert_eq!(telemetry.warnings(), <[String; 0]>::default());
    (tracing::subscriber::set_default(tracing_subscriber::registry().with(layer)), telemetry)
}

fn to(collector: &Collector) -> TelemetryBuilder {
    agentspan::builder().with_endpoint(collector.endpoint()).with_metrics_exporters([MetricsExporter::Otlp])
}

fn reply(model: &str) -> Value {
    json!({"model": model, "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 500, "prompt_tokens_details": {"cached_tokens": 200}}})
}

async fn call(model: &str) {
    let _ = agentspan::llm("google", model).call(ready(Ok::<_, String>(reply(model)))).await;
}

async fn day() {
    for session in ["s-1", "s-2"] {
        agentspan::agent("support")
            .session(session)
            .user("u-1")
            .run_ok(async {
                call("gemini-2.5-pro").await;
                call("nobody-knows-it").await;
                agentspan::tool("search").cost_usd(0.25).run_ok(async {}).await;
                let _ = agentspan::tool("look up").run(async { Err::<(), _>("no") }).await;
                if session == "s-2" {
                    agentspan::current_run().stop_reason(StopReason::Budget);
                }
            })
            .await;
    }
}

/// What leaves of that work with these settings.
pub(crate) async fn measured(
    settings: impl Fn(TelemetryBuilder) -> TelemetryBuilder,
    work: impl Future<Output = ()>,
) -> Vec<Series> {
    let collector = Collector::start();
    let (_guard, telemetry) = start(settings(to(&collector)));
    work.await;
    telemetry.shutdown();
    collector.metrics()
}

/// A line for each series, without times: name, unit, attributes, and what was counted.
pub(crate) fn lines(series: &[Series]) -> Vec<String> {
    let mut lines: Vec<_> = series
        .iter()
        .map(|it| {
            let attributes: Vec<_> =
                it.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let value = match it.count {
                Some(count) if it.unit == "s" => format!("{count} times"),
                Some(count) => format!("{} in {count}", it.sum),
                None => it.sum.to_string(),
            };
            format!("{} {value} {} {}", it.name, it.unit, attributes.join(" "))
        })
        .collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn calls_tools_costs_and_runs_are_measured_under_the_names_that_viewers_know() {
    let metrics = measured(|it| it, day()).await;
    let model = |model: &str| {
        format!(
            "gen_ai.agent.name=support gen_ai.operation.name=chat gen_ai.provider.name=gcp.gemini \
             gen_ai.request.model={model} gen_ai.response.model={model}"
        )
    };
    let tool = |tool: &str| {
        format!("gen_ai.agent.name=support gen_ai.operation.name=execute_tool gen_ai.tool.name={tool}")
    };
    let (pro, nobody) = (model("gemini-2.5-pro"), model("nobody-knows-it"));
    let mut expected = vec![
        format!("agentspan.cost 0.01205 USD {pro}"),
        format!("agentspan.cost 0.5 USD {}", tool("search")),
        format!("agentspan.cost.unpriced_calls 2 {{call}} {nobody}"),
        "agentspan.runs 1 {run} agent.stop_reason=budget gen_ai.agent.name=support".to_owned(),
        "agentspan.runs 1 {run} agent.stop_reason=completed gen_ai.agent.name=support".to_owned(),
        format!("gen_ai.execute_tool.duration 2 times s error.type=_OTHER {}", tool("look up")),
        format!("gen_ai.execute_tool.duration 2 times s {}", tool("search")),
        "gen_ai.invoke_agent.duration 1 times s error.type=budget gen_ai.agent.name=support \
         gen_ai.operation.name=invoke_agent"
            .to_owned(),
        "gen_ai.invoke_agent.duration 1 times s gen_ai.agent.name=support gen_ai.operation.name=invoke_agent"
            .to_owned(),
    ];
    for model in [pro, nobody] {
        expected.push(format!("gen_ai.client.operation.duration 2 times s {model}"));
        for (sum, kind) in [(2_000, "input"), (1_000, "output")] {
            let tokens = format!("gen_ai.client.token.usage {sum} in 2 {{token}} {model}");
            expected.push(format!("{tokens} gen_ai.token.type={kind}"));
        }
    }
    expected.sort();
    assert_eq!(lines(&metrics), expected);
    let bounds = |name: &str| metrics.iter().find(|it| it.name == name).map(|it| it.bounds.clone());
    assert_eq!(bounds("gen_ai.client.operation.duration").as_deref(), Some(&SECONDS[..]));
    assert_eq!(bounds("gen_ai.execute_tool.duration").as_deref(), Some(&SECONDS[..]));
    let runs: Vec<_> = (0..13).map(|power| 0.1 * 2_f64.powi(power)).collect();
    assert_eq!(bounds("gen_ai.invoke_agent.duration"), Some(runs));
    let tokens: Vec<_> = (0..14).map(|power| 4_f64.powi(power)).collect();
    assert_eq!(bounds("gen_ai.client.token.usage"), Some(tokens));
    assert!(metrics.iter().all(|it| it.temporality == 2), "cumulative");
}

#[tokio::test]
async fn metrics_are_the_same_whatever_is_sampled() {
    let all = measured(|it| it.with_sampling_ratio(1.0), day()).await;
    let none = measured(|it| it.with_sampling_ratio(0.0), day()).await;
    assert_eq!(lines(&all), lines(&none));
    assert!(all.len() > 8);
}

#[tokio::test]
async fn metrics_are_the_same_after_spans_were_dropped() {
    let all = measured(|it| it, day()).await;
    let collector = Collector::start();
    let settings = to(&collector).with_max_queue_size(1).with_max_export_batch_size(1);
    let (_guard, telemetry) = start(settings.with_export_timeout(Duration::from_secs(1)));
    collector.set(Answer::Silent);
    day().await;
    collector.set(Answer::Accept);
    let report = telemetry.shutdown();
    assert!(report.lost() >= 8, "one of ten is on its way and one is in the queue: {report}");
    assert_eq!(lines(&collector.metrics()), lines(&all));
}

#[tokio::test]
async fn what_is_open_at_the_shutdown_is_measured_sampled_or_not() {
    for (ratio, exporters) in
        [(1.0, vec![TracesExporter::Otlp]), (0.0, vec![TracesExporter::Otlp]), (0.5, vec![])]
    {
        let collector = Collector::start();
        let settings = to(&collector).with_sampling_ratio(ratio).with_exporters(exporters);
        let (_guard, telemetry) = start(settings);
        let mut run = Box::pin(agentspan::agent("a").run_ok(async {
            call("gemini-2.5-pro").await;
            agentspan::tool("t").run_ok(pending::<()>()).await;
        }));
        assert!(futures_util::poll!(&mut run).is_pending());
        telemetry.shutdown();
        drop(run);
        let metrics = collector.metrics();
        let runs = metrics.iter().find(|it| it.name == "agentspan.runs").expect("the run was measured");
        assert_eq!((runs.sum, runs.text("agent.stop_reason")), (1.0, Some("shutdown")), "at {ratio}");
        assert!(metrics.iter().any(|it| it.name == "gen_ai.execute_tool.duration"), "at {ratio}");
    }
}

#[tokio::test]
async fn times_are_measured_in_dropped_traces_too() {
    let slow = async {
        agentspan::agent("a")
            .run_ok(async {
                agentspan::tool("t").run_ok(tokio::time::sleep(Duration::from_millis(30))).await;
            })
            .await;
    };
    let metrics = measured(|it| it.with_sampling_ratio(0.0), slow).await;
    let tool =
        metrics.iter().find(|it| it.name == "gen_ai.execute_tool.duration").expect("the tool was measured");
    assert!(tool.sum >= 0.03, "{tool:?}");
}

#[tokio::test]
async fn nothing_is_sent_unless_it_is_asked_for() {
    let collector = Collector::start();
    let (_guard, telemetry) = start(agentspan::builder().with_endpoint(collector.endpoint()));
    day().await;
    telemetry.shutdown();
    let paths: Vec<_> = collector.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/v1/traces"]);
}

#[tokio::test]
async fn sessions_and_users_stand_on_metrics_only_when_asked_for() {
    let has = |metrics: &[Series], key: &str| metrics.iter().filter(|it| it.text(key).is_some()).count();
    let bare = measured(|it| it, day()).await;
    assert_eq!((has(&bare, "session.id"), has(&bare, "user.id")), (0, 0));
    let by_session = measured(|it| it.with_metrics_by_session(true), day()).await;
    assert_eq!(has(&by_session, "user.id"), 0);
    assert_eq!(has(&by_session, "session.id"), by_session.len());
    let by_user = measured(|it| it.with_metrics_by_user(true), day()).await;
    assert_eq!(has(&by_user, "user.id"), by_user.len());
}

#[tokio::test]
async fn names_without_end_fall_into_one_series_and_lose_nothing() {
    let work = async {
        for number in 0..10_000 {
            agentspan::tool(format!("tool {number}")).cost_usd(0.5).run_ok(async {}).await;
        }
    };
    let metrics = measured(|it| it.with_sampling_ratio(0.0), work).await;
    let costs: Vec<_> = metrics.iter().filter(|it| it.name == "agentspan.cost").collect();
    assert_eq!(costs.len(), 501);
    let other = costs
        .iter()
        .find(|it| it.text("gen_ai.tool.name") == Some("other"))
        .expect("there is one for the rest");
    assert_eq!(other.sum, 9_500.0 * 0.5);
    assert_eq!(costs.iter().map(|it| it.sum).sum::<f64>(), 5_000.0);
    assert_eq!(crowded(&metrics), Some(9_500.0));
}

#[tokio::test]
async fn names_that_are_many_only_together_fall_into_one_series_too() {
    let work = async {
        for number in 0..2_500 {
            let tool = agentspan::tool(format!("tool {}", number / 50)).cost_usd(0.5).run_ok(async {});
            agentspan::agent(format!("agent {}", number % 50)).run_ok(tool).await;
        }
    };
    let metrics = measured(|it| it, work).await;
    let costs: Vec<_> = metrics.iter().filter(|it| it.name == "agentspan.cost").collect();
    let other: Vec<_> = costs.iter().filter(|it| it.text("gen_ai.tool.name") == Some("other")).collect();
    assert_eq!(other.len(), 1, "{other:?}");
    assert_eq!(other[0].text("gen_ai.agent.name"), Some("other"));
    // Each agent has a set for its runs as well.
    assert_eq!(costs.len(), 2_000 - 50 + 1);
    assert_eq!(other[0].sum, (2_500.0 - 1_950.0) * 0.5);
    assert_eq!(costs.iter().map(|it| it.sum).sum::<f64>(), 1_250.0);
    assert_eq!(crowded(&metrics), Some(550.0));
    assert!(metrics.iter().all(|it| it.text("otel.metric.overflow").is_none()));
}

/// How many steps were measured as `other`.
pub(crate) fn crowded(metrics: &[Series]) -> Option<f64> {
    metrics.iter().find(|it| it.name == "agentspan.metrics.other").map(|it| it.sum)
}

#[tokio::test]
async fn a_streamed_reply_tells_the_time_to_its_first_chunk_sampled_or_not() {
    for ratio in [1.0, 0.0] {
        let work = async {
            let chunks = [
                json!({"model": "gpt-4o", "choices": [{"delta": {"content": "x"}}]}),
                json!({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}),
            ];
            let opened = async { Ok::<_, String>(stream::iter(chunks.map(Ok::<_, String>))) };
            let mut reply = agentspan::llm("openai", "gpt-4o").stream(opened).await.expect("it opens");
            while reply.next().await.is_some() {}
        };
        let metrics = measured(|it| it.with_sampling_ratio(ratio), work).await;
        let first = metrics.iter().find(|it| it.name == "gen_ai.client.operation.time_to_first_chunk");
        let first = first.unwrap_or_else(|| panic!("it was measured at {ratio}"));
        assert_eq!((first.count, first.unit.as_str()), (Some(1), "s"));
        let tokens: f64 =
            metrics.iter().filter(|it| it.name == "gen_ai.client.token.usage").map(|it| it.sum).sum();
        assert_eq!(tokens, 10.0);
    }
}

#[tokio::test]
async fn secrets_in_names_do_not_leave() {
    let work = agentspan::tool("call sk-proj-AbCdEf0123456789AbCdEf0123456789AbCdEf01").run_ok(async {});
    let metrics = measured(|it| it, work).await;
    let name = metrics[0].text("gen_ai.tool.name").expect("the tool has a name");
    assert!(!name.contains("AbCdEf0123456789") && name.contains("REDACTED"), "{name}");
}

#[tokio::test]
async fn a_failed_export_loses_no_sum() {
    let collector = Collector::start();
    let (_guard, telemetry) = start(to(&collector).with_sampling_ratio(0.0));
    collector.set(Answer::status(404));
    agentspan::tool("t").cost_usd(0.5).run_ok(async {}).await;
    telemetry.flush();
    collector.set(Answer::Accept);
    agentspan::tool("t").cost_usd(0.25).run_ok(async {}).await;
    telemetry.shutdown();
    let statuses: Vec<_> = collector.requests().into_iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(404), Some(200)]);
    let cost = collector.metrics().into_iter().find(|it| it.name == "agentspan.cost").map(|it| it.sum);
    assert_eq!(cost, Some(0.75));
}

#[test]
fn a_page_for_people_takes_no_metrics() {
    let collector = Collector::always(Answer::Page);
    let variables = [("OTEL_METRICS_EXPORTER", "otlp"), ("OTEL_TRACES_EXPORTER", "none")];
    let ran = Program::new("init none weather shutdown").to(&collector).envs(&variables).run();
    let expected = format!(
        "agentspan: metrics were not taken by {}/v1/metrics: a web page answered, so this is no collector; a Jaeger shows its \
         pages on port 16686, takes spans by HTTP on 4318, and takes no metrics; said once, and tried again",
        collector.endpoint()
    );
    assert_eq!(ran.lines(), [expected]);
}

#[tokio::test]
async fn a_collector_that_is_silent_holds_neither_flush_nor_shutdown() {
    let collector = Collector::always(Answer::Silent);
    let (_guard, telemetry) = start(to(&collector));
    agentspan::tool("t").run_ok(async {}).await;
    let began = Instant::now();
    telemetry.flush_within(Duration::from_millis(300));
    telemetry.shutdown_within(Duration::from_millis(300));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[test]
fn the_environment_asks_for_metrics_their_names_and_their_place() {
    let collector = Collector::start();
    let metrics = format!("{}/v1/metrics", collector.endpoint());
    let variables = [
        ("OTEL_METRICS_EXPORTER", "otlp"),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", metrics.as_str()),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "x-team=blue"),
        ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
        ("OTEL_SEMCONV_STABILITY_OPT_IN", "http,gen_ai_latest_experimental"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ];
    let ran = Program::new("init current weather shutdown").envs(&variables).run();
    assert_eq!(ran.err, "");
    let requests = collector.requests();
    assert_eq!(requests.len(), 1, "metrics leave at the end at the latest");
    assert_eq!(requests[0].header("x-team"), Some("blue"));
    assert_eq!(requests[0].header("content-encoding"), Some("gzip"));
    let series = &requests[0].metrics;
    assert!(series.iter().all(|it| it.temporality == 1), "delta");
    let mut names: Vec<_> = series.iter().map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(
        names,
        [
            "agentspan.cost",
            "agentspan.runs",
            "gen_ai.client.inference.duration",
            "gen_ai.client.inference.operation.input_tokens",
            "gen_ai.client.inference.operation.output_tokens",
            "gen_ai.client.inference.usage.input_tokens",
            "gen_ai.client.inference.usage.output_tokens",
            "gen_ai.execute_tool.duration",
            "gen_ai.invoke_agent.duration",
            "gen_ai.invoke_agent.inference_calls",
            "gen_ai.invoke_agent.tool_calls",
        ]
    );
}

#[test]
fn a_disabled_telemetry_sends_no_metrics() {
    let collector = Collector::start();
    let variables = [("OTEL_METRICS_EXPORTER", "otlp"), ("OTEL_SDK_DISABLED", "true")];
    let ran = Program::new("init current weather shutdown").to(&collector).envs(&variables).run();
    assert_eq!((ran.err.as_str(), collector.requests().len()), ("", 0));
}

#[test]
fn the_console_shows_a_line_for_each_series() {
    let variables = [("OTEL_METRICS_EXPORTER", "console"), ("OTEL_TRACES_EXPORTER", "none")];
    let ran = Program::new("init current weather shutdown").envs(&variables).run();
    assert!(ran.err.lines().any(|line| line.starts_with("agentspan.runs 1 {run} ")), "{}", ran.err);
}

#[test]
fn a_program_with_a_meter_provider_of_its_own_measures_by_it() {
    let collector = Collector::start();
    let variables = [("OTEL_METRICS_EXPORTER", "otlp")];
    let ran =
        Program::new("init+global-meter current weather shutdown").to(&collector).envs(&variables).run();
    let paths: Vec<_> = collector.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/v1/traces"], "its own provider sends the metrics, or does not");
    assert_eq!(
        ran.get("metrics"),
        "agentspan.cost agentspan.runs gen_ai.client.operation.duration gen_ai.client.token.usage \
         gen_ai.execute_tool.duration gen_ai.invoke_agent.duration"
    );
}

#[test]
fn two_telemetries_side_by_side_never_mix() {
    let tools = |own: &'static str| {
        std::thread::spawn(move || {
            let collector = Collector::start();
            let (_guard, telemetry) = start(to(&collector));
            for _ in 0..200 {
                agentspan::tool(own).in_scope(std::thread::yield_now);
            }
            telemetry.shutdown();
            collector.metrics()
        })
    };
    let both = ["left", "right"].map(|own| (own, tools(own)));
    for (own, measured) in both {
        let metrics = measured.join().expect("the thread does not panic");
        assert_eq!(metrics.len(), 1, "{metrics:?}");
        assert_eq!((metrics[0].text("gen_ai.tool.name"), metrics[0].count), (Some(own), Some(200)));
    }
}
