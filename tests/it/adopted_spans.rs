//! Spans of other people that tell of calls: of rig, of genai, of `#[instrument]` with our names.

use crate::fixtures::{picodollars, the};
use agentspan::testing::{record, record_with};
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
