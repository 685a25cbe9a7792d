//! What the paths of each interface mean.

use std::borrow::Cow;

use agentspan_semconv::Operation;

use super::Endpoint;
use super::url::{Url, decoded, plain};

fn call(operation: Operation) -> Option<Endpoint> {
    own(operation.as_str())
}

fn own(operation: &'static str) -> Option<Endpoint> {
    Some(Endpoint { operation: Some(Cow::Borrowed(operation)), ..Endpoint::default() })
}

/// A path by its end, in OpenAI's, Anthropic's and the compatible ones' words; a prefix of any length may stand before.
fn by_end(method: &str, segments: &[&str]) -> Option<Endpoint> {
    let is_post = method.eq_ignore_ascii_case("POST");
    match segments {
        [.., "responses", id] if method.eq_ignore_ascii_case("GET") && !id.is_empty() => {
            own("fetch_response")
        }
        _ if !is_post => None,
        [.., "chat" | "fim" | "agents", "completions"] => call(Operation::Chat),
        [.., "completions" | "complete"] => call(Operation::TextCompletion),
        [.., "responses"] | [.., "responses", "compact"] => call(Operation::Chat),
        // Messages of OpenAI's threads are kept and not answered.
        [.., "threads", _, "messages"] => None,
        [.., "messages" | "conversations"] => call(Operation::Chat),
        [.., "embeddings"] => call(Operation::Embeddings),
        [.., "images", "generations" | "edits" | "variations"] => own("image_generation"),
        [.., "audio", "speech"] => own("speech"),
        [.., "audio", "transcriptions"] => own("transcription"),
        [.., "audio", "translations"] => own("translation"),
        [.., "moderations"] => own("moderation"),
        [.., "rerank"] => own("rerank"),
        [.., "ocr"] => own("ocr"),
        [.., "threads", "runs"] | [.., "threads", _, "runs"] => own("invoke_agent"),
        _ => None,
    }
}

/// OpenAI, and everybody whose paths end like those.
pub(super) fn openai(method: &str, url: &Url<'_>) -> Option<Endpoint> {
    by_end(method, &url.segments())
}

/// A path at a host that nobody knows: only what is surely an interface for models.
pub(super) fn any(method: &str, url: &Url<'_>) -> Option<Endpoint> {
    let segments = url.segments();
    let is_sure = matches!(
        segments[..],
        [.., "chat", "completions"]
            | [.., "v1", "completions" | "embeddings" | "responses" | "messages"]
            | [.., "v1", "responses", _]
    );
    if is_sure { by_end(method, &segments) } else { None }
}

pub(super) fn azure(method: &str, url: &Url<'_>) -> Option<Endpoint> {
    let segments = url.segments();
    let found = by_end(method, &segments)?;
    let deployment = segments.windows(2).find(|pair| pair[0] == "deployments").map(|pair| decoded(pair[1]));
    let provider = match segments[..] {
        ["models", ..] => Some("azure.ai.inference"),
        _ => None,
    };
    Some(Endpoint { model: deployment, provider: provider.map(Cow::Borrowed), ..found })
}

pub(super) fn azure_inference(method: &str, url: &Url<'_>) -> Option<Endpoint> {
    by_end(method, &url.segments())
}

/// Gemini and Vertex, whose last part is `model:method`.
pub(super) fn google(method: &str, url: &Url<'_>) -> Option<Endpoint> {
    let segments = url.segments();
    if !method.eq_ignore_ascii_case("POST") {
        return None;
    }
    let (last, before) = segments.split_last()?;
    if before.iter().any(|part| matches!(*part, "openai" | "openapi")) {
        return by_end(method, &segments);
    }
    if *last == "interactions" {
        return call(Operation::GenerateContent);
    }
    // The colon may be escaped.
    let last = plain(last);
    let (model, verb) = last.rsplit_once(':')?;
    let publisher = segments.windows(2).find(|pair| pair[0] == "publishers").map(|pair| pair[1]);
    let operation = match verb {
        "generateContent" | "streamGenerateContent" => Operation::GenerateContent,
        "embedContent" | "batchEmbedContents" => Operation::Embeddings,
        "rawPredict" | "streamRawPredict" => Operation::Chat,
        "predict" if publisher == Some("google") && model.contains("embedding") => Operation::Embeddings,
        "predict" | "streamingPredict" | "serverStreamingPredict" => Operation::GenerateContent,
        _ => return None,
    };
    let stream = verb.starts_with("stream") || verb == "serverStreamingPredict";
    // Before the model stands `models` or, for one that was tuned, `endpoints` or `tunedModels`.
    let model = match before.last() {
        Some(&"tunedModels") => format!("tunedModels/{model}"),
        _ => model.to_owned(),
    };
    Some(Endpoint { model: Some(model), stream, ..call(operation)? })
}

pub(super) fn bedrock(method: &str, url: &Url<'_>) -> Option<Endpoint> {
    let segments = url.segments();
    // An ARN that was not escaped has slashes of its own.
    let (["model", id @ ..], Some(verb)) = (segments.split_last()?.1, segments.last()) else {
        return by_end(method, &segments);
    };
    if id.is_empty() || !method.eq_ignore_ascii_case("POST") {
        return None;
    }
    let model = decoded(&id.join("/"));
    let operation = match *verb {
        "converse" | "converse-stream" => Operation::Chat,
        "invoke" | "invoke-with-response-stream" if is_embedding(&model) => Operation::Embeddings,
        // The body's family decides; most of them chat.
        "invoke" | "invoke-with-response-stream" if is_completion(&model) => Operation::TextCompletion,
        "invoke" | "invoke-with-response-stream" => Operation::Chat,
        _ => return None,
    };
    let stream = matches!(*verb, "converse-stream" | "invoke-with-response-stream");
    if *verb == "invoke" && model.contains("rerank") {
        return Some(Endpoint { model: Some(model), ..own("rerank")? });
    }
    Some(Endpoint { model: Some(model), stream, ..call(operation)? })
}

fn is_embedding(model: &str) -> bool {
    model.contains("embed")
}

/// Models of Bedrock whose body has a prompt and no messages.
fn is_completion(model: &str) -> bool {
    [
        "titan-text",
        ".j2-",
        "meta.llama",
        "cohere.command-text",
        "cohere.command-light",
        "claude-v2",
        "claude-instant",
    ]
    .iter()
    .any(|part| model.contains(part))
}

pub(super) fn cohere(method: &str, url: &Url<'_>) -> Option<Endpoint> {
    if !method.eq_ignore_ascii_case("POST") {
        return None;
    }
    match url.segments()[..] {
        [.., "v1" | "v2", "chat"] => call(Operation::Chat),
        [.., "v1", "generate"] => call(Operation::TextCompletion),
        [.., "v1" | "v2", "embed"] => call(Operation::Embeddings),
        [.., "v1" | "v2", "rerank"] => own("rerank"),
        [.., "v1", "classify"] => own("classify"),
        ["compatibility", "v1", ..] => openai(method, url),
        _ => None,
    }
}

pub(super) fn ollama(method: &str, url: &Url<'_>) -> Option<Endpoint> {
    match url.segments()[..] {
        _ if !method.eq_ignore_ascii_case("POST") => None,
        [.., "api", "chat"] => call(Operation::Chat),
        [.., "api", "generate"] => call(Operation::TextCompletion),
        [.., "api", "embed" | "embeddings"] => call(Operation::Embeddings),
        _ => openai(method, url),
    }
}

/// Replicate answers later; the first reply only says that the work began.
pub(super) fn replicate(method: &str, url: &Url<'_>) -> Option<Endpoint> {
    let segments = url.segments();
    match segments[..] {
        _ if !method.eq_ignore_ascii_case("POST") => None,
        [_, "models", owner, name, "predictions"] => {
            let model = format!("{}/{}", decoded(owner), decoded(name));
            Some(Endpoint { model: Some(model), ..call(Operation::GenerateContent)? })
        }
        [.., "predictions"] => call(Operation::GenerateContent),
        _ => None,
    }
}
