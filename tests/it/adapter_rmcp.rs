//! Tools of MCP: a real client and a real server of rmcp, in one process and in two.

#[path = "../programs/mcp/tools.rs"]
pub(crate) mod tools;

use crate::fixtures::the;
use agentspan::adapters::rmcp::ToolClient;
use agentspan::testing::{Recording, record, record_with};
use agentspan::{Propagation, builder};
use agentspan_tests::{Collector, Tree};
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::{PeerRequestOptions, RoleClient, RunningService};
use rmcp::transport::TokioChildProcess;
use rmcp::{ServiceError, ServiceExt};
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;
use tools::Tools;

type Client = RunningService<RoleClient, ()>;

/// A client of a server in this process.
async fn connect() -> Client {
    let (ours, theirs) = tokio::io::duplex(4_096);
    tokio::spawn(async {
        let server = Tools.serve(theirs).await.expect("the client says hello");
        server.waiting().await
    });
    ().serve(ours).await.expect("the server answers")
}

/// A recording whose session, user and tenant are told to a server that is a child process, and that server.
pub(crate) fn record_beside_a_child(collector: &Collector) -> (Recording, TokioChildProcess, ChildStderr) {
    let allowed = Propagation::new().with_baggage_nearby(true).with_baggage_tag("tenant");
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_test-mcp"));
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
    let (child, errors) =
        TokioChildProcess::builder(command).stderr(Stdio::piped()).spawn().expect("the server starts");
    (record_with(builder().with_propagation(allowed)), child, errors.expect("it was asked for"))
}

/// What a child process has said until it ended.
pub(crate) async fn said_by(mut errors: ChildStderr) -> String {
    let mut said = String::new();
    errors.read_to_string(&mut said).await.expect("it says something");
    said
}

fn asked(name: &'static str) -> CallToolRequestParams {
    let arguments = json!({"title": "Emma"}).as_object().cloned();
    CallToolRequestParams::new(name).with_arguments(arguments.expect("an object"))
}

async fn call(of: &ToolClient, client: &Client, name: &'static str) -> Result<CallToolResult, ServiceError> {
    of.call_tool(asked(name), |params| client.call_tool(params)).await
}

/// A run for somebody that calls one tool of a server in this process.
async fn called(
    of: ToolClient,
    name: &'static str,
    recording: &Recording,
) -> Result<CallToolResult, ServiceError> {
    let client = connect().await;
    let run = agentspan::agent("reader").session("s-1").user("u-1").tag("tenant", "acme");
    let result = run.run_ok(call(&of, &client, name)).await;
    client.cancel().await.expect("the client ends");
    assert_eq!(recording.spans().iter().filter(|span| span.name() == "agent.reader").count(), 1);
    result
}

#[tokio::test]
async fn a_tool_elsewhere_is_a_span_on_both_sides_of_one_trace() {
    let recording = record();
    let result = called(ToolClient::new(), "look_up", &recording).await.expect("a result");
    assert_eq!(result.is_error, Some(false));
    insta::assert_snapshot!(recording.tree(), @r"
    agent.reader ok completed
      tool.look_up ok
        tool.look_up ok
          retrieval.shelf ok
    ");
    let spans = recording.spans();
    let [ours, theirs] = ["client", "server"].map(|side| {
        let of_side = |span: &&agentspan::testing::RecordedSpan| {
            span.name() == "tool.look_up" && (span.text("jsonrpc.request.id").is_some()) == (side == "server")
        };
        spans.iter().find(of_side).expect(side)
    });
    assert_eq!(theirs.parent_span_id(), Some(ours.span_id()));
    for span in [ours, theirs] {
        assert_eq!(span.text("mcp.method.name"), Some("tools/call"));
        assert_eq!(span.int("tool.arguments_size"), Some(16));
        assert!(span.int("tool.result_size").is_some_and(|size| size > 10), "{span:?}");
        assert_eq!((span.text("tool.arguments"), span.text("tool.result")), (None, None));
    }
    // Nothing said that the server may know who is served.
    assert_eq!((ours.text("session.id"), theirs.text("session.id")), (Some("s-1"), None));
    // What another side does is not among the steps of the run.
    assert_eq!(the(&recording, "agent.reader").int("agent.tool_call_count"), Some(1));
}

#[tokio::test]
async fn a_server_on_this_machine_knows_who_is_served_where_that_is_allowed() {
    let allowed = Propagation::new().with_baggage_nearby(true).with_baggage_tag("tenant");
    let recording = record_with(builder().with_propagation(allowed));
    called(ToolClient::of_child(), "look_up", &recording).await.expect("a result");
    let spans = recording.spans();
    assert_eq!(spans.len(), 4);
    for span in &spans {
        let identity = ["session.id", "user.id", "tenant"].map(|key| span.text(key));
        assert_eq!(identity, [Some("s-1"), Some("u-1"), Some("acme")], "{span:?}");
    }
    assert_eq!(spans[1].text("network.transport"), Some("pipe"));
    // Steps outside of a run, of whoever asked for them.
    assert_eq!(the(&recording, "retrieval.shelf").text("agent.run_id"), None);
}

#[tokio::test]
async fn a_host_elsewhere_is_named_and_told_nothing_but_the_trace() {
    let recording = record_with(builder().with_propagation(Propagation::new().with_baggage_nearby(true)));
    called(ToolClient::of_url("https://tools.example:8443/mcp?key=1"), "look_up", &recording)
        .await
        .expect("a result");
    let [_, ours, theirs, _] = &recording.spans()[..] else { panic!("{recording:?}") };
    assert_eq!((ours.text("server.address"), ours.int("server.port")), (Some("tools.example"), Some(8443)));
    assert_eq!((ours.text("network.transport"), theirs.text("session.id")), (Some("tcp"), None));
}

#[tokio::test]
async fn failures_of_both_kinds_stand_on_both_sides_and_reach_the_caller() {
    let recording = record_with(builder().with_content(true));
    let result = called(ToolClient::new(), "lose", &recording).await.expect("a result that tells of failure");
    assert_eq!(result.is_error, Some(true));
    let [_, ours, theirs] = &recording.spans()[..] else { panic!("{recording:?}") };
    for span in [ours, theirs] {
        assert_eq!(
            (span.text("error.type"), span.text("agent.outcome")),
            (Some("tool_error"), Some("error"))
        );
        assert_eq!(span.text("tool.arguments"), Some(r#"{"title":"Emma"}"#));
        assert!(span.text("tool.result").is_some_and(|result| result.contains("it is not there")));
        assert_eq!(span.text("rpc.response.status_code"), None);
    }

    let recording = record();
    let error = called(ToolClient::new(), "unheard_of", &recording).await.expect_err("no such tool");
    assert!(matches!(error, ServiceError::McpError(ref error) if error.code.0 == -32_602), "{error}");
    let [_, ours, theirs] = &recording.spans()[..] else { panic!("{recording:?}") };
    for span in [ours, theirs] {
        assert_eq!((span.text("error.type"), span.text("agent.outcome")), (Some("-32602"), Some("error")));
        assert_eq!(span.text("rpc.response.status_code"), Some("-32602"));
    }
}

#[tokio::test]
async fn a_call_that_takes_too_long_has_timed_out_and_one_without_a_server_has_failed() {
    let recording = record();
    let client = connect().await;
    let short = |params| {
        let request = rmcp::model::ClientRequest::CallToolRequest(rmcp::model::CallToolRequest::new(params));
        let options = PeerRequestOptions::with_timeout(Duration::from_millis(5));
        async {
            let handle = client.send_request_with_option(request, options).await?;
            match handle.await_response().await? {
                rmcp::model::ServerResult::CallToolResult(result) => Ok(result),
                _ => Err(ServiceError::UnexpectedResponse),
            }
        }
    };
    let error = ToolClient::new().call_tool(asked("hang"), short).await.expect_err("it hangs");
    assert!(matches!(error, ServiceError::Timeout { .. }), "{error}");
    let peer = client.peer().clone();
    client.cancel().await.expect("the client ends");
    let gone = ToolClient::new().call_tool(asked("look_up"), |params| peer.call_tool(params)).await;
    assert!(gone.is_err());
    let spans = recording.spans();
    let ended = spans.iter().filter(|span| span.text("jsonrpc.request.id").is_none());
    let ended: Vec<_> = ended.map(|span| (span.text("agent.outcome"), span.text("error.type"))).collect();
    assert_eq!(ended, [(Some("timeout"), Some("timeout")), (Some("error"), Some("TransportClosed"))]);
}

#[tokio::test]
async fn a_step_of_the_tool_around_the_call_is_its_span_once() {
    let recording = record();
    let client = connect().await;
    let of = ToolClient::new();
    agentspan::agent("reader")
        .run_ok(async {
            let twice = async {
                call(&of, &client, "look_up").await?;
                call(&of, &client, "look_up").await
            };
            agentspan::tool("look_up").call_id("call_1").run(twice).await.expect("a result");
            agentspan::tool("other").run(call(&of, &client, "look_up")).await.expect("a result");
        })
        .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.reader ok completed
      tool.look_up ok
        tool.look_up ok
          retrieval.shelf ok
        tool.look_up ok
          tool.look_up ok
            retrieval.shelf ok
      tool.other ok
        tool.look_up ok
          tool.look_up ok
            retrieval.shelf ok
    ");
    let around = recording.span("tool.look_up").expect("the first of that name");
    assert_eq!(
        (around.text("mcp.method.name"), around.text("tool.call_id")),
        (Some("tools/call"), Some("call_1"))
    );
    assert_eq!(the(&recording, "tool.other").text("mcp.method.name"), None);
}

#[tokio::test]
async fn a_call_without_context_begins_a_trace_at_the_server() {
    let recording = record();
    let client = connect().await;
    client.call_tool(asked("look_up")).await.expect("a result");
    client.cancel().await.expect("the client ends");
    let server = the(&recording, "tool.look_up");
    assert_eq!((server.parent_span_id(), server.links()), (None, vec![]));
    assert_eq!(server.text("jsonrpc.request.id"), Some("1"));
}

#[tokio::test]
async fn a_server_in_a_child_process_joins_the_trace() {
    let collector = Collector::start();
    let (recording, child, errors) = record_beside_a_child(&collector);
    let client = ().serve(child).await.expect("the server answers");
    let run = agentspan::agent("reader").session("s-1").user("u-1").tag("tenant", "acme");
    run.run(call(&ToolClient::of_child(), &client, "look_up")).await.expect("a result");
    client.cancel().await.expect("the client ends");
    let said = said_by(errors).await;
    assert!(said.contains("agentspan: 3 of 3 spans delivered"), "{said}");

    let ours = the(&recording, "tool.look_up");
    let mut spans = collector.spans();
    // Nobody told the server of a trace when it was greeted.
    spans.retain(|span| span.name != "initialize");
    insta::assert_snapshot!(Tree::of(&spans).show(&["session.id", "user.id", "tenant"]), @r#"
    tool.look_up {session.id="s-1" user.id="u-1" tenant="acme"}
      retrieval.shelf {session.id="s-1" user.id="u-1" tenant="acme"}
    "#);
    for span in &spans {
        assert_eq!(span.trace_id, ours.trace_id());
    }
    let server = collector.span("tool.look_up");
    assert_eq!((server.parent_id, server.kind.as_str()), (Some(ours.span_id()), "server"));
}
