use agentspan_semconv::FinishClass;
use serde_json::{Value, json};

use super::super::Usage;
use super::{read, reader, same, usage_of};

const AWS: &str = "aws.bedrock";

fn converse(usage: Value) -> Value {
    json!({"output": {"message": {"role": "assistant", "content": [{"text": "ok"}]}}, "stopReason": "end_turn", "usage": usage})
}

#[test]
fn cached_tokens_are_added_to_the_input() {
    let read = usage_of(
        AWS,
        converse(json!({"inputTokens": 100, "cacheReadInputTokens": 10000, "cacheWriteInputTokens": 2000,
        "outputTokens": 200, "totalTokens": 12300, "cacheDetails": [{"ttl": "5m", "inputTokens": 500}, {"ttl": "1h", "inputTokens": 1500}]})),
    );
    let expected = Usage::new().input(12100).output(200).total(12300).cache_read(10000).cache_write(2000);
    assert_eq!(read, expected.cache_write_5m(500).cache_write_1h(1500));
    // Nova names them otherwise, and Bedrock sends both names at once.
    let read = usage_of(
        AWS,
        converse(
            json!({"inputTokens": 5, "cacheReadInputTokenCount": 3, "cacheReadInputTokens": 3, "outputTokens": 1}),
        ),
    );
    assert_eq!(read, Usage::new().input(8).output(1).cache_read(3));
}

#[test]
fn the_total_tells_whether_the_input_holds_what_was_cached() {
    let counts = |input: u64, total: Value| {
        let usage = json!({"inputTokens": input, "cacheReadInputTokens": 600, "cacheWriteInputTokens": 300,
            "outputTokens": 50, "totalTokens": total});
        let usage = usage_of(AWS, converse(usage));
        assert_eq!((usage.output, usage.cache_read, usage.cache_write), (Some(50), Some(600), Some(300)));
        usage.input
    };
    assert_eq!(counts(1_000, json!(1_050)), Some(1_000), "a gateway's input holds it");
    assert_eq!(counts(1_000, json!(1_950)), Some(1_900), "that of AWS does not");
    assert_eq!(counts(1_000, Value::Null), Some(1_900), "without a total it is AWS's");
    assert_eq!(counts(1_000, json!(7)), Some(1_900), "a total that fits neither says nothing");
    assert_eq!(counts(900, json!(950)), Some(900), "all of it was cached");
    assert_eq!(
        counts(899, json!(949)),
        Some(1_799),
        "more was cached than the input has, so it is beside it"
    );
    let silent = json!({"inputTokens": 1_000, "cacheReadInputTokens": 600, "totalTokens": 1_000});
    assert_eq!(usage_of(AWS, converse(silent)).input, Some(1_600), "without output the total cannot tell");
}

#[test]
fn counts_that_cannot_be_read_make_their_sum_unknown() {
    for bad in [json!(-1), json!(1e30), json!("many"), json!({})] {
        let read = usage_of(
            AWS,
            converse(json!({"inputTokens": 5, "cacheReadInputTokens": bad, "outputTokens": "7"})),
        );
        assert_eq!(read, Usage::new().output(7), "{bad}");
    }
    let read =
        usage_of(AWS, converse(json!({"inputTokens": 5.0, "cacheReadInputTokens": null, "outputTokens": 7})));
    assert_eq!(read, Usage::new().input(5).output(7));
}

fn stream() -> Vec<Value> {
    let delta = |index: u64, delta: Value| json!({"contentBlockDelta": {"contentBlockIndex": index, "delta": delta, "p": "abc"}});
    vec![
        json!({"messageStart": {"role": "assistant", "p": "ab"}}),
        delta(0, json!({"reasoningContent": {"text": "Hm"}})),
        delta(0, json!({"reasoningContent": {"text": "m."}})),
        delta(0, json!({"reasoningContent": {"signature": "s"}})),
        delta(1, json!({"text": "Let me"})),
        delta(1, json!({"text": " see."})),
        json!({"contentBlockStop": {"contentBlockIndex": 1}}),
        json!({"contentBlockStart": {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "t1", "name": "weather"}}}}),
        delta(2, json!({"toolUse": {"input": "{\"city\":"}})),
        delta(2, json!({"toolUse": {"input": "\"Ulm\"}"}})),
        json!({"contentBlockStart": {"contentBlockIndex": 3, "start": {"toolUse": {"toolUseId": "t2", "name": "search", "type": "server_tool_use"}}}}),
        delta(3, json!({"toolUse": {"input": "{\"q\":1}"}})),
        json!({"messageStop": {"stopReason": "tool_use"}}),
        json!({"metadata": {"usage": {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}, "metrics": {"latencyMs": 5},
            "serviceTier": {"type": "flex"}, "trace": {"promptRouter": {"invokedModelId": "arn:aws:bedrock:x"}}}}),
    ]
}

#[test]
fn converse_reads_the_same_whole_and_streamed() {
    let content = json!([{"reasoningContent": {"reasoningText": {"text": "Hmm.", "signature": "s"}}}, {"text": "Let me see."},
        {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Ulm"}}},
        {"toolUse": {"toolUseId": "t2", "name": "search", "input": {"q": 1}, "type": "server_tool_use"}}]);
    let whole = json!({"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "tool_use",
        "usage": {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}, "serviceTier": {"type": "flex"},
        "trace": {"promptRouter": {"invokedModelId": "arn:aws:bedrock:x"}}});
    let reply = same(AWS, &stream(), whole);
    assert_eq!(reply.usage, Some(Usage::new().input(9).output(4).total(13)));
    assert_eq!(
        (reply.finish_reasons.as_slice(), reply.finish_class),
        (&["tool_use".to_owned()][..], Some(FinishClass::ToolCall))
    );
    assert_eq!(
        (reply.service_tier.as_deref(), reply.model.as_deref()),
        (Some("flex"), Some("arn:aws:bedrock:x"))
    );
    assert_eq!(reply.tool_calls.len(), 1, "a tool that the provider runs is none of the caller's");
    assert_eq!(
        (reply.tool_calls[0].id.as_deref(), &reply.tool_calls[0].arguments),
        (Some("t1"), &Some(json!({"city": "Ulm"})))
    );
    let parts = &reply.output_messages.expect("content")[0]["parts"];
    assert_eq!(parts[0], json!({"type": "reasoning", "content": "Hmm."}));
    assert_eq!(parts[3]["server_tool_call"], json!({"type": "search", "input": {"q": 1}}));
}

#[test]
fn events_of_typed_clients_are_read_in_their_spelling() {
    let chunks = [
        json!({"ContentBlockDelta": {"content_block_index": 0, "delta": {"Text": "ok"}}}),
        json!({"MessageStop": {"stop_reason": "end_turn"}}),
        json!({"Metadata": {"usage": {"input_tokens": 9, "output_tokens": 4, "total_tokens": 14, "cache_read_input_tokens": 1}}}),
    ];
    let whole =
        converse(json!({"inputTokens": 9, "outputTokens": 4, "totalTokens": 14, "cacheReadInputTokens": 1}));
    assert_eq!(same(AWS, &chunks, whole).usage.and_then(|usage| usage.input), Some(10));
}

#[test]
fn errors_of_a_stream_and_of_a_body_are_read() {
    let cut = &stream()[..6];
    assert!(!reader(AWS, cut).is_complete());
    let failed = [cut, &[json!({"throttlingException": {"message": "slow down"}})]].concat();
    let failed = reader(AWS, &failed);
    assert_eq!(
        failed.error().map(|error| (error.error_type.as_str(), error.message.as_str())),
        Some(("throttlingException", "slow down"))
    );
    assert!(!failed.is_complete());
    let error = |body: Value| read(AWS, body).error.map(|error| (error.error_type, error.message));
    assert_eq!(error(json!({"message": "no such model"})), Some(("_OTHER".into(), "no such model".into())));
    assert_eq!(
        error(json!({"__type": "com.amazon#ValidationException", "message": "m"})),
        Some(("ValidationException".into(), "m".into()))
    );
    assert_eq!(read("local", json!({"message": "hello"})).error, None, "elsewhere a message is an answer");
}

#[test]
fn llama_reads_the_same_whole_and_streamed() {
    let chunks = [
        json!({"generation": "Ra", "prompt_token_count": 11, "generation_token_count": 1, "stop_reason": null}),
        json!({"generation": "in", "prompt_token_count": null, "generation_token_count": 2, "stop_reason": null}),
        json!({"generation": "", "prompt_token_count": null, "generation_token_count": 3, "stop_reason": "stop",
            "amazon-bedrock-invocationMetrics": {"inputTokenCount": 11, "outputTokenCount": 3}}),
    ];
    let whole = json!({"generation": "Rain", "prompt_token_count": 11, "generation_token_count": 3, "stop_reason": "stop"});
    let reply = same(AWS, &chunks, whole);
    assert_eq!(reply.usage, Some(Usage::new().input(11).output(3)));
    assert_eq!((reply.finish_class, reply.size), (Some(FinishClass::Stop), 4));
}

#[test]
fn titan_texts_and_vectors_are_read() {
    let chunks = [
        json!({"outputText": "Ra", "index": 0.0, "inputTextTokenCount": 9.0}),
        json!({"outputText": "in", "index": 0, "totalOutputTextTokenCount": 17, "completionReason": "FINISH", "inputTextTokenCount": null,
            "amazon-bedrock-invocationMetrics": {"inputTokenCount": 9, "outputTokenCount": 17}}),
    ];
    let whole = json!({"inputTextTokenCount": 9, "results": [{"tokenCount": 17, "outputText": "Rain", "completionReason": "FINISH"}]});
    let reply = same(AWS, &chunks, whole);
    assert_eq!(reply.usage, Some(Usage::new().input(9).output(17)));
    assert_eq!(
        (reply.finish_reasons.as_slice(), reply.finish_class),
        (&["FINISH".to_owned()][..], Some(FinishClass::Stop))
    );
    let reply = read(
        AWS,
        json!({"embedding": [0.5, 0.5], "inputTextTokenCount": 8, "embeddingsByType": {"float": [0.5, 0.5]}}),
    );
    assert_eq!(reply.usage, Some(Usage::new().input(8)));
    assert_eq!((reply.embedding_count, reply.embedding_dimensions, reply.size), (Some(1), Some(2), 8));
}

#[test]
fn nova_reads_like_converse() {
    let reply = read(
        AWS,
        json!({"output": {"message": {"content": [{"text": "ok"}], "role": "assistant"}}, "stopReason": "max_tokens",
        "usage": {"inputTokens": 4, "outputTokens": 5, "totalTokens": 9, "cacheReadInputTokenCount": 0, "cacheWriteInputTokenCount": 0}}),
    );
    assert_eq!(reply.usage, Some(Usage::new().input(4).output(5).total(9).cache_read(0).cache_write(0)));
    assert_eq!(reply.finish_class, Some(FinishClass::Length));
}

#[test]
fn the_metrics_of_the_last_chunk_count_for_models_that_count_nothing() {
    let metrics = json!({"inputTokenCount": 16, "outputTokenCount": 21, "cacheReadInputTokenCount": 4, "invocationLatency": 738});
    let mut last = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    last["amazon-bedrock-invocationMetrics"] = metrics.clone();
    let chunks = [json!({"choices": [{"index": 0, "delta": {"content": "ok"}}]}), last];
    let expected = Usage::new().input(20).output(21).cache_read(4);
    assert_eq!(reader(AWS, &chunks).into_reply().usage, Some(expected.clone()));
    let chunks = [
        json!({"outputs": [{"text": "ok", "stop_reason": null}]}),
        json!({"outputs": [{"text": "", "stop_reason": "length"}],
        "amazon-bedrock-invocationMetrics": metrics}),
    ];
    let reply = reader(AWS, &chunks).into_reply();
    assert_eq!((reply.usage, reply.finish_class), (Some(expected), Some(FinishClass::Length)));
    for bad in [json!(-1), json!(1e30), json!("x")] {
        let chunk = json!({"amazon-bedrock-invocationMetrics": {"inputTokenCount": 4, "cacheReadInputTokenCount": bad, "outputTokenCount": 2}});
        assert_eq!(reader(AWS, &[chunk]).into_reply().usage, Some(Usage::new().output(2)), "{bad}");
    }
}

#[test]
fn older_completions_of_ai21_give_text_and_reason() {
    let reply = read(
        AWS,
        json!({"id": 1234, "prompt": {"text": "x", "tokens": []},
        "completions": [{"data": {"text": "hola", "tokens": []}, "finishReason": {"reason": "endoftext"}}]}),
    );
    assert_eq!((reply.size, reply.finish_class, reply.usage), (4, Some(FinishClass::Stop), None));
}
