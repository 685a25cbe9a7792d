//! How the chunks of a stream travel.

use serde_json::{Value, json};

#[derive(Debug, Clone, Copy)]
pub(super) enum Wire {
    /// Server-sent events; those that have a type also say it outside of their data.
    Events,
    /// The same with OpenAI's end mark.
    EventsAndDone,
    /// A JSON value in each line.
    Lines,
    /// One JSON array.
    Array,
    /// AWS's frames, each with an event whose only key is its type.
    Frames,
    /// AWS's frames around the chunks of another provider.
    FramesOfChunks,
}

impl Wire {
    pub(super) fn bytes(self, chunks: &[Value]) -> Vec<u8> {
        let events = || chunks.iter().map(event).collect::<String>();
        match self {
            Self::Events => events().into(),
            Self::EventsAndDone => (events() + "data: [DONE]\n\n").into(),
            Self::Lines => chunks.iter().map(|chunk| format!("{chunk}\n")).collect::<String>().into(),
            Self::Array => {
                let chunks: Vec<_> = chunks.iter().map(Value::to_string).collect();
                format!("[{}]", chunks.join(",\r\n")).into()
            }
            Self::Frames => chunks
                .iter()
                .flat_map(|chunk| {
                    let (name, body) = chunk.as_object().and_then(|map| map.iter().next()).expect("one key");
                    frame(name, body)
                })
                .collect(),
            Self::FramesOfChunks => {
                let frame = |chunk: &Value| {
                    frame("chunk", &json!({"bytes": base64(chunk.to_string().as_bytes()), "p": "ab"}))
                };
                chunks.iter().flat_map(frame).collect()
            }
        }
    }
}

fn event(chunk: &Value) -> String {
    let kind = chunk["type"].as_str().map(|kind| format!("event: {kind}\n")).unwrap_or_default();
    format!("{kind}data: {chunk}\n\n")
}

fn frame(name: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let mut headers = Vec::new();
    for (key, value) in
        [(":event-type", name), (":content-type", "application/json"), (":message-type", "event")]
    {
        headers.push(u8::try_from(key.len()).expect("names of headers are short"));
        headers.extend(key.as_bytes());
        headers.push(7);
        headers.extend(u16::try_from(value.len()).expect("values of headers are short").to_be_bytes());
        headers.extend(value.as_bytes());
    }
    let number = |length: usize| u32::try_from(length).expect("frames in tests are small").to_be_bytes();
    let mut frame = [number(headers.len() + body.len() + 16), number(headers.len())].concat();
    frame.extend(checksum(&frame));
    frame.extend(headers);
    frame.extend(body.as_bytes());
    frame.extend(checksum(&frame));
    frame
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum().to_be_bytes()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place > three.len() { '=' } else { char::from(digit) });
        }
    }
    text
}
