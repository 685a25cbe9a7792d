//! The rules of W3C Trace Context, level 2, and of W3C Baggage, over real sockets: the relay service is asked with these
//! headers and watched for what it passes on.

use agentspan_examples::http::{Headers, Server};
use agentspan_tests::client::post;
use agentspan_tests::example::command;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What the service is expected to send on.
#[derive(Clone, Copy)]
enum Passed {
    /// A `traceparent` of a trace of its own, and no `tracestate`.
    New,
    /// The sender's trace, with this `tracestate`, or none when it is empty.
    Same(&'static str),
    /// The sender's trace with these flags.
    Flags(&'static str),
    /// The sender's trace, with this `baggage`, or none when it is empty.
    Baggage(&'static str),
}
use Passed::{Baggage, Flags, New, Same};

type Case = (&'static str, &'static [(&'static str, &'static str)], Passed);

/// The rule with its section of <https://www.w3.org/TR/trace-context-2/> or, for baggage, of
/// <https://www.w3.org/TR/baggage/>, the headers, and what is passed on. `{t}` and `{p}` stand for ids, `{v}` for a valid
/// `traceparent`.
#[rustfmt::skip]
const CASES: &[Case] = &[
    ("2.1 no headers", &[], New),
    ("3.2 a parent alone", &[("traceparent", "{v}")], Same("")),
    ("3.2.1 a name in mixed case", &[("TraceParent", "{v}")], Same("")),
    ("3.2.1 a name in any case", &[("tRaCePaReNt", "{v}")], Same("")),
    ("3.2.1 a name in upper case", &[("TRACEPARENT", "{v}")], Same("")),
    ("3.2.1 a name with a dash", &[("trace-parent", "{v}")], New),
    ("3.2.1 a name with a dot", &[("trace.parent", "{v}")], New),
    ("3.2 two parents", &[("traceparent", "{v}"), ("traceparent", "00-{t}-1111111111111111-01")], New),
    ("3.2 the same parent twice", &[("traceparent", "{v}"), ("Traceparent", "{v}")], New),
    ("3.2 two parents in one header", &[("traceparent", "{v},{v}")], New),
    ("RFC 9110 5.6.3 a space before", &[("traceparent", "  {v}")], Same("")),
    ("RFC 9110 5.6.3 a tab before", &[("traceparent", "\t{v}")], Same("")),
    ("RFC 9110 5.6.3 white space behind", &[("traceparent", "{v} \t")], Same("")),
    ("RFC 9110 5.6.3 white space around", &[("traceparent", "\t {v} \t")], Same("")),
    ("3.2.2 version 00 with a dot behind", &[("traceparent", "{v}.")], New),
    ("3.2.2 version 00 with a field behind", &[("traceparent", "{v}-what-comes-next")], New),
    ("3.2.2.1 version ff", &[("traceparent", "ff-{t}-{p}-01")], New),
    ("3.2.2.1 a version that begins with a dot", &[("traceparent", ".0-{t}-{p}-01")], New),
    ("3.2.2.1 a version that ends with a dot", &[("traceparent", "0.-{t}-{p}-01")], New),
    ("3.2.2.1 a version of three digits", &[("traceparent", "000-{t}-{p}-01")], New),
    ("3.2.2.1 a version of four digits", &[("traceparent", "0000-{t}-{p}-01")], New),
    ("3.2.2.1 a version of one digit", &[("traceparent", "0-{t}-{p}-01")], New),
    ("3.2.4 a later version", &[("traceparent", "cc-{t}-{p}-01")], Same("")),
    ("3.2.4 a later version with fields", &[("traceparent", "cc-{t}-{p}-01-what-comes-next")], Same("")),
    ("3.2.4 a later version with a dot behind", &[("traceparent", "cc-{t}-{p}-01.what-comes-next")], New),
    ("3.2.2.3 a trace id of zeros", &[("traceparent", "00-00000000000000000000000000000000-{p}-01")], New),
    ("3.2.2.3 a trace id that begins with a dot", &[("traceparent", "00-.bf92f3577b34da6a3ce929d0e0e4736-{p}-01")], New),
    ("3.2.2.3 a trace id that ends with a dot", &[("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e473.-{p}-01")], New),
    ("3.2.2.3 a trace id in upper case", &[("traceparent", "00-4BF92F3577B34DA6A3CE929D0E0E4736-{p}-01")], New),
    ("3.2.2.3 a trace id, too long", &[("traceparent", "00-{t}0-{p}-01")], New),
    ("3.2.2.3 a trace id, too short", &[("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e473-{p}-01")], New),
    ("3.2.2.4 a parent id of zeros", &[("traceparent", "00-{t}-0000000000000000-01")], New),
    ("3.2.2.4 a parent id that begins with a dot", &[("traceparent", "00-{t}-.0f067aa0ba902b7-01")], New),
    ("3.2.2.4 a parent id that ends with a dot", &[("traceparent", "00-{t}-00f067aa0ba902b.-01")], New),
    ("3.2.2.4 a parent id, too long", &[("traceparent", "00-{t}-{p}7-01")], New),
    ("3.2.2.4 a parent id, too short", &[("traceparent", "00-{t}-0f067aa0ba902b7-01")], New),
    ("3.2.2.5 flags that begin with a dot", &[("traceparent", "00-{t}-{p}-.0")], New),
    ("3.2.2.5 flags that end with a dot", &[("traceparent", "00-{t}-{p}-0.")], New),
    ("3.2.2.5 flags, too long", &[("traceparent", "00-{t}-{p}-001")], New),
    ("3.2.2.5 flags, too short", &[("traceparent", "00-{t}-{p}-1")], New),
    ("3.2.2.5.1 a trace that its sender drops is dropped", &[("traceparent", "00-{t}-{p}-00")], Flags("00")),
    ("3.2.2.5.1 a trace that its sender keeps is kept", &[("traceparent", "{v}")], Flags("01")),
    ("3.2.2.5.2 a random trace id stays one", &[("traceparent", "00-{t}-{p}-02")], Flags("02")),
    ("3.2.2.5.2 a random trace id, sampled", &[("traceparent", "00-{t}-{p}-03")], Flags("03")),
    ("3.2.2.5.3 other flags are sent as 0", &[("traceparent", "00-{t}-{p}-ff")], Flags("03")),
    ("3.3 a state without a parent", &[("tracestate", "foo=1,bar=2")], New),
    ("3.3 a state beside a bad parent", &[("traceparent", "ff-{t}-{p}-01"), ("tracestate", "foo=1")], New),
    ("3.3 a state beside two parents", &[("traceparent", "{v}"), ("traceparent", "{v}"), ("tracestate", "foo=1")], New),
    ("3.3 parent and state", &[("traceparent", "{v}"), ("tracestate", "foo=1,bar=2")], Same("foo=1,bar=2")),
    ("3.3.1 a name with a dash", &[("traceparent", "{v}"), ("trace-state", "foo=1")], Same("")),
    ("3.3.1 a name with a dot", &[("traceparent", "{v}"), ("trace.state", "foo=1")], Same("")),
    ("3.3.1 a name in any case", &[("traceparent", "{v}"), ("TrAcEsTaTe", "foo=1")], Same("foo=1")),
    ("3.3.1 a name in upper case", &[("traceparent", "{v}"), ("TRACESTATE", "foo=1")], Same("foo=1")),
    ("3.3.1.1 an empty state", &[("traceparent", "{v}"), ("tracestate", "")], Same("")),
    ("3.3.1.1 an empty header behind", &[("traceparent", "{v}"), ("tracestate", "foo=1"), ("tracestate", "")], Same("foo=1")),
    ("3.3.1.1 an empty header before", &[("traceparent", "{v}"), ("tracestate", ""), ("tracestate", "foo=1")], Same("foo=1")),
    ("3.3.1.1 several headers, in order", &[("traceparent", "{v}"), ("tracestate", "foo=1,bar=2"), ("tracestate", "rojo=1,congo=2"), ("tracestate", "baz=3")],
        Same("foo=1,bar=2,rojo=1,congo=2,baz=3")),
    ("3.3.1.1 headers apart from each other", &[("tracestate", "foo=1"), ("traceparent", "{v}"), ("tracestate", "bar=2")], Same("foo=1,bar=2")),
    ("3.3.1.1 white space between members", &[("traceparent", "{v}"), ("tracestate", "foo=1 \t , \t bar=2, \t baz=3")], Same("foo=1,bar=2,baz=3")),
    ("3.3.1.1 white space around the header", &[("traceparent", "{v}"), ("tracestate", "\t foo=1 \t")], Same("foo=1")),
    ("3.3.1.3.1 a space behind a key", &[("traceparent", "{v}"), ("tracestate", "foo =1")], Same("")),
    ("3.3.1.3.1 a key in upper case", &[("traceparent", "{v}"), ("tracestate", "FOO=1")], Same("")),
    ("3.3.1.3.1 a key with a dot", &[("traceparent", "{v}"), ("tracestate", "foo.bar=1")], Same("")),
    ("3.3.1.3.1 at signs in keys", &[("traceparent", "{v}"), ("tracestate", "foo@=1,bar=2,a@@b=3,c@d@e=4")], Same("foo@=1,bar=2,a@@b=3,c@d@e=4")),
    ("3.3.1.3.1 an at sign before a key", &[("traceparent", "{v}"), ("tracestate", "@foo=1,bar=2")], Same("")),
    ("3.3.1.3.1 every character of a key", &[("traceparent", "{v}"), ("tracestate", "0abcdefghijklmnopqrstuvwxyz123456789_-*/@=1")],
        Same("0abcdefghijklmnopqrstuvwxyz123456789_-*/@=1")),
    ("3.3.1.3.2 every character of a value", &[("traceparent", "{v}"), ("tracestate", "foo= !\"#$%&'()*+-./09:;<>?@AZ[\\]^_`az{|}~")],
        Same("foo= !\"#$%&'()*+-./09:;<>?@AZ[\\]^_`az{|}~")),
    ("3.3.1.3.2 an equals sign in a value", &[("traceparent", "{v}"), ("tracestate", "foo=bar=baz")], Same("")),
    ("3.3.1.3.2 an empty value", &[("traceparent", "{v}"), ("tracestate", "foo=,bar=3")], Same("")),
    ("3.3.1.4 doubled keys are kept", &[("traceparent", "{v}"), ("tracestate", "foo=1,foo=1"), ("tracestate", "foo=2")], Same("foo=1,foo=1,foo=2")),
    ("3.5 a bad state leaves its parent", &[("traceparent", "{v}"), ("tracestate", "foo=1"), ("tracestate", "=")], Same("")),
    ("3.2.1.1 baggage in several headers", &[("traceparent", "{v}"), ("baggage", "b=2;p"), ("Baggage", "a=1")], Baggage("a=1,b=2;p")),
    ("3.2.1.3 escapes, and an equals sign", &[("traceparent", "{v}"), ("baggage", "a=%20%25,b=x=y")], Baggage("a=%20%25,b=x=y")),
    ("3.2.1 a bad member is left out whole", &[("traceparent", "{v}"), ("baggage", "a b=1,c=2")], Baggage("c=2")),
    ("3.2.1 baggage in one that is empty", &[("traceparent", "{v}"), ("baggage", "")], Baggage("")),
];

/// The service, and somebody whom it asks.
struct Relay {
    process: Child,
    address: SocketAddr,
    asked: Server,
    came: Arc<Mutex<Vec<Headers>>>,
}

impl Relay {
    fn start() -> Self {
        let variables = [("OTEL_TRACES_EXPORTER", "none")];
        let mut command = command("relay_service", &["127.0.0.1:0"], &variables);
        let mut process = command.stderr(Stdio::piped()).spawn().expect("the service starts");
        let mut lines = BufReader::new(process.stderr.take().expect("it has a pipe")).lines();
        let listening = lines.next().expect("it says where it listens").expect("the line is text");
        let address = listening.strip_prefix("listening on http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.and_then(|address| address.parse().ok());
        // Warnings of bad headers: a full pipe would stop the service.
        thread::spawn(move || lines.for_each(drop));
        let came = Arc::new(Mutex::new(Vec::new()));
        let asked = Server::start({
            let came = came.clone();
            move |request, exchange| {
                came.lock().expect("nobody panicked").push(request.headers.clone());
                exchange.respond(200, &[("content-type", "application/json")], b"null")
            }
        });
        Self {
            process,
            address: address.unwrap_or_else(|| panic!("no address in {listening:?}")),
            asked: asked.expect("a loopback port is free"),
            came,
        }
    }

    /// What the service passes on to as many others as it is told of.
    fn pass_on(&self, headers: &[(&str, &str)], count: usize) -> Vec<Sent> {
        let action = json!({"url": format!("http://{}/", self.asked.address()), "arguments": []});
        let body = json!(vec![action; count]).to_string();
        let headers: Vec<_> = [("content-type", "application/json")].iter().chain(headers).copied().collect();
        let reply = post(self.address, "/test", &headers, body.as_bytes()).expect("the service answers");
        assert_eq!(reply.status, 200, "{}", reply.text());
        let came = std::mem::take(&mut *self.came.lock().expect("nobody panicked"));
        assert_eq!(came.len(), count, "each was asked");
        came.iter().map(Sent::of).collect()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// What came out, which is valid in any case.
#[derive(Debug)]
struct Sent {
    trace: String,
    parent: String,
    flags: String,
    state: String,
    baggage: String,
}

impl Sent {
    fn of(headers: &Headers) -> Self {
        let one = |name: &str| {
            let named: Vec<_> = headers.iter().filter(|(known, _)| known == name).collect();
            assert!(named.len() <= 1, "{name}: {headers:?}");
            named.first().map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let traceparent = one("traceparent");
        let parts: Vec<_> = traceparent.split('-').collect();
        let [version, trace, parent, flags] = parts[..] else { panic!("{traceparent:?} has four fields") };
        for (field, length) in [(version, 2), (trace, 32), (parent, 16), (flags, 2)] {
            let valid = field.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            assert!(valid && field.len() == length, "{traceparent:?}");
        }
        assert_eq!(version, "00", "{traceparent:?}");
        assert!([trace, parent].iter().all(|id| id.bytes().any(|byte| byte != b'0')), "{traceparent:?}");
        let [trace, parent, flags] = [trace, parent, flags].map(str::to_owned);
        Self { trace, parent, flags, state: one("tracestate"), baggage: one("baggage") }
    }
}

fn filled(value: &str) -> String {
    value.replace("{v}", &format!("00-{TRACE}-{PARENT}-01")).replace("{t}", TRACE).replace("{p}", PARENT)
}

#[test]
fn a_service_passes_on_by_the_rules_of_the_specifications_and_no_others() {
    let relay = Relay::start();
    for (rule, headers, expected) in CASES {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, filled(value))).collect();
        let given: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let sent = relay.pass_on(&given, 1).remove(0);
        assert_ne!(sent.parent, PARENT, "{rule}: the service is a parent of its own");
        let is_same = sent.trace == TRACE;
        match *expected {
            // Section 3.2.2.5.2: who begins a trace says that its id is random.
            New => {
                assert_eq!((is_same, sent.state.as_str(), sent.flags.as_str()), (false, "", "03"), "{rule}")
            }
            Same(state) => assert_eq!((is_same, sent.state.as_str()), (true, state), "{rule}"),
            Flags(flags) => assert_eq!((is_same, sent.flags.as_str()), (true, flags), "{rule}"),
            Baggage(baggage) => assert_eq!((is_same, sent.baggage.as_str()), (true, baggage), "{rule}"),
        }
    }
}

#[test]
fn lists_are_passed_on_up_to_the_limits_of_the_specification_and_not_beyond() {
    let relay = Relay::start();
    let members = |count: usize| (1..=count).map(|n| format!("bar{n:02}={n:02}")).collect::<Vec<_>>();
    let of = |key: String, value: &str| format!("foo=1,{key}={value}");
    let cases = [
        ("3.3.1.1 32 members", members(32).join(","), true),
        ("3.3.1.1 33 members", members(33).join(","), false),
        ("3.3.1.3.1 a key of 256 characters", of("z".repeat(256), "1"), true),
        ("3.3.1.3.1 a key of 257 characters", of("z".repeat(257), "1"), false),
        ("3.3.1.3.1 an at sign after 242 characters", of(format!("{}@v", "t".repeat(242)), "1"), true),
        ("3.3.1.3.1 an at sign before 15 characters", of(format!("t@{}", "v".repeat(15)), "1"), true),
        ("3.3.1.3.2 a value of 256 characters", of("a".to_owned(), &"v".repeat(256)), true),
        ("3.3.1.3.2 a value of 257 characters", of("a".to_owned(), &"v".repeat(257)), false),
    ];
    for (rule, state, is_valid) in cases {
        let parent = filled("{v}");
        // In one header, and in one for each member.
        let whole = vec![("traceparent", parent.as_str()), ("tracestate", state.as_str())];
        let apart = [("traceparent", parent.as_str())];
        let apart = apart.into_iter().chain(state.split(',').map(|member| ("tracestate", member))).collect();
        for headers in [whole, apart] {
            let sent = relay.pass_on(&headers, 1).remove(0);
            assert_eq!(sent.trace, TRACE, "{rule}");
            assert_eq!(sent.state, if is_valid { state.as_str() } else { "" }, "{rule}");
        }
    }
}

#[test]
fn each_of_several_requests_has_a_parent_of_its_own_in_one_trace() {
    let relay = Relay::start();
    let (valid, zeros) = (filled("{v}"), filled("00-00000000000000000000000000000000-{p}-01"));
    for parent in [Some(valid), Some(zeros), None] {
        let headers: Vec<_> = parent.iter().map(|parent| ("traceparent", parent.as_str())).collect();
        let sent = relay.pass_on(&headers, 3);
        let mut parents: Vec<_> = sent.iter().map(|sent| &sent.parent).collect();
        parents.sort_unstable();
        parents.dedup();
        assert_eq!(parents.len(), 3, "{sent:?}");
        assert!(sent.iter().all(|other| other.trace == sent[0].trace), "{sent:?}");
        assert_eq!(sent[0].trace == TRACE, parent.is_some_and(|parent| parent.contains(TRACE)));
    }
}
