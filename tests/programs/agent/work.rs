//! What the agent does.

use crate::say;
use crate::start::Started;
use agentspan::{Rates, Report};
use opentelemetry::global;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tracing_subscriber::layer::SubscriberExt;

/// Found by its shape, and seen nowhere outside the process.
pub(crate) const SECRET: &str = "sk-proj-Zq8vN2mLr5Tx1Wb7Yc4Kd9Pf";

pub(crate) async fn work(what: &str, started: Option<&Started>) {
    let (what, parameter) = what.split_once(':').unwrap_or((what, ""));
    match what {
        "weather" => say("total_usd", weather().await.unwrap_or_default()),
        "runs" => runs(number(parameter), started).await,
        "tools" => (0..number(parameter)).for_each(|_| agentspan::tool("quick").in_scope(|| ())),
        "plain" => plain(),
        "open" => open(),
        "foreign" => {
            let request = tracing::info_span!("request");
            request.in_scope(|| agentspan::tool("t").in_scope(|| ()));
            std::mem::forget(request);
        }
        "unpriced" => unpriced().await,
        "busy" => {
            // One is there for certain, however soon the signal comes.
            agentspan::tool("quick").in_scope(|| ());
            drop(std::thread::spawn(busy));
        }
        "endless" => endless().await,
        "huge" => huge().await,
        "wide" => wide().await,
        "secrets" => secrets().await,
        "content" => content().await,
        "logs" => logs().await,
        "trap" => trap(),
        "below" => below(parameter).await,
        "child" => {
            let parent = agentspan::extract(&agentspan::propagation::Environment::of_process());
            parent.within(weather()).await;
        }
        "twice" => {
            let is_settled = |report: &Report| report.delivered + report.lost() == report.created;
            weather().await;
            until(started, is_settled);
            // What is said of the first spans is said before these are sent.
            agentspan::tool("later").in_scope(|| ());
            until(started, is_settled);
        }
        "levels" => levels(),
        "sides" => sides(parameter),
        other => panic!("no work `{other}`"),
    }
}

/// Waits until the report says so, while the export thread goes on by itself.
fn until(started: Option<&Started>, is_so: impl Fn(&Report) -> bool) {
    let report = || started.and_then(Started::report).expect("it has started");
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so(&report()) {
        assert!(Instant::now() < end, "{}", report());
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

fn asks_for_tool() -> Value {
    json!({"id": "c1", "model": "gpt-4o-2024-08-06", "choices": [{"index": 0, "finish_reason": "tool_calls",
        "message": {"role": "assistant", "content": null, "tool_calls": [{"id": "call_1", "type": "function",
            "function": {"name": "get_weather", "arguments": "{}"}}]}}],
        "usage": {"prompt_tokens": 412, "completion_tokens": 54, "total_tokens": 466}})
}

/// The weather agent without its second model call; gives what it cost in USD.
async fn weather() -> Option<f64> {
    let run = agentspan::agent("weather_assistant").session("s-42").user("u-7").tag("tenant", "acme");
    let cost = run.run(async {
        agentspan::llm("openai", "gpt-4o").call(async { Ok::<_, String>(asks_for_tool()) }).await?;
        let tool = agentspan::tool("get_weather").call_id("call_1").cost_usd(0.0001);
        tool.run(async { Ok::<_, String>(3.5) }).await?;
        Ok::<_, String>(agentspan::current_run().total_usd())
    });
    cost.await.expect("it does not fail")
}

async fn runs(count: usize, started: Option<&Started>) {
    let mut total = 0.0;
    for done in 1..=count {
        total += weather().await.unwrap_or_default();
        if let Some(started) = started.filter(|_| done % 200 == 0) {
            started.flush();
        }
    }
    say("total_usd", format!("{total:.4}"));
}

/// Spans and log lines of others inside a run.
fn plain() {
    agentspan::agent("host").in_scope(|| {
        tracing::info_span!("library.call", http.path = "/a").in_scope(|| {
            agentspan::tool("inner").in_scope(|| ());
            tracing::warn!(prompt = "a private question", "careful");
        });
        tracing::debug_span!("library.detail").in_scope(|| ());
    });
}

/// Leaves a run with an open step behind, as a program that is ended from outside.
fn open() {
    let run = agentspan::agent("long_runner").start();
    run.in_scope(|| std::mem::forget(agentspan::tool("crawl").start()));
    std::mem::forget(run);
}

/// Calls of two models that nobody has a price for, of one whose cost is told by hand, and of one that has none.
async fn unpriced() {
    let reply = |model: &str| json!({"model": model, "usage": {"prompt_tokens": 1, "completion_tokens": 1}});
    for model in ["house-1", "house-2"] {
        let told = async {
            agentspan::current().cost_usd(0.01);
            Ok::<_, String>(reply("house-0"))
        };
        let _ = agentspan::llm("acme", "house-0").call(told).await;
        let _ = agentspan::llm("acme", model).call(async { Ok::<_, String>(reply(model)) }).await;
    }
}

/// Goes on until the process ends.
fn busy() {
    loop {
        agentspan::tool("quick").in_scope(|| ());
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// A run that ends before a step of it, which never does.
async fn endless() {
    agentspan::agent("impatient")
        .run_ok(async {
            std::mem::forget(agentspan::tool("never_done").start());
            agentspan::tool("done").cost_usd(0.25).run_ok(async {}).await;
        })
        .await;
}

/// One tool call with arguments of 5 MB among ordinary steps.
async fn huge() {
    let filler = "0123456789 \"quoted\" ü ".repeat(5 * 1024 * 1024 / 23);
    let arguments = json!({"first": 1, "filler": filler, "last": 2});
    agentspan::agent("heavy")
        .session("s-42")
        .user("u-7")
        .run_ok(async {
            let tool = agentspan::tool("load").call_id("call_1").arguments(&arguments).cost_usd(0.5);
            tool.run_ok(async {
                agentspan::current().result(&filler);
            })
            .await;
            let request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": filler}]});
            let call = agentspan::llm("openai", "gpt-4o").request(&request);
            call.call(async { Ok::<_, String>(asks_for_tool()) }).await.expect("it does not fail");
        })
        .await;
}

/// A model call with 200 attributes of the user's own.
async fn wide() {
    agentspan::agent("wide")
        .session("s-42")
        .user("u-7")
        .run_ok(async {
            let mut call = agentspan::llm("openai", "gpt-4o");
            for index in 0..200 {
                call = call.attribute(format!("own.{index}"), "x".repeat(100));
            }
            call.call(async { Ok::<_, String>(asks_for_tool()) }).await.expect("it does not fail");
        })
        .await;
}

/// A provider's key in every place where a text can stand.
async fn secrets() {
    let url = format!("https://user:{SECRET}@api.example.com/v1?api_key={SECRET}");
    let failed = agentspan::agent(format!("run {SECRET}"))
        .session(format!("s {SECRET}"))
        .query(&format!("my key is {SECRET}"))
        .tag("tag", url.clone())
        .run(async {
            let request = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": SECRET}]});
            let call =
                agentspan::llm("openai", format!("gpt-4o {SECRET}")).request(&request).server(&url, None);
            call.call(async { Ok::<_, String>(asks_for_tool()) }).await?;
            agentspan::current().event("note", [("text", url.as_str())]);
            agentspan::tool(format!("fetch {url}"))
                .arguments(&json!({"url": url, "headers": {"authorization": format!("Bearer {SECRET}")}}))
                .run(async {
                    tracing::info_span!("library.call", url = url.as_str()).in_scope(|| ());
                    Err::<(), _>(format!("GET {url} failed"))
                })
                .await
        })
        .await;
    assert!(failed.is_err());
}

/// One value of each class of content.
async fn content() {
    agentspan::agent("chatty")
        .query("the query")
        .run_ok(async {
            let request =
                json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "the message"}]});
            let call = agentspan::llm("openai", "gpt-4o").request(&request);
            call.call(async { Ok::<_, String>(asks_for_tool()) }).await.expect("it does not fail");
            let tool = agentspan::tool("look").arguments(&json!({"argument": "the argument"}));
            let _failed: Result<(), _> = tool
                .run(async {
                    agentspan::current().result("the result");
                    Err("the error text".to_owned())
                })
                .await;
            agentspan::retrieval("wiki")
                .query("the search")
                .run_ok(async {
                    agentspan::current().documents(&[json!({"id": "d1", "text": "the document"})]);
                })
                .await;
            agentspan::validation("policy")
                .run_ok(async {
                    agentspan::current().passed(false).reason("the reason");
                })
                .await;
            agentspan::current_run().result("the answer");
        })
        .await;
}

async fn logs() {
    tracing::warn!("outside");
    agentspan::agent("logger")
        .run_ok(async {
            say("trace_id", agentspan::current().trace_id().unwrap_or_default());
            say("run_id", agentspan::current_run().id().unwrap_or_default());
            tracing::warn!(answer = 42, "inside");
            tracing::info!("not asked for");
        })
        .await;
}

/// Questions about levels, as libraries ask them through `log` and `tracing`, between steps.
fn trap() {
    tracing_log::LogTracer::init().expect("no other logger is set");
    for _ in 0..10 {
        let _asked = log::log_enabled!(target: "some_library", log::Level::Trace);
        let _asked = tracing::enabled!(target: "some_library", tracing::Level::TRACE);
        agentspan::tool("step").in_scope(|| {
            let _asked = log::log_enabled!(target: "hyper", log::Level::Debug);
            log::debug!(target: "hyper", "a line through log");
        });
    }
}

/// A run below a remote parent: `sampled`, `unsampled`, or `none`.
async fn below(parent: &str) {
    let flags = match parent {
        "sampled" => "01",
        "unsampled" => "00",
        _ => {
            weather().await;
            return;
        }
    };
    let carrier = HashMap::from([(
        "traceparent".to_owned(),
        format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}"),
    )]);
    let context = global::get_text_map_propagator(|propagator| {
        propagator.extract_with_context(&opentelemetry::Context::new(), &carrier)
    });
    let run = {
        use opentelemetry::context::FutureExt;
        weather().with_context(context)
    };
    say("total_usd", run.await.unwrap_or_default());
}

/// The level at which steps are made, as a compile-time limit would judge it.
fn levels() {
    agentspan::tool("step").in_scope(|| {
        let level = tracing::Span::current().metadata().map(|metadata| *metadata.level());
        say("level", level.map(|level| level.to_string()).unwrap_or_default());
    });
}

/// Two telemetries with settings of their own, on two threads that work at the same time.
fn sides(endpoints: &str) {
    let (one, other) = endpoints.split_once(',').expect("two endpoints");
    std::thread::scope(|scope| {
        scope.spawn(|| side("one", one, true, 1.0));
        scope.spawn(|| side("other", other, false, 2.0));
    });
}

fn side(name: &str, endpoint: &str, content: bool, usd_per_million: f64) {
    let price = Rates::per_million(usd_per_million, 0.0);
    let builder = agentspan::builder().service_name(name).with_endpoint(endpoint);
    let (layer, telemetry) = builder.with_content(content).with_price("own", price).layer();
    let _set = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    for _ in 0..100 {
        agentspan::agent(name).query("a question").in_scope(|| {
            let call = agentspan::llm("local", "own").start();
            call.reply(
                &json!({"model": "own", "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0}}),
            );
            call.finish();
        });
    }
    say(name, telemetry.shutdown());
}
