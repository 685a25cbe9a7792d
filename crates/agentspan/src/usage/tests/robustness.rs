use serde_json::{Map, Value, json};

use super::super::{StreamReader, with_json};
use super::{push, read_reply, read_request, write_system, write_tools};

/// A small generator of repeatable numbers (SplitMix64): a failure names its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit.max(1) as u64) as usize
    }

    fn value(&mut self) -> Value {
        let values = [
            json!(null),
            json!(true),
            json!(-1),
            json!(0),
            json!(u64::MAX),
            json!(i64::MIN),
            json!(1e308),
            json!(0.5),
            json!(""),
            json!("stop"),
            json!("ö\u{0}\u{10ffff}"),
            json!("x".repeat(3000)),
            json!([]),
            json!([[], {}, null, 1, "a"]),
            json!({}),
            json!({"text": 1, "type": "text", "index": "x"}),
            json!({"function": {"name": "f", "arguments": [1]}}),
            json!("[DONE]"),
            json!("1e30"),
        ];
        values[self.below(values.len())].clone()
    }

    /// Replaces, removes or copies one place somewhere in the value.
    fn mutate(&mut self, value: &mut Value) {
        let deeper = self.below(8) > 0;
        match value {
            Value::Object(map) if deeper && !map.is_empty() => {
                let index = self.below(map.len());
                let Some(key) = map.keys().nth(index).cloned() else { return };
                match self.below(8) {
                    0 => drop(map.remove(&key)),
                    1 => drop(map.insert(key.to_uppercase(), self.value())),
                    _ => map.get_mut(&key).into_iter().for_each(|inner| self.mutate(inner)),
                }
            }
            Value::Array(list) if deeper && !list.is_empty() => {
                let index = self.below(list.len());
                match self.below(8) {
                    0 => drop(list.remove(index)),
                    1 => list.push(list[index].clone()),
                    _ => self.mutate(&mut list[index]),
                }
            }
            other => *other = self.value(),
        }
    }
}

fn fixtures() -> Vec<Value> {
    let call =
        json!({"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let message = json!({"role": "assistant", "content": "x", "tool_calls": [call], "refusal": null,
        "function_call": {"name": "f", "arguments": "{"}, "audio": {"transcript": "t"}, "reasoning": "r"});
    let usage = json!({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "cost": 0.1, "is_byok": false,
        "prompt_tokens_details": {"cached_tokens": 1}, "completion_tokens_details": {"reasoning_tokens": 1}});
    let counts = json!({"input_tokens": 1, "cache_read_input_tokens": 1, "cache_creation": {"ephemeral_5m_input_tokens": 1},
        "output_tokens": 4, "service_tier": "batch", "speed": "fast",
        "iterations": [{"type": "compaction", "input_tokens": 1, "output_tokens": 1}], "input_tokens_details": {"cached_tokens": 1}, "server_tool_use": {"web_search_requests": 1}});
    let tool = json!({"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}});
    let parts = json!([{"type": "text", "text": "x"}, tool, {"type": "thinking", "thinking": "x"},
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}]},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
        {"type": "input_audio", "input_audio": {"format": "wav", "data": "AA"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA"}},
        {"type": "web_search_tool_result", "tool_use_id": "t", "content": []}]);
    let items = json!([{"type": "message", "role": "assistant", "content": parts},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        {"type": "reasoning", "summary": [{"text": "x"}]}, {"type": "web_search_call", "action": {"type": "search"}},
        {"type": "function_call_output", "call_id": "c", "output": parts},
        {"type": "image_generation_call", "result": "AA"}]);
    let gemini_parts = json!([{"text": "x", "thought": true}, {"text": "y"}, {"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}},
        {"functionResponse": {"name": "f", "response": {}}}, {"inlineData": {"mimeType": "image/png", "data": "AA"}},
        {"fileData": {"fileUri": "u"}}, {"executableCode": {"code": "1"}}, {"codeExecutionResult": {}}]);
    let gemini_counts = json!({"promptTokenCount": 5, "candidatesTokenCount": 3, "thoughtsTokenCount": 2, "totalTokenCount": 10,
        "toolUsePromptTokenCount": 1, "cachedContentTokenCount": 1, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 1}],
        "trafficType": "ON_DEMAND"});
    let interaction = json!({"id": "i", "object": "interaction", "status": "completed", "steps": [
            {"type": "thought", "summary": [{"text": "x"}]}, {"type": "model_output", "content": [{"type": "text", "text": "x"}]},
            {"type": "function_call", "id": "c", "name": "f", "arguments": {"a": 1}}, {"type": "google_search_call", "arguments": {}}],
        "usage": {"total_input_tokens": 1, "total_thought_tokens": 1, "total_output_tokens": 1,
            "input_tokens_by_modality": [{"modality": "audio", "tokens": 1}], "grounding_tool_count": [{"type": "google_search", "count": 1}]}});
    let blocks = json!([{"text": "x"}, {"reasoningContent": {"reasoningText": {"text": "x"}}},
        {"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1}}}, {"toolResult": {"toolUseId": "t", "content": [{"json": {}}]}},
        {"citationsContent": {"content": [{"text": "x"}]}}, {"image": {"format": "png", "source": {"bytes": "AA"}}},
        {"guardContent": {"text": {"text": "x"}}}]);
    let converse_counts = json!({"inputTokens": 1, "cacheReadInputTokens": 1, "cacheDetails": [{"ttl": "5m", "inputTokens": 1}],
        "outputTokens": 1, "totalTokens": 3});
    let billed = json!({"billed_units": {"input_tokens": 1.0, "output_tokens": 1.0}, "tokens": {"input_tokens": 2}, "cached_tokens": 1});
    let metrics = json!({"inputTokenCount": 1, "outputTokenCount": 1, "cacheReadInputTokenCount": 1});
    vec![
        json!({"candidates": [{"index": 0, "content": {"role": "model", "parts": gemini_parts}, "finishReason": "STOP",
            "groundingMetadata": {"webSearchQueries": ["x"]}}], "usageMetadata": gemini_counts, "responseId": "r", "modelVersion": "m"}),
        json!({"promptFeedback": {"blockReason": "SAFETY"}, "usage_metadata": gemini_counts}),
        json!({"predictions": [{"embeddings": {"values": [0.5], "statistics": {"token_count": 1}}}], "embedding": {"values": [0.5]}}),
        interaction.clone(),
        json!({"event_type": "step.start", "index": 0, "step": {"type": "function_call", "id": "c", "name": "f"}}),
        json!({"event_type": "step.delta", "index": 0, "delta": {"type": "arguments_delta", "arguments": "{"}}),
        json!({"event_type": "interaction.completed", "interaction": interaction}),
        json!({"output": {"message": {"content": blocks}}, "stopReason": "end_turn", "usage": converse_counts, "serviceTier": {"type": "x"}}),
        json!({"contentBlockStart": {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": "f"}}}}),
        json!({"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{"}}}}),
        json!({"contentBlockDelta": {"contentBlockIndex": 1, "delta": {"text": "x"}}}),
        json!({"messageStop": {"stopReason": "end_turn"}}),
        json!({"metadata": {"usage": converse_counts, "trace": {"promptRouter": {"invokedModelId": "m"}}}}),
        json!({"generation": "x", "prompt_token_count": 1, "generation_token_count": 1, "stop_reason": "stop",
            "amazon-bedrock-invocationMetrics": metrics}),
        json!({"inputTextTokenCount": 1.0, "results": [{"tokenCount": 1, "outputText": "x", "completionReason": "FINISH"}], "embedding": [0.5]}),
        json!({"outputs": [{"text": "x", "stop_reason": "stop"}], "completions": [{"data": {"text": "x"}, "finishReason": {"reason": "x"}}]}),
        json!({"id": "c", "finish_reason": "COMPLETE", "message": {"content": [{"type": "text", "text": "x"}, {"thinking": "x"}],
            "tool_plan": "x", "tool_calls": [call]}, "usage": billed}),
        json!({"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls": {"function": {"arguments": "{"}}}}}),
        json!({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "x", "usage": billed}}),
        json!({"event_type": "stream-end", "response": {"response_id": "r", "text": "x", "finish_reason": "COMPLETE", "meta": billed}}),
        json!({"response_type": "embeddings_by_type", "embeddings": {"float": [[0.5]]}, "meta": billed}),
        json!({"results": [{"relevance_score": 0.5}], "meta": billed, "generations": [{"text": "x", "finish_reason": "COMPLETE"}]}),
        json!({"model": "m", "message": {"content": "x", "thinking": "x", "tool_calls": [call]}, "response": "x", "done": true,
            "done_reason": "stop", "prompt_eval_count": 1, "eval_count": 1, "embeddings": [[0.5]]}),
        json!({"contents": [{"role": "model", "parts": gemini_parts}], "systemInstruction": {"parts": gemini_parts},
            "tools": [{"functionDeclarations": [{"name": "f", "parameters": {}}]}, {"googleSearch": {}}],
            "generationConfig": {"temperature": 0.5, "thinkingConfig": {"thinkingLevel": "low"}}, "requests": [{"outputDimensionality": 1}]}),
        json!({"messages": [{"role": "user", "content": blocks, "images": ["AA"]}], "system": [{"text": "x"}],
            "toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}]}, "inferenceConfig": {"stopSequences": ["x"]}}),
        json!({"message": "x", "chat_history": [{"role": "USER", "message": "x"}], "preamble": "x", "texts": ["x"], "inputText": "x"}),
        json!({"id": "c", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": usage}),
        json!({"id": "c", "model": "m", "choices": [{"index": 1, "delta": message, "text": "x"}], "usage": usage,
            "x_groq": {"usage": usage, "error": {"code": "x"}}, "service_tier": "auto"}),
        json!({"error": {"code": 4, "type": "t", "message": "m", "metadata": {"error_type": "e"}}, "detail": []}),
        json!({"data": [{"embedding": [0.1]}, {"embedding": "AAAA"}], "model": "m", "usage": usage}),
        json!({"type": "message", "id": "m", "content": parts, "stop_reason": "end_turn", "usage": counts}),
        json!({"type": "message_start", "message": {"id": "m", "model": "x", "content": [], "usage": counts}}),
        json!({"type": "content_block_start", "index": 0, "content_block": tool}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"text": "x", "thinking": "x", "partial_json": "{"}}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": counts}),
        json!({"id": "r", "object": "response", "model": "m", "status": "completed", "output": items, "usage": counts,
            "incomplete_details": {"reason": "max_output_tokens"}, "tool_usage": {"web_search": {"num_requests": 1}}}),
        json!({"type": "response.completed", "response": {"status": "failed", "output": items, "error": {"code": "x"}}}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": items[1]}),
        json!({"type": "response.output_text.delta", "output_index": 0, "delta": "x"}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 1, "delta": "{"}),
        json!({"id": "r", "object": "thread.run", "status": "requires_action", "usage": usage, "last_error": {"code": "x"},
            "required_action": {"submit_tool_outputs": {"tool_calls": [call]}}}),
        json!({"object": "thread.message.delta", "delta": {"content": [{"text": {"value": "x"}}]}}),
        json!({"created": 1, "data": [{"b64_json": "AA"}, {"url": "u"}], "usage": counts}),
        json!({"type": "transcript.text.done", "text": "x", "usage": {"type": "duration", "seconds": 1.5}}),
        json!({"model": "m", "input": items, "instructions": parts, "prompt": {"id": "p"}}),
        json!({"model": "m", "messages": [{"role": "user", "content": parts}, message, {"role": "tool", "content": parts}],
            "system": parts, "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}], "n": 2,
            "stream_options": {"include_usage": true}, "dimensions": 4, "input": ["x"], "prompt": [1]}),
    ]
}

#[test]
fn no_change_anywhere_in_a_body_makes_a_reader_panic() {
    let fixtures = fixtures();
    for seed in 0..6000_u64 {
        let mut random = Random(seed);
        let mut body = fixtures[random.below(fixtures.len())].clone();
        for _ in 0..=random.below(4) {
            random.mutate(&mut body);
        }
        let providers = [
            "openai",
            "anthropic",
            "openrouter",
            "google",
            "mistralai",
            "xai",
            "perplexity",
            "gcp.gemini",
            "aws.bedrock",
            "cohere",
            "ollama",
            "",
        ];
        let provider = providers[random.below(providers.len())];
        let with = read_reply(provider, &body, true);
        let without = read_reply(provider, &body, false);
        assert_eq!((&with.usage, with.size), (&without.usage, without.size), "seed {seed}: {body}");
        assert_eq!(without.output_messages, None, "seed {seed}: {body}");
        let request = read_request(&body, seed % 2 == 0);
        assert!(Value::Object(request.parameters).to_string().len() <= 16 << 10);
        write_system(&body, &mut std::io::sink());
        write_tools(&body, &mut std::io::sink());
    }
}

#[test]
fn no_order_of_broken_chunks_makes_a_stream_panic() {
    let fixtures = fixtures();
    for seed in 0..1500_u64 {
        let mut random = Random(seed);
        let mut reader =
            StreamReader::new(["openai", "anthropic", "aws.bedrock"][random.below(3)], seed % 2 == 0);
        for _ in 0..random.below(20) {
            let mut chunk = fixtures[random.below(fixtures.len())].clone();
            random.mutate(&mut chunk);
            push(&mut reader, &chunk);
            let _ = (reader.is_complete(), reader.error().is_some());
        }
        let _ = reader.into_reply();
    }
}

#[test]
fn bodies_that_are_no_reply_give_nothing_but_their_size() {
    for text in ["", "<html><body>502</body></html>", "null", "12", "{", "[]", "[{}]", "{}", "{\"a\":{}}"] {
        let read = with_json(text, |body| super::super::read_reply("openai", body, false));
        let reply = read.expect("text is JSON");
        assert_eq!((reply.usage, reply.tool_calls.len(), reply.error), (None, 0, None), "{text}");
        assert_eq!(reply.finish_reasons, [""; 0]);
    }
    let body = json!({"id": "x", "model": "m", "answer": "hello"});
    let reply = read_reply("local", &body, true);
    assert_eq!((reply.id.as_deref(), reply.model.as_deref()), (Some("x"), Some("m")));
    assert_eq!((reply.size, reply.output_messages), (body.to_string().len(), None));
}

#[test]
fn deep_and_wide_bodies_are_read_in_bounded_depth_and_linear_time() {
    let deep = (0..500).fold(json!("x"), |inner, _| json!({"type": "thinking", "thinking": [inner]}));
    read_reply("openai", &json!({"choices": [{"message": {"content": [deep]}}]}), true);
    let nested = (0..300).fold(json!(1), |inner, _| Value::Array(vec![inner]));
    let mut call = json!({"function": {"name": "f"}});
    call["function"]["arguments"] = nested;
    let mut body = json!({"choices": [{"message": {}}]});
    body["choices"][0]["message"]["tool_calls"] = Value::Array(vec![call]);
    let reply = read_reply("openai", &body, true);
    assert_eq!(reply.tool_calls[0].arguments, None, "deeper than anything honest");
    let calls: Vec<Value> =
        (0..50_000).map(|index| json!({"index": index, "function": {"name": "f"}})).collect();
    let choices: Vec<Value> = (0..50_000).map(|index| json!({"index": index, "text": "x"})).collect();
    let mut body = Map::new();
    body.insert("choices".into(), Value::Array(choices));
    let reply = read_reply("openai", &Value::Object(body), true);
    assert!(
        reply
            .output_messages
            .is_some_and(|messages| messages.as_array().is_some_and(|list| list.len() == 128))
    );
    let reply = read_reply("openai", &json!({"choices": [{"message": {"tool_calls": calls}}]}), false);
    assert_eq!(reply.tool_calls.len(), 256);
}
