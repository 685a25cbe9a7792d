//! Errors that stand in a body or in its status.

use agentspan_semconv::StreamEnd;

use super::super::ReplyReader;
use super::read;

#[test]
fn a_stream_in_which_a_provider_reports_an_error_is_cut_in_every_family_whatever_follows() {
    let done = "data: [DONE]\n\n";
    let bodies = [
        (
            "openai",
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"error\":{\"code\":\"busy\"}}\n\n",
        ),
        (
            "openrouter",
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"error\"}],\"error\":{\"code\":502}}\n\n",
        ),
        (
            "groq",
            "data: {\"choices\":[{\"index\":0,\"delta\":{}}],\"x_groq\":{\"error\":\"over capacity\"}}\n\n",
        ),
        (
            "openai",
            "data: {\"type\":\"response.failed\",\"response\":{\"object\":\"response\",\"status\":\"failed\",\"output\":[],\"error\":{\"code\":\"server_error\"}}}\n\n",
        ),
        (
            "openai",
            "data: {\"type\":\"response.failed\",\"response\":{\"object\":\"response\",\"status\":\"failed\",\"output\":[]}}\n\n",
        ),
        ("openai", "data: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"no\"}\n\n"),
        (
            "anthropic",
            "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"no\"}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
        ),
        (
            "gcp.gemini",
            "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\ndata: {\"error\":{\"code\":503,\"status\":\"UNAVAILABLE\"}}\n\n",
        ),
        (
            "gcp.gemini",
            "data: {\"event_type\":\"interaction.completed\",\"interaction\":{\"object\":\"interaction\",\"status\":\"failed\",\"error\":{\"code\":\"internal\"}}}\n\n",
        ),
        (
            "cohere",
            "data: {\"type\":\"message-end\",\"delta\":{\"finish_reason\":\"ERROR\",\"error\":\"no\"}}\n\n",
        ),
        (
            "cohere",
            "data: {\"event_type\":\"stream-end\",\"is_finished\":true,\"finish_reason\":\"ERROR\",\"error\":\"no\"}\n\n",
        ),
        (
            "aws.bedrock",
            "data: {\"messageStop\":{\"stopReason\":\"end_turn\"}}\n\ndata: {\"throttlingException\":{\"message\":\"no\"}}\n\n",
        ),
        ("mistral_ai", "data: {\"object\":\"error\",\"message\":\"no\",\"type\":\"internal\"}\n\n"),
        (
            "ollama",
            "data: {\"model\":\"m\",\"message\":{\"content\":\"\"},\"done\":false}\n\ndata: {\"error\":\"no\"}\n\n",
        ),
    ];
    for (provider, body) in bodies {
        for body in [body.to_owned(), format!("{body}{done}")] {
            let read = || {
                let mut reader = ReplyReader::new(provider).status(200);
                reader.push(body.as_bytes());
                reader
            };
            for reply in [read().finish(), read().finish_abandoned()] {
                assert!(reply.error.is_some(), "{body}");
                assert_eq!(reply.stream_end, Some(StreamEnd::Cut), "{body}");
            }
        }
    }
    let line = "{\"model\":\"m\",\"message\":{\"content\":\"a\"},\"done\":false}\n{\"error\":\"no\"}\n";
    assert_eq!(read("ollama", line.as_bytes(), 1).stream_end, Some(StreamEnd::Cut));
    let array = "[{\"candidates\":[{\"finishReason\":\"STOP\"}]},\n{\"error\":{\"code\":503}}]";
    assert_eq!(read("gcp.gemini", array.as_bytes(), 1).stream_end, Some(StreamEnd::Cut));
}

#[test]
fn an_error_inside_a_stream_of_status_200_is_an_error() {
    let body = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"code\":\"overloaded\",\"message\":\"busy\"}}\n\n";
    let mut reader = ReplyReader::new("openai").status(200);
    reader.push(body.as_bytes());
    let reply = reader.finish();
    assert_eq!(reply.stream_end, Some(StreamEnd::Cut));
    assert_eq!(reply.error.map(|error| error.error_type).as_deref(), Some("overloaded"));
}

#[test]
fn a_failed_status_makes_any_body_an_error() {
    let cases = [
        (
            429,
            "{\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"slow\"}}",
            "rate_limit_exceeded",
            "slow",
        ),
        (500, "{\"error\":{\"message\":\"oh\"}}", "500", "oh"),
        (503, "<html>busy</html>", "503", "<html>busy</html>"),
        (400, "{\"message\":\"bad\"}", "400", "bad"),
        (502, "", "502", ""),
    ];
    for (status, body, error_type, message) in cases {
        let mut reader = ReplyReader::new("openai").status(status);
        reader.push(body.as_bytes());
        let error = reader.finish().error.expect("the status says so");
        assert_eq!((error.error_type.as_str(), error.message.as_str()), (error_type, message), "{body}");
    }
}

#[test]
fn a_refusal_is_no_stream_however_it_is_written() {
    for body in [
        r#"[{"error": {"code": 429, "message": "No.", "status": "RESOURCE_EXHAUSTED"}}]"#,
        "data: {\"error\": {\"code\": 429}}\n\n",
    ] {
        let mut reader = ReplyReader::new("google").status(429);
        reader.push(body.as_bytes());
        let reply = reader.finish();
        assert_eq!((reply.stream_end, reply.error.is_some()), (None, true), "{body}");
    }
}
