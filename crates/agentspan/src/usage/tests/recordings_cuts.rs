//! The raw bytes of every recorded exchange, in many cuts, when `AGENTSPAN_RECORDINGS` names their folder.
//!
//! What a body says is compared with what its parsed chunks say, which the other tests of recordings compare with
//! look-ups by plain paths.

use std::path::{Path, PathBuf};

use agentspan_semconv::{FinishClass, StreamEnd};
use serde_json::Value;

use super::super::{Endpoint, Reply, ReplyReader, StreamReader};
use super::recordings_others::{base64, exchange};
use super::{push, read_reply};

/// Bytes that are read of one exchange, over all its cuts: a short body is cut at every byte, a longer one at some.
const BUDGET: usize = 4 << 20;

/// Gives numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % limit.max(1)
    }
}

fn check(path: &Path) {
    let name = path.display();
    let text = std::fs::read_to_string(path).expect("a recording is text");
    let file: Value = serde_json::from_str(&text).expect("a recording is JSON");
    let body = match file["response_text"].as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => base64(file["response_base64"].as_str().expect("a recording has a body")),
    };
    let url = file["url"].as_str().expect("a recording has a URL");
    let endpoint = Endpoint::recognise(url).expect("the hosts of the recordings are known");
    let provider = endpoint.provider.as_deref().expect("their providers too");
    let status = file["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
    let open = || ReplyReader::new("").endpoint(&endpoint).status(status).with_content(true);
    let read = |cuts: &[usize]| {
        let (mut reader, mut from) = (open(), 0);
        for at in cuts.iter().chain([&body.len()]) {
            reader.push(&body[from..*at]);
            from = *at;
        }
        reader.finish()
    };
    let whole = read(&[]);

    let parsed = exchange(path).expect("a recording is an exchange");
    let expected = if parsed.is_stream {
        let mut reader = StreamReader::new(provider, true);
        parsed.bodies.iter().for_each(|body| push(&mut reader, body));
        reader.into_reply()
    } else {
        read_reply(provider, &parsed.bodies[0], true)
    };
    let end = parsed.is_stream.then_some(StreamEnd::Complete);
    let chunk_count = whole.chunk_count;
    assert_eq!(chunk_count > 0, parsed.is_stream, "{name}");
    assert_eq!(whole.error.is_some(), status >= 400, "{name}: {:?}", whole.error);
    assert_eq!(whole, Reply { stream_end: end, chunk_count, ..expected }, "{name}");
    let asks = whole.finish_class == Some(FinishClass::ToolCall);
    assert!(!asks || !whole.tool_calls.is_empty(), "{name}: it stopped for tools and names none");

    let count = (BUDGET / body.len().max(1)).max(50);
    for at in (0..=body.len()).step_by(body.len() / count + 1) {
        assert_eq!(read(&[at]), whole, "{name} cut at {at}");
    }
    let every: Vec<usize> = (0..body.len()).collect();
    assert_eq!(read(&every), whole, "{name} in single bytes");
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ body.len() as u64);
    for _ in 0..count.min(50) {
        let mut cuts: Vec<usize> = (0..=numbers.below(20)).map(|_| numbers.below(body.len())).collect();
        cuts.sort_unstable();
        assert_eq!(read(&cuts), whole, "{name} cut at {cuts:?}");
    }
}

#[test]
fn the_bytes_of_every_recorded_reply_read_alike_in_every_cut() {
    let Some(folder) = std::env::var_os("AGENTSPAN_RECORDINGS") else {
        eprintln!("AGENTSPAN_RECORDINGS is not set: recorded exchanges are not read");
        return;
    };
    let files = std::fs::read_dir(folder).expect("AGENTSPAN_RECORDINGS names a folder");
    let files = files.map(|file| file.expect("a folder can be read to its end").path());
    let files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
    assert!(!files.is_empty(), "the folder has recordings");
    std::thread::scope(|scope| {
        for part in files.chunks(files.len().div_ceil(4)) {
            scope.spawn(|| part.iter().for_each(|path| check(path)));
        }
    });
    println!("{} recorded exchanges were read", files.len());
}
