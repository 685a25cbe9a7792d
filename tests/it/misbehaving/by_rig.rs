//! The same servers behind a client of rig.

use super::{REQUEST, cases, ended, observer, serve};
use agentspan::adapters::rig;
use agentspan::testing::record;
use bytes::Bytes;
use futures_util::StreamExt;
use rig_core::http_client::{HttpClientExt, Request};
use std::net::SocketAddr;
use std::time::Duration;

/// How long a caller waits for a server that hangs, or else does not.
fn patience(hangs: bool) -> Duration {
    Duration::from_millis(if hangs { 50 } else { 60_000 })
}

/// What a client of rig gives: the reply or how it broke; `None` where the time ran out.
async fn by_rig(http: &impl HttpClientExt, address: SocketAddr, hangs: bool, stream: bool) -> Option<String> {
    let request = Request::post(format!("http://{address}/v1/chat/completions"));
    let request = request.body(Bytes::from_static(REQUEST.as_bytes())).expect("a request");
    let work = async {
        if stream {
            return match http.send_streaming(request).await {
                Ok(response) => {
                    let pieces = response.into_body().map(|piece| piece.map_err(|error| error.to_string()));
                    let pieces: Vec<_> = pieces.collect().await;
                    let whole: Vec<u8> = pieces.iter().flatten().flatten().copied().collect();
                    format!("{whole:?} {:?}", pieces.iter().find_map(|piece| piece.as_ref().err()))
                }
                Err(error) => error.to_string(),
            };
        }
        match http.send::<Bytes, Bytes>(request).await {
            Ok(response) => match response.into_body().await {
                Ok(bytes) => format!("{bytes:?}"),
                Err(error) => error.to_string(),
            },
            Err(error) => error.to_string(),
        }
    };
    tokio::time::timeout(patience(hangs), work).await.ok()
}

#[tokio::test]
async fn rig_sees_the_same_and_its_span_ends_once() {
    for (name, script) in cases() {
        let hangs = script.hangs;
        let address = serve(script).await;
        for stream in [false, true] {
            let bare = rig_reqwest::shared();
            let recording = record();
            let seen = by_rig(&rig::Spans::observing(observer(), bare.clone()), address, hangs, stream).await;
            let end = ended(&recording);
            assert_eq!(seen, by_rig(&bare, address, hangs, stream).await, "{name}");
            assert_eq!(seen.is_none(), hangs, "{name}: {seen:?}");
            assert_eq!(end.contains(" cancelled "), hangs, "{name}: {end}");
        }
    }
}
