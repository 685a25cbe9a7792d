//! The spans that rig and genai make of their calls, in their own shapes.

use crate::fixtures::{picodollars, the};
use agentspan::testing::record;
use tracing::Instrument;
use tracing::field::Empty;

#[tokio::test]
async fn the_shape_of_rig_counts_once_though_each_level_tells_of_it() {
    // rig 0.44: `invoke_agent` repeats the usage of its calls, whose spans have their model only later; counts are unsigned.
    let recording = record();
    let agent = tracing::info_span!(
        parent: None,
        "invoke_agent",
        gen_ai.operation.name = "invoke_agent",
        gen_ai.agent.name = "helper",
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        gen_ai.usage.cache_read.input_tokens = Empty,
        gen_ai.usage.reasoning_tokens = Empty,
    );
    let work = async {
        for _ in 0..2 {
            let chat = tracing::info_span!(
                target: "rig::agent_chat",
                "chat",
                rig.completion_parent = true,
                gen_ai.operation.name = "chat",
                gen_ai.agent.name = "helper",
                gen_ai.provider.name = Empty,
                gen_ai.request.model = Empty,
                gen_ai.response.model = Empty,
                gen_ai.usage.input_tokens = Empty,
                gen_ai.usage.output_tokens = Empty,
                gen_ai.usage.cache_read.input_tokens = Empty,
                gen_ai.usage.cache_creation.input_tokens = Empty,
                gen_ai.usage.reasoning_tokens = Empty,
            );
            async {
                let span = tracing::Span::current();
                span.record("gen_ai.provider.name", "openai");
                span.record("gen_ai.request.model", "gpt-4o");
                span.record("gen_ai.usage.input_tokens", 1_000_u64);
                span.record("gen_ai.usage.output_tokens", 500_u64);
                span.record("gen_ai.usage.reasoning_tokens", 100_u64);
            }
            .instrument(chat)
            .await;
        }
        let tool = tracing::info_span!(
            "execute_tool",
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.type = "function",
            gen_ai.tool.name = Empty,
            gen_ai.tool.call.id = Empty,
            gen_ai.tool.error.type = Empty,
        );
        tool.record("gen_ai.tool.name", "search");
        tool.in_scope(|| {});
        let span = tracing::Span::current();
        span.record("gen_ai.usage.input_tokens", 2_000_u64);
        span.record("gen_ai.usage.output_tokens", 1_000_u64);
    };
    work.instrument(agent).await;
    insta::assert_snapshot!(recording.tree(), @r"
    invoke_agent ok $0.015
      chat ok 1000→500 $0.0075
      chat ok 1000→500 $0.0075
      execute_tool ok
    ");
    let books = recording.books();
    assert_eq!(books.total.usd.to_string(), "0.015");
    assert_eq!(books.models[0].spend.calls, 2);
    assert_eq!((books.tools[0].name.as_str(), books.tools[0].spend.calls), ("search", 1));
    let chat = &recording.spans()[1];
    assert_eq!(
        chat.int("gen_ai.usage.input_tokens"),
        Some(1_000),
        "a number, though the bridge made text of it"
    );
    assert_eq!(chat.int("llm.token_count.completion_details.reasoning"), Some(100));
    let agent = the(&recording, "invoke_agent");
    assert_eq!(agent.int("gen_ai.usage.input_tokens"), None, "viewers would add it to that of the calls");
    assert_eq!(the(&recording, "execute_tool").text("tool.name"), Some("search"));
}

fn genai_span() -> tracing::Span {
    tracing::info_span!(
        "genai.chat",
        "otel.name" = "chat claude-3-5-sonnet-20241022",
        "otel.kind" = "client",
        "otel.status_code" = Empty,
        "error.type" = Empty,
        "gen_ai.operation.name" = "chat",
        "gen_ai.provider.name" = "anthropic",
        "gen_ai.request.model" = "claude-3-5-sonnet-20241022",
        "gen_ai.request.stream" = false,
        "gen_ai.response.id" = Empty,
        "gen_ai.response.model" = Empty,
        "gen_ai.response.finish_reasons" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "gen_ai.usage.cache_read.input_tokens" = Empty,
        "gen_ai.usage.cache_creation.input_tokens" = Empty,
    )
}

#[tokio::test]
async fn the_shape_of_genai_is_priced_and_speaks_our_names() {
    let recording = record();
    let call = async {
        let span = tracing::Span::current();
        span.record("gen_ai.response.id", "msg_1");
        span.record("gen_ai.response.finish_reasons", r#"["end_turn"]"#);
        span.record("gen_ai.usage.input_tokens", 12_100_i64);
        span.record("gen_ai.usage.output_tokens", 200_i64);
        span.record("gen_ai.usage.cache_read.input_tokens", 10_000_i64);
        span.record("gen_ai.usage.cache_creation.input_tokens", 2_000_i64);
    };
    agentspan::agent("a").run_ok(async { call.instrument(genai_span()).await }).await;
    // 100 × 3 + 10,000 × 0.30 + 2,000 × 3.75 + 200 × 15 USD for a million.
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed $0.0138
      chat claude-3-5-sonnet-20241022 ok 12100→200 $0.0138
    ");
    let call = the(&recording, "chat claude-3-5-sonnet-20241022");
    assert_eq!(call.text("llm.response.id"), Some("msg_1"));
    assert_eq!(call.text("llm.finish_reason"), Some("end_turn"));
    assert_eq!(call.int("llm.token_count.prompt_details.cache_write"), Some(2_000));
    assert_eq!(call.double("cost.cache_read_usd").map(picodollars), Some(3_000_000_000));
}
