//! How the chunks of a stream travel.

use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What a server that writes text may do as it likes. It means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    /// A byte order mark comes first.
    Mark,
    CrLf,
    /// A CR alone ends a line of an event; it does not end one of JSON.
    Cr,
    /// Comments between events, and empty lines between lines.
    Comments,
    /// Fields of events that are not their data.
    Fields,
    /// JSON over several lines, where a line is not a chunk.
    Pretty,
    /// No space behind the name of a field.
    Dense,
    /// The last line has no end.
    NoEnd,
}

impl Habit {
    pub(super) const ALL: [Self; 8] = [
        Self::Mark,
        Self::CrLf,
        Self::Cr,
        Self::Comments,
        Self::Fields,
        Self::Pretty,
        Self::Dense,
        Self::NoEnd,
    ];
}

impl Wire {
    pub(super) fn bytes(self, chunks: &[Value]) -> Vec<u8> {
        self.written(chunks, &[])
    }

    /// The bytes of a server with these habits.
    pub(super) fn written(self, chunks: &[Value], habits: &[Habit]) -> Vec<u8> {
        let has = |habit| habits.contains(&habit);
        let json = |chunk: &Value| if has(Habit::Pretty) { format!("{chunk:#}") } else { chunk.to_string() };
        let mut text = match self {
            Self::Frames => return chunks.iter().flat_map(named_frame).collect(),
            Self::FramesOfChunks => return chunks.iter().flat_map(frame_of_chunk).collect(),
            Self::Array => format!("[{}]\n", chunks.iter().map(json).collect::<Vec<_>>().join(",\r\n")),
            Self::Lines => {
                let between = if has(Habit::Comments) { "\n" } else { "" };
                chunks.iter().map(|chunk| format!("{chunk}\n{between}")).collect()
            }
            Self::Events | Self::EventsAndDone => {
                let done = (self == Self::EventsAndDone).then(|| "[DONE]".to_owned());
                let kinds = chunks.iter().map(|chunk| chunk["type"].as_str());
                let data = chunks.iter().map(json).chain(done);
                data.zip(kinds.chain([None])).map(|(data, kind)| event(kind, &data, habits)).collect()
            }
        };
        if has(Habit::NoEnd) {
            text.truncate(text.trim_end().len());
        }
        if has(Habit::CrLf) {
            text = text.replace('\n', "\r\n");
        } else if has(Habit::Cr) && self != Self::Lines {
            text = text.replace('\n', "\r");
        }
        if has(Habit::Mark) {
            text.insert(0, '\u{feff}');
        }
        text.into()
    }
}

fn event(kind: Option<&str>, data: &str, habits: &[Habit]) -> String {
    let has = |habit| habits.contains(&habit);
    let space = if has(Habit::Dense) { "" } else { " " };
    let mut text = String::new();
    if has(Habit::Comments) {
        text += ": keep-alive\n\n";
    }
    if has(Habit::Fields) {
        text += "id: 7\nretry: 10\nunknown\n";
    }
    let fields = kind.map(|kind| ("event", kind)).into_iter().chain(data.lines().map(|line| ("data", line)));
    fields.for_each(|(name, value)| text += &format!("{name}:{space}{value}\n"));
    text + "\n"
}

fn named_frame(chunk: &Value) -> Vec<u8> {
    let (name, body) = chunk.as_object().and_then(|map| map.iter().next()).expect("an event has a name");
    frame(name, body)
}

fn frame_of_chunk(chunk: &Value) -> Vec<u8> {
    frame("chunk", &json!({"bytes": base64(chunk.to_string().as_bytes()), "p": "ab"}))
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
