//! OpenAI's images, transcriptions and speech, whole and streamed, and servers that speak them.

use serde_json::{Value, json};

use super::collect::{Capture, MAX_CHOICES};
use super::counts::{Usage, amount};
use super::finish;
use super::json::{self, Json, Object};
use super::messages::{image_blob, message, text_part};
use super::openai_counts::{Dialect, RESPONSES, read};
use super::places::Place;
use super::reply::Reply;
use super::{Collector, Family};

pub(super) const FAMILY: Family = Family {
    providers: &[],
    recognises,
    open: |provider, content| Box::new(Media::new(Dialect::of(provider), content)),
};

/// How the events of these streams begin.
const EVENTS: [&str; 4] = ["transcript.text.", "image_generation.", "image_edit.", "speech.audio."];

fn recognises(body: &Object<'_>) -> bool {
    let is_event = |kind: &str| EVENTS.iter().any(|start| kind.starts_with(start));
    let has_image = || {
        let first = json::list(body, "data").first().and_then(Json::as_object);
        body.contains_key("created") && first.is_some_and(|item| image_of(item).is_some())
    };
    json::text(body, "type").is_some_and(is_event) || has_image() || is_transcription(body)
}

fn is_transcription(body: &Object<'_>) -> bool {
    let counts = json::object(body, "usage").and_then(|usage| json::text(usage, "type"));
    let is_counted = counts.is_some_and(|kind| kind == "tokens" || kind == "duration");
    let task = json::text(body, "task").is_some_and(|task| task.starts_with("trans"));
    body.get("text").is_some_and(Json::is_string) && (is_counted || task)
}

/// An image as base64, or where it can be fetched.
fn image_of<'a>(item: &'a Object<'_>) -> Option<&'a str> {
    json::text(item, "b64_json").or_else(|| json::text(item, "url"))
}

#[derive(Debug)]
struct Media {
    dialect: Dialect,
    reply: Reply,
    capture: Capture,
    text: String,
    has_pieces: bool,
    images: Vec<Value>,
    is_complete: bool,
}

impl Media {
    fn new(dialect: Dialect, content: bool) -> Self {
        Self {
            dialect,
            reply: Reply::default(),
            capture: Capture::new(content),
            text: String::new(),
            has_pieces: false,
            images: Vec::new(),
            is_complete: false,
        }
    }

    fn push_text(&mut self, text: Option<&str>) {
        self.capture.append(&mut self.text, text.unwrap_or_default());
    }

    fn push_image(&mut self, item: &Object<'_>) {
        let Some(data) = image_of(item) else { return };
        self.capture.size += data.len();
        if !self.capture.on || self.images.len() >= MAX_CHOICES {
            return;
        }
        let is_url = item.get("b64_json").is_none_or(Json::is_null);
        self.images.push(match is_url {
            true => json!({ "type": "uri", "modality": "image", "uri": json::clip(data, json::MAX_NAME) }),
            false => image_blob(data),
        });
    }
}

impl Collector for Media {
    fn push(&mut self, body: &Object<'_>) {
        let reply = &mut self.reply;
        reply.id = json::name(body, "id").or_else(|| reply.id.take());
        reply.model = json::name(body, "model").or_else(|| reply.model.take());
        if let Some(usage) = json::object(body, "usage") {
            reply.usage = read(usage, &RESPONSES, self.dialect).or_else(|| reply.usage.take());
        } else if let Some(seconds) = body.get("duration").and_then(amount) {
            // Older transcriptions say how long they are, which is what they are paid by.
            reply.usage = Some(Usage::new().seconds(seconds));
        }
        match json::text(body, "type").unwrap_or_default() {
            "transcript.text.delta" => {
                self.has_pieces = true;
                self.push_text(json::text(body, "delta"));
            }
            "transcript.text.done" => {
                if !self.has_pieces {
                    self.push_text(json::text(body, "text"));
                }
                self.is_complete = true;
            }
            "image_generation.completed" | "image_edit.completed" => {
                self.push_image(body);
                self.is_complete = true;
            }
            "speech.audio.done" => self.is_complete = true,
            kind if EVENTS.iter().any(|start| kind.starts_with(start)) => {}
            _ => {
                self.push_text(json::text(body, "text"));
                json::list(body, "data")
                    .iter()
                    .filter_map(Json::as_object)
                    .for_each(|item| self.push_image(item));
                self.is_complete = true;
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.is_complete
    }

    fn places(&self) -> &'static [Place] {
        PLACES
    }

    fn finish(self: Box<Self>) -> Reply {
        let mut reply = self.reply;
        let mut parts = self.images;
        if !self.text.is_empty() {
            parts.insert(0, text_part(&self.text));
        }
        // These replies have no finish reason, which messages must not lack.
        let word = finish::message_word(self.is_complete.then_some("stop"));
        reply.output_messages =
            (!parts.is_empty()).then(|| Value::Array(vec![message("assistant", parts, Some(word))]));
        reply.size = self.capture.size;
        reply
    }
}

/// Where the counts stand; those with a plus are sums.
const PLACES: &[Place] = &[
    ("input", "usage.input_tokens"),
    ("output", "usage.output_tokens"),
    ("total", "usage.total_tokens"),
    ("input_audio", "usage.input_token_details.audio_tokens"),
    ("input_image", "usage.input_tokens_details.image_tokens"),
    ("output_image", "usage.output_tokens_details.image_tokens"),
    ("seconds", "usage.seconds"),
    ("seconds", "duration"),
];
