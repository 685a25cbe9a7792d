//! A real server and a real channel of tonic with our layers around both: one trace, and the status of gRPC.

use crate::fixtures::until;
use agentspan::adapters::tower::{ClientLayer, ServerLayer};
use agentspan::testing::{RecordedSpan, Recording, record};
use futures_util::{Stream, StreamExt, stream};
use http::Uri;
use http::uri::PathAndQuery;
use std::convert::Infallible;
use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::{Layer, Service, service_fn};

type Pieces = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

/// What a generated service would be. A message is a `google.protobuf.StringValue`.
#[derive(Clone)]
struct Weather;

impl NamedService for Weather {
    const NAME: &'static str = "weather.Weather";
}

impl Service<http::Request<Body>> for Weather {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(ProstCodec::default());
            Ok(match request.uri().path() {
                RAIN => grpc.unary(service_fn(rain), request).await,
                _ => grpc.server_streaming(service_fn(forecast), request).await,
            })
        })
    }
}

const RAIN: &str = "/weather.Weather/Rain";
const FORECAST: &str = "/weather.Weather/Forecast";

async fn rain(request: Request<String>) -> Result<Response<String>, Status> {
    agentspan::agent("forecaster").run_ok(async {}).await;
    match &*request.into_inner() {
        "Atlantis" => Err(Status::not_found("it is under water")),
        "Venus" => Err(Status::unavailable("too hot")),
        place => Ok(Response::new(format!("no rain in {place}"))),
    }
}

async fn forecast(request: Request<String>) -> Result<Response<Pieces>, Status> {
    let place = request.into_inner();
    let days = stream::iter(["today", "tomorrow"]).then(|day| async {
        agentspan::step("day").run_ok(async {}).await;
        Ok(day.to_owned())
    });
    Ok(Response::new(match &*place {
        "Venus" => Box::pin(days.chain(stream::iter([Err(Status::internal("it has no days"))]))),
        "Pluto" => Box::pin(days.chain(stream::pending())),
        _ => Box::pin(days),
    }))
}

async fn serve() -> Uri {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = Server::builder().layer(ServerLayer::new()).add_service(Weather);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    format!("http://{address}").parse().expect("a URI")
}

type Client = tonic::client::Grpc<agentspan::adapters::tower::Client<Channel>>;

async fn connect(server: &Uri) -> Client {
    let channel = Endpoint::from(server.clone()).connect().await.expect("it listens");
    tonic::client::Grpc::with_origin(ClientLayer::new().layer(channel), server.clone())
}

async fn rain_in(client: &mut Client, place: &str) -> Result<String, Status> {
    let (request, path) = (Request::new(place.to_owned()), PathAndQuery::from_static(RAIN));
    client.ready().await.expect("it is connected");
    client.unary(request, path, ProstCodec::default()).await.map(Response::into_inner)
}

async fn forecast_for(client: &mut Client, place: &str) -> Streaming<String> {
    let (request, path) = (Request::new(place.to_owned()), PathAndQuery::from_static(FORECAST));
    client.ready().await.expect("it is connected");
    client.server_streaming(request, path, ProstCodec::default()).await.expect("a head").into_inner()
}

/// The spans of the client and of the server, when both have ended.
async fn both(recording: &Recording) -> [RecordedSpan; 2] {
    let spans = || recording.spans().into_iter().filter(|span| span.name() == "POST");
    until(|| spans().count() == 2).await;
    let (servers, clients): (Vec<_>, Vec<_>) = spans().partition(|span| span.text("url.path").is_some());
    let ([ours], [theirs]) = (&clients[..], &servers[..]) else { panic!("{}", recording.tree()) };
    [ours.clone(), theirs.clone()]
}

fn failures(spans: &[RecordedSpan; 2]) -> [Option<&str>; 2] {
    spans.each_ref().map(|span| {
        assert_eq!(span.failure().is_some(), span.text("error.type").is_some());
        span.text("error.type")
    })
}

#[tokio::test]
async fn a_call_is_one_trace() {
    let server = serve().await;
    let mut client = connect(&server).await;
    let recording = record();
    let answer = agentspan::agent("asker").run(rain_in(&mut client, "Ulm")).await;
    assert_eq!(answer.expect("an answer"), "no rain in Ulm");
    let [ours, theirs] = both(&recording).await;
    insta::assert_snapshot!(recording.tree(), @r"
    agent.asker ok completed
      POST
        POST ok
          agent.forecaster ok completed
    ");
    assert_eq!(theirs.parent_span_id(), Some(ours.span_id()));
    assert_eq!(ours.text("url.full"), Some(format!("{server}weather.Weather/Rain").as_str()));
    assert_eq!((ours.text("server.address"), theirs.text("url.path")), (Some("127.0.0.1"), Some(RAIN)));
    assert_eq!(failures(&[ours, theirs]), [None, None]);
}

#[tokio::test]
async fn each_status_but_ok_is_an_error_of_the_client_and_some_are_of_the_server() {
    let server = serve().await;
    let mut client = connect(&server).await;
    for (place, code, expected) in [
        ("Atlantis", Code::NotFound, [Some("NOT_FOUND"), None]),
        ("Venus", Code::Unavailable, [Some("UNAVAILABLE"); 2]),
    ] {
        let recording = record();
        let status = rain_in(&mut client, place).await.expect_err("no weather");
        assert_eq!(status.code(), code);
        assert_eq!(failures(&both(&recording).await), expected, "{place}");
    }
}

#[tokio::test]
async fn a_stream_ends_both_spans_with_its_trailers() {
    let server = serve().await;
    let mut client = connect(&server).await;
    for (place, expected) in [("Ulm", None), ("Venus", Some("INTERNAL"))] {
        let recording = record();
        let mut days = forecast_for(&mut client, place).await;
        for day in ["today", "tomorrow"] {
            assert_eq!(days.message().await.expect("a day"), Some(day.to_owned()));
        }
        assert!(
            recording.spans().iter().all(|span| span.text("url.full").is_none()),
            "it is still under way"
        );
        assert_eq!(days.message().await.err().map(|status| status.code()), expected.map(|_| Code::Internal));
        let spans = both(&recording).await;
        assert_eq!(failures(&spans), [expected; 2], "{place}");
        let steps = recording.spans().into_iter().filter(|span| span.name() == "step.day");
        let parents: Vec<_> = steps.map(|step| step.parent_span_id()).collect();
        assert_eq!(
            parents,
            vec![Some(spans[1].span_id()); 2],
            "what makes the stream is inside of the server's span"
        );
    }
}

#[tokio::test]
async fn a_stream_that_is_left_is_cancelled_at_the_server() {
    let server = serve().await;
    let mut client = connect(&server).await;
    let recording = record();
    let mut days = forecast_for(&mut client, "Pluto").await;
    days.message().await.expect("a day");
    drop(days);
    let spans = both(&recording).await;
    assert_eq!(failures(&spans), [None, None]);
    assert_eq!(spans[1].text("agent.outcome"), Some("cancelled"));
}

#[tokio::test]
async fn a_client_without_an_origin_is_seen_by_its_path() {
    let server = serve().await;
    let channel = Endpoint::from(server.clone()).connect().await.expect("it listens");
    let mut client = tonic::client::Grpc::new(ClientLayer::new().layer(channel));
    let recording = record();
    rain_in(&mut client, "Ulm").await.expect("an answer");
    let [ours, theirs] = both(&recording).await;
    assert_eq!(theirs.parent_span_id(), Some(ours.span_id()));
    assert_eq!((ours.text("url.full"), ours.text("server.address")), (Some(RAIN), None));
}
