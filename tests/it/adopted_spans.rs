//! Spans of other people that tell of calls: of rig, of genai, of `#[instrument]` with our names.

use crate::fixtures::{call_gpt_4o, openai_reply, picodollars, the};
use agentspan::testing::{record, record_with};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use tracing::Instrument;
use tracing::field::Empty;

/// A model call as rig and genai tell of it: 1,000 tokens of input and 500 of output of gpt-4o, 0.0075 USD.
async fn foreign_call() {
    let span = tracing::info_span!(
        "chat",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = "openai",
        gen_ai.request.model = "gpt-4o",
        gen_ai.response.model = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
    );
    async {
        tokio::task::yield_now().await;
        let span = tracing::Span::current();
        span.record("gen_ai.response.model", "gpt-4o-2024-08-06");
        span.record("gen_ai.usage.input_tokens", 1_000_u64);
        span.record("gen_ai.usage.output_tokens", 500_u64);
    }
    .instrument(span)
    .await;
}

#[tokio::test]
async fn a_model_call_of_another_client_is_a_step_with_tokens_and_cost() {
    let recording = record();
    agentspan::agent("a").session("s-1").run_ok(foreign_call()).await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.0075
      chat ok 1000→500 $0.0075
    ");
    let run = the(&recording, "agent.a");
    assert_eq!((run.int("agent.step_count"), run.int("agent.llm_call_count")), (Some(1), Some(1)));
    assert_eq!(run.int("agent.token_count.prompt"), Some(1_000));
    let call = the(&recording, "chat");
    assert_eq!(call.text("session.id"), Some("s-1"));
    assert_eq!(call.text("llm.provider"), Some("openai"));
    assert_eq!(call.text("llm.model_name"), Some("gpt-4o-2024-08-06"));
    assert_eq!(call.double("cost.self_usd").map(picodollars), Some(7_500_000_000));
}

#[test]
fn a_tool_of_others_that_tells_of_a_model_is_priced_by_it() {
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        let span = tracing::info_span!(
            "search",
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = "search",
            gen_ai.provider.name = "openai",
            gen_ai.request.model = "gpt-4o",
            gen_ai.usage.input_tokens = 1_000_u64,
            gen_ai.usage.output_tokens = 500_u64,
        );
        span.in_scope(|| {});
    });
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.0075
      search ok 1000→500 $0.0075
    ");
    let books = recording.books();
    assert_eq!((books.models[0].name.as_str(), books.tools.len()), ("openai/gpt-4o", 0));
}

#[tokio::test]
async fn figures_are_added_up_whatever_is_kept_or_wanted() {
    let settings = [
        agentspan::builder().with_sampling_ratio(1.0),
        agentspan::builder().with_sampling_ratio(0.0),
        agentspan::builder().with_span_filter("off"),
    ];
    for settings in settings {
        let recording = record_with(settings);
        agentspan::agent("a").run_ok(foreign_call()).await;
        foreign_call().await;
        let books = recording.books();
        assert_eq!(books.total.usd.to_string(), "0.015", "{recording:?}");
        assert_eq!((books.total.prompt_tokens, books.total.completion_tokens), (Some(2_000), Some(1_000)));
        assert_eq!((books.total.calls, books.total.unpriced_calls), (2, 0));
        assert_eq!(books.models[0].name, "openai/gpt-4o");
        assert_eq!(books.agents[0].spend.usd.to_string(), "0.0075");
        assert_eq!(books.dearest_runs[0].prompt_tokens, Some(1_000));
    }
}

#[tracing::instrument(skip_all, fields(tool.name = "search", tool.cost_usd = 0.25))]
async fn search() {
    agentspan::tool("inner").run_ok(async {}).await;
}

#[tracing::instrument(skip_all, fields(llm.provider = "openai", llm.model = "gpt-4o", llm.token_count.prompt))]
async fn ask(prompt: Option<u64>) {
    tracing::Span::current().record("llm.token_count.prompt", prompt);
    call_gpt_4o(1_000, 500).await;
}

/// As in a program that has added our builder inside, or around.
#[tracing::instrument(skip_all, fields(tool.name = "twice"))]
async fn twice() {
    agentspan::tool("twice").cost_usd(0.5).run_ok(async {}).await;
}

#[tokio::test]
async fn a_tool_that_two_spans_tell_of_counts_once() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            twice().await;
            agentspan::tool("search").run_ok(search()).await;
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.75
      twice ok $0.5
        tool.twice ok $0.5
      tool.search ok $0.25
        search ok
          tool.inner ok
    ");
    assert_eq!(the(&recording, "agent.a").int("agent.tool_call_count"), Some(3));
    assert_eq!(recording.books().total.calls, 3);
}

#[tokio::test]
async fn instrumented_functions_with_our_names_are_steps() {
    let recording = record();
    agentspan::agent("a").run_ok(search()).await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.25
      search ok $0.25
        tool.inner ok
    ");
    assert_eq!(the(&recording, "agent.a").int("agent.tool_call_count"), Some(2));
    assert_eq!(recording.books().tools[0].name, "search");
}

#[tokio::test]
async fn a_call_that_two_spans_tell_of_counts_where_it_is_told_below() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            ask(Some(7)).await;
            // Ours around theirs is the one that counts, and takes what only theirs knows.
            agentspan::llm("openai", "gpt-4o")
                .call(async {
                    foreign_call().await;
                    Ok::<_, String>("no usage in here")
                })
                .await
                .expect("the reply is given");
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.015
      ask ok $0.0075
        llm.openai.gpt-4o ok 1000→500 $0.0075
      llm.openai.gpt-4o ok 1000→500 $0.0075
        chat ok
    ");
    assert_eq!(the(&recording, "agent.a").int("agent.llm_call_count"), Some(2));
    assert_eq!(recording.books().total.calls, 2);
    assert_eq!(the(&recording, "ask").int("llm.token_count.prompt"), None);
    assert_eq!(the(&recording, "chat").int("gen_ai.usage.input_tokens"), None);
}

#[tokio::test]
async fn an_exchange_that_is_seen_inside_writes_into_the_span_and_another_gets_one_of_its_own() {
    let exchange = || {
        let request = br#"{"model": "gpt-4o", "messages": []}"#;
        let observer = agentspan::adapters::Observer::new();
        let mut exchange =
            observer.begin("POST", "https://api.openai.com/v1/chat/completions", Some(request));
        exchange.answered(200);
        exchange.push(openai_reply(1_000, 500).to_string().as_bytes());
        exchange.finish();
    };
    let call = || {
        tracing::info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = "openai",
            gen_ai.request.model = "gpt-4o",
            gen_ai.usage.input_tokens = 1_000,
            gen_ai.usage.output_tokens = 500,
        )
    };
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        call().in_scope(exchange);
        call().in_scope(|| {
            exchange();
            exchange();
        });
    });
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.0225
      chat ok 1000→500 $0.0075
      chat ok 1000→500 $0.015
        llm.openai.gpt-4o ok 1000→500 $0.0075
    ");
    assert_eq!(
        recording.spans()[1].text("llm.finish_reason"),
        Some("stop"),
        "which the span itself does not tell"
    );
    assert_eq!(recording.books().total.calls, 3);
}

#[test]
fn a_failure_that_is_told_is_the_steps() {
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        let span = tracing::info_span!(
            "genai.chat",
            gen_ai.request.model = "gpt-4o",
            gen_ai.provider.name = "openai",
            otel.status_code = Empty,
            error.type = Empty
        );
        span.record("otel.status_code", "error");
        span.record("error.type", "429");
        span.in_scope(|| {});
    });
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed cost:unknown
      genai.chat error 429 cost:unknown
    ");
    assert_eq!(the(&recording, "agent.a").int("agent.failed_step_count"), Some(1));
    assert!(the(&recording, "genai.chat").failure().is_some());
}

/// As genai's are, which it keeps beside its work.
#[test]
fn a_span_that_is_never_entered_is_a_step_as_well() {
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        let told = tracing::info_span!(
            "chat",
            gen_ai.request.model = "gpt-4o",
            gen_ai.provider.name = "openai",
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
        );
        told.record("gen_ai.usage.input_tokens", 1_000);
        told.record("gen_ai.usage.output_tokens", 500);
        let abandoned = tracing::info_span!(
            target: "genai::otel::span",
            "genai.chat",
            gen_ai.request.model = "gpt-4o",
            gen_ai.provider.name = "openai",
            gen_ai.request.stream = true,
            server.address = Empty,
        );
        abandoned.record("server.address", "127.0.0.1");
    });
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed cost:partial $0.0075
      chat ok 1000→500 $0.0075
      genai.chat cancelled abandoned cost:unknown
    ");
    assert_eq!(the(&recording, "chat").double("cost.self_usd").map(picodollars), Some(7_500_000_000));
    assert_eq!(the(&recording, "agent.a").int("agent.step_count"), Some(2));
}

#[tokio::test]
async fn absurd_values_do_no_harm() {
    let recording = record();
    let long = "m".repeat(1_000_000);
    agentspan::agent("a").in_scope(|| {
        let span = tracing::info_span!(
            "chat",
            gen_ai.request.model = %long,
            gen_ai.provider.name = ?Some("openai"),
            gen_ai.usage.input_tokens = -5,
            gen_ai.usage.output_tokens = u64::MAX,
            gen_ai.usage.cache_read.input_tokens = "many",
            cost.self_usd = f64::NAN,
        );
        span.in_scope(|| {});
        span.clone().in_scope(|| {});
    });
    let run = the(&recording, "agent.a");
    assert_eq!(run.int("agent.token_count.prompt"), None);
    assert_eq!(run.text("cost.status"), Some("unknown"));
    assert!(recording.books().models[0].name.len() < 300);
}

#[tokio::test]
async fn a_call_goes_on_in_tasks_on_threads_and_under_a_parent_that_is_named() {
    let recording = record();
    let dispatch = tracing::dispatcher::get_default(Clone::clone);
    agentspan::agent("a")
        .run_ok(async {
            let chat =
                tracing::info_span!("chat", gen_ai.request.model = "gpt-4o", gen_ai.provider.name = "openai");
            async {
                agentspan::spawn(agentspan::tool("spawned").run_ok(async {})).await.expect("it ends well");
                let context = opentelemetry::Context::current();
                let thread = std::thread::spawn(move || {
                    let _attached = context.attach();
                    tracing::dispatcher::with_default(&dispatch, || {
                        agentspan::tool("carried").in_scope(|| {})
                    });
                });
                thread.join().expect("it ends well");
            }
            .instrument(chat.clone())
            .await;
            tracing::info_span!(parent: &chat, "lookup", retrieval.source = "kb").in_scope(|| {});
            chat.record("gen_ai.request.model", "gpt-4o");
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed cost:unknown
      chat ok cost:unknown
        tool.spawned ok
        tool.carried ok
        lookup ok
    ");
    assert_eq!(the(&recording, "agent.a").int("agent.step_count"), Some(1));
}

/// An agent that only its own framework knows, with a call whose stream outlives it.
#[test]
fn a_call_that_ends_after_everything_around_it_is_added_to_all() {
    let recording = record();
    let call = agentspan::agent("a").in_scope(|| {
        let agent = tracing::info_span!("invoke_agent", gen_ai.operation.name = "invoke_agent");
        agent.in_scope(|| {
            tracing::info_span!(
                "chat",
                gen_ai.request.model = "gpt-4o",
                gen_ai.provider.name = "openai",
                gen_ai.usage.input_tokens = Empty,
                gen_ai.usage.output_tokens = Empty
            )
        })
    });
    call.record("gen_ai.usage.input_tokens", 1_000);
    call.record("gen_ai.usage.output_tokens", 500);
    call.in_scope(|| {});
    drop(call);
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.0075
      invoke_agent ok $0.0075
        chat ok 1000→500 $0.0075
    ");
}

#[tokio::test]
async fn a_panic_inside_a_span_of_others_is_no_plain_error() {
    let recording = record();
    let span = tracing::info_span!("chat", gen_ai.operation.name = "chat", gen_ai.request.model = "gpt-4o");
    let work = async { panic!("no more") }.instrument(span);
    let ended = AssertUnwindSafe(work).catch_unwind().await;
    assert!(ended.is_err());
    let call = the(&recording, "chat");
    assert_eq!((call.text("agent.outcome"), call.text("error.type")), (Some("panicked"), Some("panic")));
}

#[tracing::instrument(err, fields(tool.name = "failing"))]
async fn failing() -> Result<(), std::fmt::Error> {
    tokio::task::yield_now().await;
    Err(std::fmt::Error)
}

#[tracing::instrument(err)]
async fn part() -> Result<(), std::fmt::Error> {
    Err(std::fmt::Error)
}

#[tracing::instrument(err, fields(tool.name = "recovering"))]
async fn recovering() -> Result<(), std::fmt::Error> {
    tracing::error!(error = "that of a part", "going on");
    part().await.or(Ok(()))
}

#[tokio::test]
async fn an_instrumented_step_fails_by_its_own_error_and_by_no_other() {
    let recording = record();
    agentspan::agent("a")
        .run_ok(async {
            let _ = failing().await;
            let _ = recovering().await;
        })
        .await;
    let outcome = |name| {
        let step = the(&recording, name);
        (step.text("agent.outcome").map(str::to_owned), step.text("error.type").map(str::to_owned))
    };
    assert_eq!(outcome("failing"), (Some("error".to_owned()), Some("_OTHER".to_owned())));
    assert_eq!(outcome("recovering"), (Some("ok".to_owned()), None));
}

#[tokio::test]
async fn what_others_record_of_messages_leaves_only_when_it_is_asked_for() {
    let say = || {
        let said = tracing::info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.input.messages = "PRIVATE",
            gen_ai.prompt = "PRIVATE",
            gen_ai.tool.call.arguments = "PRIVATE",
            gen_ai.request.model = "gpt-4o",
        );
        said.in_scope(|| {});
    };
    let recording = record_with(agentspan::builder().with_content(false));
    say();
    let chat = the(&recording, "chat");
    assert!(!format!("{chat:?}").contains("PRIVATE"), "{chat:?}");
    assert_eq!(chat.text("llm.request.model_name"), Some("gpt-4o"));
    drop(recording);
    let recording = record_with(agentspan::builder().with_content(true));
    say();
    assert_eq!(the(&recording, "chat").text("llm.input_messages"), Some("PRIVATE"));
}

/// The caller was charged by what was known then, and the span must not say something else.
#[test]
fn a_call_whose_usage_comes_before_its_model_has_no_parts_of_a_price_beside_an_unknown_one() {
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        let chat = tracing::info_span!(
            "chat",
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = tracing::field::Empty,
            gen_ai.request.model = tracing::field::Empty,
        );
        chat.in_scope(|| {
            agentspan::current().usage(agentspan::Usage::new().input(1_000).output(500));
        });
        chat.record("gen_ai.provider.name", "openai");
        chat.record("gen_ai.request.model", "gpt-4o");
    });
    let chat = the(&recording, "chat");
    assert_eq!((chat.text("cost.status"), chat.double("cost.self_usd")), (Some("unknown"), None));
    assert_eq!((chat.double("cost.input_usd"), chat.text("cost.price_model")), (None, None));
    assert_eq!(chat.texts("cost.missing"), Some(vec!["provider"]));
}
