//! Context in every carrier: what is written, what is read, and what bad input does.

use crate::fixtures::the;
use crate::program::Program;
use agentspan::propagation::{Environment, McpParams, ReadCarrier, WriteCarrier};
use agentspan::testing::record;
use agentspan::{extract, inject};
use agentspan_tests::Collector;
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::process::Command;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";

/// Writes into a carrier and reads what was written, twice.
fn round<C: WriteCarrier + ReadCarrier + Clone>(name: &str, mut carrier: C) {
    let came = extract(&[("traceparent", TRACEPARENT), ("tracestate", "a@b@c=1,foo=2")]);
    came.in_scope(|| inject(&mut carrier));
    let mut values = Vec::new();
    for header in ["traceparent", "tracestate", "baggage"] {
        carrier.visit(header, &mut |value| values.push(String::from_utf8_lossy(value).into_owned()));
    }
    assert_eq!(values, [TRACEPARENT, "a@b@c=1,foo=2"], "{name}");
    assert_eq!(extract(&carrier).trace_id().as_deref(), Some(TRACE), "{name}");
    // Written over what stands there, in whatever case: no value is doubled, and none of another trace stays.
    let other = extract(&[("traceparent", "00-00000000000000000000000000000001-0000000000000002-00")]);
    other.in_scope(|| inject(&mut carrier));
    values.clear();
    for header in ["traceparent", "tracestate"] {
        carrier.visit(header, &mut |value| values.push(String::from_utf8_lossy(value).into_owned()));
    }
    assert_eq!(values, ["00-00000000000000000000000000000001-0000000000000002-00"], "{name}");
}

#[test]
fn every_carrier_passes_the_context_on() {
    let old = || ("TraceParent".to_owned(), "old".to_owned());
    round("hash map", HashMap::<String, String>::from([old()]));
    round("hash map of bytes", HashMap::<String, Vec<u8>>::new());
    round("tree map", BTreeMap::<String, String>::from([old()]));
    round("tree map of bytes", BTreeMap::<String, Vec<u8>>::new());
    round("list", vec![old(), old()]);
    round("list of bytes", Vec::<(String, Vec<u8>)>::new());
    round("json", Map::new());
    round("headers", HeaderMap::new());
}

#[cfg(feature = "async-nats")]
#[test]
fn headers_of_nats_pass_the_context_on_in_any_case() {
    use async_nats::HeaderMap;
    round("headers of nats", HeaderMap::new());
    let mut old = HeaderMap::new();
    for (name, value) in [("Traceparent", "old"), ("TRACESTATE", "x=1"), ("Kept", "1"), ("Kept", "2")] {
        old.append(name, value);
    }
    round("headers of nats that were there", old.clone());
    extract(&[("traceparent", TRACEPARENT)]).in_scope(|| inject(&mut old));
    assert_eq!(old.len(), 2, "{old:?}");
    assert_eq!(old.get_all("Kept").map(|value| value.as_str()).collect::<Vec<_>>(), ["1", "2"]);

    let mut twice = HeaderMap::new();
    twice.append("traceparent", TRACEPARENT);
    assert_eq!(extract(&Some(twice.clone())).trace_id().as_deref(), Some(TRACE));
    twice.append("traceparent", TRACEPARENT);
    assert_eq!(extract(&twice).trace_id(), None);
    assert_eq!(extract(&None::<HeaderMap>).trace_id(), None);
}

#[test]
fn the_context_stands_in_the_meta_of_params_and_nothing_else_is_touched() {
    let came = extract(&[("traceparent", TRACEPARENT)]);
    let mut params = json!({"name": "x", "_meta": {"progressToken": 1}});
    came.in_scope(|| inject(&mut McpParams(&mut params)));
    assert_eq!(params, json!({"name": "x", "_meta": {"progressToken": 1, "traceparent": TRACEPARENT}}));
    assert_eq!(extract(&McpParams(&params)).trace_id().as_deref(), Some(TRACE));

    let Value::Object(mut object) = json!({}) else { unreachable!("it is an object") };
    came.in_scope(|| inject(&mut McpParams(&mut object)));
    assert_eq!(extract(&McpParams(&object)).trace_id().as_deref(), Some(TRACE));
    // Nothing to say: not even an empty object.
    let mut params = json!({"name": "x"});
    inject(&mut McpParams(&mut params));
    assert_eq!(params, json!({"name": "x"}));
}

#[test]
fn params_and_meta_that_are_no_objects_are_left_as_they_are() {
    let came = extract(&[("traceparent", TRACEPARENT)]);
    for odd in [
        json!({"_meta": 5}),
        json!({"_meta": [TRACEPARENT]}),
        json!({"_meta": null}),
        json!([1]),
        json!(null),
    ] {
        let mut params = odd.clone();
        came.in_scope(|| inject(&mut McpParams(&mut params)));
        assert_eq!(params, odd);
        assert_eq!(extract(&McpParams(&params)).trace_id(), None);
    }
    for odd in [json!(5), json!(true), json!([TRACEPARENT]), json!({"a": 1}), json!(null)] {
        let params = json!({"_meta": {"traceparent": odd, "tracestate": odd, "baggage": odd}});
        assert_eq!(extract(&McpParams(&params)).trace_id(), None, "{params}");
    }
}

#[test]
fn a_child_gets_its_parent_by_its_environment() {
    let came = extract(&[("traceparent", TRACEPARENT), ("tracestate", "foo=1")]);
    let mut command = Command::new("env");
    command.env_clear().env("TRACEPARENT", "of another").env("BAGGAGE", "a=1");
    came.in_scope(|| inject(&mut command));
    let printed = command.output().expect("`env` can be run");
    let printed = String::from_utf8(printed.stdout).expect("only text was set");
    let mut lines: Vec<_> = printed.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["BAGGAGE=a=1", &format!("TRACEPARENT={TRACEPARENT}"), "TRACESTATE=foo=1"]);
    // The names that stand in an environment are read from any map as well.
    let pairs: HashMap<_, _> = lines.iter().filter_map(|line| line.split_once('=')).collect();
    assert_eq!(extract(&pairs).trace_id().as_deref(), Some(TRACE));

    let mut command = tokio::process::Command::new("env");
    came.in_scope(|| inject(command.as_std_mut()));
    let set = command.as_std().get_envs().any(|(name, _)| name == "TRACEPARENT");
    assert!(set);
    // This process was started by nobody who traces.
    assert_eq!(extract(&Environment::of_process()).trace_id(), None);
}

#[test]
fn a_process_belongs_to_whoever_set_a_valid_parent_for_it_and_to_nobody_else() {
    let with_line_end = format!("{TRACEPARENT}\n");
    let two_lines = format!("{TRACEPARENT}\n{TRACEPARENT}");
    let zeros = "00-00000000000000000000000000000000-00f067aa0ba902b7-01";
    let cases = [
        (vec![("TRACEPARENT", TRACEPARENT)], Some(TRACE)),
        (
            vec![("TRACEPARENT", TRACEPARENT), ("TRACESTATE", "a=\n1"), ("BAGGAGE", "session.id=s-1\n")],
            Some(TRACE),
        ),
        (vec![("TRACEPARENT", with_line_end.as_str())], None),
        (vec![("TRACEPARENT", &two_lines)], None),
        (vec![("TRACEPARENT", zeros)], None),
        (vec![("TRACEPARENT", "")], None),
        (vec![("traceparent", TRACEPARENT)], None),
    ];
    for (variables, expected) in cases {
        let collector = Collector::start();
        Program::new("init none child shutdown").to(&collector).envs(&variables).run();
        let run = collector.span("agent.weather_assistant");
        let parent = run.parent_id.as_deref();
        assert_eq!(
            (run.trace_id == TRACE, parent.is_some()),
            (expected.is_some(), expected.is_some()),
            "{variables:?}"
        );
        assert_eq!(run.text("session.id"), Some("s-42"), "a line end spoils the member that it stands in");
    }
}

#[test]
fn bytes_that_no_header_may_hold_spoil_what_they_stand_in_and_no_more() {
    for odd in [
        &b"\x00"[..],
        b"\x01",
        b"\n",
        b"\r\n",
        b"\x1b[31m",
        b"\x7f",
        b"\x80",
        b"\xff",
        b"\xc3\xa9",
        b"\xf0\x9f",
    ] {
        let with = |before: &[u8], behind: &[u8]| [before, odd, behind].concat();
        let parent = ("traceparent", TRACEPARENT.as_bytes().to_vec());
        let bad_parents =
            [with(&TRACEPARENT.as_bytes()[..20], &TRACEPARENT.as_bytes()[20..]), with(b"", b"")];
        for value in bad_parents {
            let came = extract(&[("traceparent", value), ("tracestate", b"a=1".to_vec())]);
            assert_eq!(came.trace_id(), None, "{odd:?}");
        }
        for state in [with(b"a=1,b=x", b"y,c=3"), with(b"a=1,b", b"=2"), with(b"", b"")] {
            let came = extract(&[parent.clone(), ("tracestate", state)]);
            let mut sent = HashMap::<String, String>::new();
            came.in_scope(|| inject(&mut sent));
            assert_eq!(sent, HashMap::from([("traceparent".into(), TRACEPARENT.into())]), "{odd:?}");
        }
        for baggage in [with(b"a=1,b=x", b"y,c=3"), with(b"a=1,b", b"=2,c=3"), with(b"a=1,b=2;p", b"q,c=3")] {
            let came = extract(&[parent.clone(), ("baggage", baggage)]);
            assert_eq!(came.trace_id().as_deref(), Some(TRACE), "{odd:?}");
            let known = ["a", "b", "c"].map(|key| came.baggage(key));
            assert_eq!(known, [Some("1"), None, Some("3")], "{odd:?}");
        }
    }
}

#[test]
fn values_with_line_ends_and_other_odd_bytes_begin_a_new_trace() {
    for odd in ["\n", "\r\n", "\0", "\u{7f}", "é", "\u{a0}"] {
        for value in [format!("{TRACEPARENT}{odd}"), format!("{odd}{TRACEPARENT}"), odd.to_owned()] {
            assert_eq!(extract(&[("TRACEPARENT", value.as_str())]).trace_id(), None, "{value:?}");
        }
    }
    let not_text: [(&str, &[u8]); 1] = [("traceparent", b"00-\xff\xfe")];
    assert_eq!(extract(&not_text).trace_id(), None);
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", HeaderValue::from_bytes(b"\xff").expect("it may stand in a header"));
    assert_eq!(extract(&headers).trace_id(), None);
}

#[test]
fn headers_of_a_megabyte_and_ten_thousand_members_are_read_without_harm() {
    let huge = "x".repeat(1 << 20);
    let members = (0..10_000).map(|n| format!("k{n}=v")).collect::<Vec<_>>().join(",");
    for name in ["traceparent", "tracestate", "baggage"] {
        for value in [&huge, &members] {
            let mut headers = vec![(name, value.as_str())];
            if name != "traceparent" {
                headers.push(("traceparent", TRACEPARENT));
            }
            let valid = extract(&headers).trace_id().is_some();
            assert_eq!(valid, name != "traceparent", "{name}");
        }
    }
    let came = extract(&[("baggage", members.as_str())]);
    assert_eq!((came.baggage("k63"), came.baggage("k64")), (Some("v"), None));
    let repeated = vec![("tracestate", "a=1"); 10_000];
    assert_eq!(extract(&repeated).trace_id(), None);
}

#[test]
fn two_parents_are_none() {
    let mut headers = HeaderMap::new();
    for _ in 0..2 {
        headers.append("traceparent", HeaderValue::from_static(TRACEPARENT));
    }
    assert_eq!(extract(&headers).trace_id(), None);
    assert_eq!(extract(&[("traceparent", TRACEPARENT), ("TraceParent", TRACEPARENT)]).trace_id(), None);
}

#[test]
fn a_parent_that_is_our_own_span_is_a_parent_like_any_other() {
    let recording = record();
    agentspan::agent("a").in_scope(|| {
        let mut headers = HeaderMap::new();
        inject(&mut headers);
        extract(&headers).in_scope(|| agentspan::agent("b").in_scope(|| {}));
    });
    insta::assert_snapshot!(recording.tree(), @r"
    agent.a ok completed
      agent.b ok completed
    ");
    // A link to oneself is one like any other, too.
    let itself = agentspan::tool("t").in_scope(|| {
        let mut headers = HeaderMap::new();
        inject(&mut headers);
        let itself = extract(&headers);
        agentspan::step("s").link(&itself).in_scope(|| {});
        itself.span_id()
    });
    assert_eq!(the(&recording, "step.s").links(), itself.into_iter().collect::<Vec<_>>());
    // It came from outside: the sums of a run do not wait for what others do.
    assert_eq!(the(&recording, "agent.a").int("agent.step_count"), Some(0));
}

#[test]
fn outside_of_any_trace_nothing_is_written_and_nothing_taken_away() {
    let mut headers = HashMap::from([("traceparent".to_owned(), "as it came".to_owned())]);
    inject(&mut headers);
    assert_eq!(headers["traceparent"], "as it came");
}
