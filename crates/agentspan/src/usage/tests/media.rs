use serde_json::json;

use super::super::Usage;
use super::{read, reader, usage_of};

#[test]
fn images_have_tokens_and_may_be_streamed() {
    let usage = json!({"input_tokens": 50, "output_tokens": 4160, "total_tokens": 4210,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40}, "output_tokens_details": {"image_tokens": 4160}});
    let whole = json!({"created": 1, "data": [{"b64_json": "AAAA"}], "usage": usage});
    let expected = Usage::new().input(50).output(4160).total(4210).input_image(40).output_image(4160);
    let read = read("openai", whole);
    assert_eq!((read.usage.as_ref(), read.size), (Some(&expected), 4));
    assert_eq!(read.output_messages.as_ref().expect("content is on")[0]["parts"][0]["modality"], "image");
    let events = [
        json!({"type": "image_generation.partial_image", "b64_json": "AA", "partial_image_index": 0}),
        json!({"type": "image_generation.completed", "b64_json": "AAAA", "usage": usage}),
    ];
    assert!(!reader("openai", &events[..1]).is_complete());
    assert!(reader("openai", &events).is_complete());
    assert_eq!(reader("openai", &events).into_reply(), read);
    let url = json!({"created": 1, "data": [{"url": "https://example.org/a.png", "revised_prompt": "p"}]});
    assert_eq!(super::read("openai", url).usage, None);
}

#[test]
fn transcriptions_are_counted_in_tokens_or_in_seconds() {
    let tokens = json!({"type": "tokens", "input_tokens": 14, "output_tokens": 45, "total_tokens": 59,
        "input_token_details": {"text_tokens": 4, "audio_tokens": 10}});
    let expected = Usage::new().input(14).output(45).total(59).input_audio(10);
    let whole = read("openai", json!({"text": "Hello", "usage": tokens}));
    assert_eq!((whole.usage.as_ref(), whole.size), (Some(&expected), 5));
    let events = [
        json!({"type": "transcript.text.delta", "delta": "Hel"}),
        json!({"type": "transcript.text.delta", "delta": "lo"}),
        json!({"type": "transcript.text.done", "text": "Hello", "usage": tokens}),
    ];
    assert!(!reader("openai", &events[..2]).is_complete());
    assert_eq!(reader("openai", &events).into_reply(), whole);
    let seconds = json!({"text": "Hello", "usage": {"type": "duration", "seconds": 3.5}});
    assert_eq!(usage_of("openai", seconds), Usage::new().seconds(3.5));
    let older = json!({"task": "transcribe", "text": "Hello", "duration": "3.5", "segments": [], "x_groq": {"id": "r"}});
    assert_eq!(usage_of("groq", older), Usage::new().seconds(3.5));
}

#[test]
fn speech_tells_its_tokens_at_the_end() {
    let usage = json!({"input_tokens": 5, "output_tokens": 60, "total_tokens": 65});
    let events = [
        json!({"type": "speech.audio.delta", "audio": "AAAA"}),
        json!({"type": "speech.audio.done", "usage": usage}),
    ];
    assert!(reader("openai", &events).is_complete());
    assert_eq!(
        reader("openai", &events).into_reply().usage,
        Some(Usage::new().input(5).output(60).total(65))
    );
}
