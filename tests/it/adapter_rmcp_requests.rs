//! Requests of MCP that call no tool: a real client and a real server of rmcp, in one process and in two.

use crate::adapter_rmcp::tools::Tools;
use crate::adapter_rmcp::{record_beside_a_child, said_by};
use crate::fixtures::the;
use agentspan::adapters::rmcp::{Spans, ToolClient};
use agentspan::testing::{RecordedSpan, Recording, record};
use agentspan_tests::{Collector, Tree};
use rmcp::model::{
    CallToolRequestParams, ClientConfig, ClientRequest, GetPromptRequestParams, ListToolsResult,
    PaginatedRequestParams, PingRequest, ProtocolVersion, ReadResourceRequestParams, ServerRequest,
    ServerResult,
};
use rmcp::service::{
    ClientLifecycleMode, ClientServiceExt, RequestContext, RoleClient, RoleServer, RunningService,
    ServiceError,
};
use rmcp::{ErrorData, ServerHandler, ServiceExt};
use tokio::io::DuplexStream;

type Client = RunningService<RoleClient, ClientConfig>;

/// The client's end of a server in this process.
fn served(by: impl ServerHandler) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(4_096);
    tokio::spawn(async {
        let server = Spans::new(by).serve(theirs).await.expect("the client says hello");
        server.waiting().await
    });
    ours
}

/// A client of a server in this process, whose first request is seen as all others are.
async fn connect(of: &ToolClient) -> Client {
    of.request("initialize", ClientConfig::default(), |info| info.serve(served(Tools)))
        .await
        .expect("the server answers")
}

/// One request of each kind.
async fn ask_for_everything(of: &ToolClient, client: &Client) {
    let first = PaginatedRequestParams::default();
    of.request("tools/list", first, |page| client.list_tools(Some(page))).await.expect("a list");
    let book = ReadResourceRequestParams::new("shelf://me:secret@house/emma?key=secret");
    let read =
        of.request("resources/read", book, |params| client.read_resource(params)).await.expect("a book");
    assert_eq!(read.contents.len(), 1);
    let prompt = GetPromptRequestParams::new("which");
    of.request("prompts/get", prompt, |params| client.get_prompt(params)).await.expect("a prompt");
    let tool = CallToolRequestParams::new("look_up");
    of.call_tool(tool, |params| client.call_tool(params)).await.expect("a result");
    let ping = ClientRequest::PingRequest(PingRequest::default());
    let pong = of.request("ping", ping, |ping| client.send_request(ping)).await.expect("a pong");
    assert!(matches!(pong, ServerResult::EmptyResult(_)), "{pong:?}");
}

fn pair(recording: &Recording, name: &str) -> [RecordedSpan; 2] {
    let spans = recording.spans().into_iter().filter(|span| span.name() == name);
    let (servers, clients): (Vec<_>, Vec<_>) =
        spans.partition(|span| span.text("jsonrpc.request.id").is_some());
    let [ours, theirs] = [clients, servers].map(|mut side| {
        assert_eq!(side.len(), 1, "`{name}` in\n{}", recording.tree());
        side.remove(0)
    });
    [ours, theirs]
}

#[tokio::test]
async fn every_request_is_a_span_on_both_sides_of_one_trace_and_only_tools_are_steps() {
    let recording = record();
    let of = ToolClient::of_child();
    let run = agentspan::agent("reader").session("s-1");
    run.run_ok(async {
        let client = connect(&of).await;
        ask_for_everything(&of, &client).await;
        client.cancel().await.expect("the client ends");
    })
    .await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.reader ok completed
      initialize ok
        initialize ok
      tools/list ok
        tools/list ok
      resources/read ok
        resources/read ok
          step.read ok
      prompts/get which ok
        prompts/get which ok
      tool.look_up ok
        tool.look_up ok
          retrieval.shelf ok
      ping ok
        ping ok
    ");
    for (name, method) in [
        ("initialize", "initialize"),
        ("tools/list", "tools/list"),
        ("resources/read", "resources/read"),
        ("prompts/get which", "prompts/get"),
        ("ping", "ping"),
    ] {
        let [ours, theirs] = pair(&recording, name);
        assert_eq!(theirs.parent_span_id(), Some(ours.span_id()), "{name}");
        for span in [&ours, &theirs] {
            assert_eq!(
                (span.text("mcp.method.name"), span.text("agent.outcome")),
                (Some(method), Some("ok"))
            );
            assert_eq!((span.text("error.type"), span.failure()), (None, None));
        }
        assert_eq!(ours.text("network.transport"), Some("pipe"));
    }
    for span in pair(&recording, "prompts/get which") {
        assert_eq!(span.text("gen_ai.prompt.name"), Some("which"));
    }
    for span in pair(&recording, "resources/read") {
        assert_eq!(span.text("mcp.resource.uri"), Some("shelf://house/emma"));
    }
    let run = the(&recording, "agent.reader");
    assert_eq!((run.int("agent.step_count"), run.int("agent.tool_call_count")), (Some(1), Some(1)));
}

#[tokio::test]
async fn the_first_request_ends_with_its_answer_and_not_with_the_session() {
    let recording = record();
    let client = connect(&ToolClient::new()).await;
    assert_eq!(recording.spans().len(), 2, "{}", recording.tree());
    client.cancel().await.expect("the client ends");
}

#[tokio::test]
async fn an_error_stands_on_both_sides_and_reaches_the_caller() {
    let recording = record();
    let of = ToolClient::of_url("https://books.example/mcp");
    let client = connect(&of).await;
    let book = ReadResourceRequestParams::new("shelf://house/missing");
    let error = of
        .request("resources/read", book, |params| client.read_resource(params))
        .await
        .expect_err("there is none");
    assert!(matches!(&error, ServiceError::McpError(error) if error.message == "no such book"), "{error}");
    for span in pair(&recording, "resources/read") {
        assert_eq!((span.text("agent.outcome"), span.text("error.type")), (Some("error"), Some("-32002")));
        assert_eq!(span.text("rpc.response.status_code"), Some("-32002"));
        assert!(span.failure().is_some());
    }
    let [ours, _] = pair(&recording, "initialize");
    let server = (ours.text("server.address"), ours.int("server.port"), ours.text("network.transport"));
    assert_eq!(server, (Some("books.example"), Some(443), Some("tcp")));

    let peer = client.peer().clone();
    client.cancel().await.expect("the client ends");
    let first = PaginatedRequestParams::default();
    of.request("tools/list", first, |page| peer.list_tools(Some(page))).await.expect_err("nobody is there");
    let gone = the(&recording, "tools/list");
    let ended = (gone.text("agent.outcome"), gone.text("error.type"), gone.text("rpc.response.status_code"));
    assert_eq!(ended, (Some("error"), Some("TransportClosed"), None));

    let (ours, theirs) = tokio::io::duplex(64);
    drop(theirs);
    let refused = of.request("initialize", ClientConfig::default(), |info| info.serve(ours)).await;
    assert!(refused.is_err());
    let failed = recording.spans().into_iter().rfind(|span| span.name() == "initialize").expect("the second");
    assert_eq!(failed.text("error.type"), Some("ClientInitializeError"));
}

#[tokio::test]
async fn who_asks_and_goes_away_has_cancelled() {
    let recording = record();
    let of = ToolClient::new();
    let client = connect(&of).await;
    let hang = GetPromptRequestParams::new("hang");
    let mut asking = Box::pin(of.request("prompts/get", hang, |params| client.get_prompt(params)));
    assert!(futures_util::poll!(&mut asking).is_pending());
    drop(asking);
    let ours = the(&recording, "prompts/get hang");
    assert_eq!(
        (ours.text("agent.outcome"), ours.text("error.type"), ours.failure()),
        (Some("cancelled"), None, None)
    );
    client.cancel().await.expect("the client ends");
}

#[tokio::test]
async fn a_server_asks_its_client_in_the_trace_of_what_it_serves() {
    struct Asking;

    impl ServerHandler for Asking {
        async fn list_tools(
            &self,
            _page: Option<PaginatedRequestParams>,
            context: RequestContext<RoleServer>,
        ) -> Result<ListToolsResult, ErrorData> {
            let ping = ServerRequest::PingRequest(PingRequest::default());
            let pong = ToolClient::new().request("ping", ping, |ping| context.peer.send_request(ping)).await;
            pong.expect("a pong");
            Ok(ListToolsResult::default())
        }
    }

    let recording = record();
    let client = Spans::new(ClientConfig::default()).serve(served(Asking)).await.expect("the server answers");
    let first = PaginatedRequestParams::default();
    let of = ToolClient::new();
    of.request("tools/list", first, |page| client.list_tools(Some(page))).await.expect("a list");
    client.cancel().await.expect("the client ends");
    insta::assert_snapshot!(recording.tree(), @r"
    initialize ok
    tools/list ok
      tools/list ok
        ping ok
          ping ok
    ");
}

#[tokio::test]
async fn a_request_without_context_begins_a_trace_at_the_server() {
    let recording = record();
    let client = connect(&ToolClient::new()).await;
    client.list_tools(None).await.expect("a list");
    client.cancel().await.expect("the client ends");
    let server = the(&recording, "tools/list");
    assert_eq!((server.parent_span_id(), server.links()), (None, vec![]));
}

#[tokio::test]
async fn a_server_in_a_child_process_tells_of_every_request() {
    let collector = Collector::start();
    let (recording, child, errors) = record_beside_a_child(&collector);
    let of = ToolClient::of_child();
    let run = agentspan::agent("reader").session("s-1").user("u-1").tag("tenant", "acme");
    run.run_ok(async {
        let info = ClientConfig::default();
        let client =
            of.request("initialize", info, |info| info.serve(child)).await.expect("the server answers");
        ask_for_everything(&of, &client).await;
        client.cancel().await.expect("the client ends");
    })
    .await;
    let said = said_by(errors).await;
    assert!(said.contains("agentspan: 8 of 8 spans delivered"), "{said}");

    let spans = collector.spans();
    insta::assert_snapshot!(Tree::of(&spans).show(&["session.id", "user.id", "tenant"]), @r#"
    initialize {session.id="s-1" user.id="u-1" tenant="acme"}
    tools/list {session.id="s-1" user.id="u-1" tenant="acme"}
    resources/read {session.id="s-1" user.id="u-1" tenant="acme"}
      step.read {session.id="s-1" user.id="u-1" tenant="acme"}
    prompts/get which {session.id="s-1" user.id="u-1" tenant="acme"}
    tool.look_up {session.id="s-1" user.id="u-1" tenant="acme"}
      retrieval.shelf {session.id="s-1" user.id="u-1" tenant="acme"}
    ping {session.id="s-1" user.id="u-1" tenant="acme"}
    "#);
    let run = the(&recording, "agent.reader");
    for span in &spans {
        assert_eq!(span.trace_id, run.trace_id());
    }
    let server = collector.span("resources/read");
    let ours = the(&recording, "resources/read");
    assert_eq!((server.parent_id, server.kind.as_str()), (Some(ours.span_id()), "server"));
}

#[tokio::test]
async fn requests_that_tell_of_themselves_keep_what_the_client_puts_into_their_meta() {
    let recording = record();
    let of = ToolClient::new();
    let latest = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    let client = ClientConfig::default().serve_with_lifecycle(served(Tools), latest).await;
    let client = client.expect("the server answers");
    agentspan::agent("reader")
        .run_ok(async {
            let book = ReadResourceRequestParams::new("shelf://house/emma");
            of.request("resources/read", book, |params| client.read_resource(params)).await.expect("a book");
            let tool = CallToolRequestParams::new("look_up");
            of.call_tool(tool, |params| client.call_tool(params)).await.expect("a result");
        })
        .await;
    client.cancel().await.expect("the client ends");
    insta::assert_snapshot!(recording.tree(), @r"
    server/discover ok
    agent.reader ok completed
      resources/read ok
        resources/read ok
          step.read ok
      tool.look_up ok
        tool.look_up ok
          retrieval.shelf ok
    ");
    let [_, theirs] = pair(&recording, "resources/read");
    assert_eq!(theirs.text("mcp.protocol.version"), Some("2026-07-28"));
}
