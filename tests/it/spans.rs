//! What a run records.

use agentspan::testing::record;

#[tokio::test]
async fn a_run_with_a_tool_and_a_model_call() {
    let recording = record();
    let answer = agentspan::agent("weather_assistant")
        .session("s-42").user("u-7").tag("tenant", "acme")
        .run(async {
            let reply = serde_json::json!({"id":"c1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{}"}}]}}],"usage":{"prompt_tokens":412,"completion_tokens":54,"total_tokens":466}});
            agentspan::llm("openai", "gpt-4o").call(async { Ok::<_, String>(reply) }).await?;
            agentspan::tool("get_weather").call_id("call_1").cost_usd(0.0001).run(async { Ok::<_, String>(3.5) }).await
        })
        .await;
    assert_eq!(answer, Ok(3.5));
    println!("{}", recording.tree());
    for s in recording.spans() {
        println!("{s} {:?} {:?}", s.keys(), s.links());
    }
    println!("{:?}", recording.report());
}
