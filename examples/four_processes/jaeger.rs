//! What Jaeger has of a trace, drawn as a tree.

use crate::AppError;
use serde_json::Value;
use std::time::Duration;

/// As many spans as the four processes make.
const SPANS: usize = 8;

/// Prints the tree, or that there is no Jaeger.
pub(crate) async fn show(client: &reqwest::Client, trace: &str) -> Result<(), AppError> {
    let base = std::env::var("JAEGER_URL").unwrap_or_else(|_| "http://localhost:16686".to_owned());
    let url = format!("{}/api/traces/{trace}", base.trim_end_matches('/'));
    let mut found = Value::Null;
    // Jaeger has a span a moment after it took it.
    for _ in 0..50 {
        let Ok(answer) = client.get(&url).send().await else {
            println!("Start a Jaeger to see the tree there, `docker compose up -d`; none answers at {url}");
            return Ok(());
        };
        found = answer.json::<Value>().await.unwrap_or_default()["data"][0].take();
        if spans(&found).len() >= SPANS {
            draw(&found, None, 0);
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(format!("Jaeger has {} of {SPANS} spans of trace {trace}", spans(&found).len()).into())
}

fn spans(trace: &Value) -> &[Value] {
    trace["spans"].as_array().map_or(&[], Vec::as_slice)
}

/// Prints the spans below `parent`, in the order in which they began.
fn draw(trace: &Value, parent: Option<&str>, depth: usize) {
    let mut below: Vec<_> = spans(trace).iter().filter(|span| parent_of(span) == parent).collect();
    below.sort_by_key(|span| span["startTime"].as_u64());
    for span in below {
        let name = format!("{:1$}{2}", "", 2 * depth, text(&span["operationName"]));
        let service = text(&trace["processes"][text(&span["processID"])]["serviceName"]);
        println!("{name:<32} {service:<6}  {}  {}", tag(span, "session.id"), tag(span, "user.id"));
        draw(trace, span["spanID"].as_str(), depth + 1);
    }
}

fn parent_of(span: &Value) -> Option<&str> {
    let references = span["references"].as_array()?;
    references.iter().find(|one| one["refType"] == "CHILD_OF")?["spanID"].as_str()
}

fn tag<'s>(span: &'s Value, key: &str) -> &'s str {
    let tags = span["tags"].as_array().map_or(&[][..], Vec::as_slice);
    tags.iter().find(|tag| tag["key"] == key).map_or("-", |tag| text(&tag["value"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
