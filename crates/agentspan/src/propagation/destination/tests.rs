use super::{host, takes_baggage, takes_trace};
use crate::config::Propagation;

#[test]
fn the_host_is_read_as_clients_read_it() {
    let cases = [
        ("https://api.corp.example/v1?x=y", Some("api.corp.example")),
        ("HTTPS://API.Corp.Example.:8443/", Some("api.corp.example")),
        ("http://user:word@corp.example@evil.example/", Some("evil.example")),
        ("http://evil.example#@corp.example", Some("evil.example")),
        ("http://evil.example?@corp.example", Some("evil.example")),
        ("http://corp.example\\@evil.example", None),
        ("http://corp.example \t/", None),
        ("nats://queue.corp.example:4222", Some("queue.corp.example")),
        ("localhost:8080", Some("localhost")),
        ("http://[::1]:80/", Some("::1")),
        ("::1", Some("::1")),
        ("http:///path", None),
        ("", None),
    ];
    for (destination, expected) in cases {
        assert_eq!(host(destination).as_deref(), expected, "{destination}");
    }
    assert_eq!(host(&"x".repeat(1 << 20)), None);
}

#[test]
fn baggage_travels_only_where_it_is_allowed() {
    let none = Propagation::new();
    let named = Propagation::new().with_baggage_host("Queue.example.").with_baggage_host("*.corp.example");
    let nearby = Propagation::new().with_baggage_nearby(true);
    let cases = [
        (&none, "http://localhost/", false),
        (&none, "https://api.corp.example/", false),
        (&named, "https://queue.example/", true),
        (&named, "https://a.queue.example/", false),
        (&named, "https://api.corp.example/", true),
        (&named, "https://a.b.corp.example/", true),
        (&named, "https://corp.example/", false),
        (&named, "https://evilcorp.example/", false),
        (&named, "https://.corp.example/", false),
        (&named, "https://api.corp.example.evil.example/", false),
        (&named, "http://localhost/", false),
        (&nearby, "http://localhost:80/", true),
        (&nearby, "http://a.localhost/", true),
        (&nearby, "http://localhost.evil.example/", false),
        (&nearby, "http://127.1.2.3/", true),
        (&nearby, "http://10.0.0.1/", true),
        (&nearby, "http://172.31.0.1/", true),
        (&nearby, "http://172.32.0.1/", false),
        (&nearby, "http://192.168.0.1/", true),
        (&nearby, "http://169.254.169.254/", false),
        (&nearby, "http://8.8.8.8/", false),
        (&nearby, "http://[::1]/", true),
        (&nearby, "http://[::ffff:10.0.0.1]/", true),
        (&nearby, "http://[fd00::1]/", true),
        (&nearby, "http://[2001:db8::1]/", false),
        (&nearby, "http://10.0.0.1.evil.example/", false),
    ];
    for (policy, destination, expected) in cases {
        assert_eq!(takes_baggage(policy, destination), expected, "{destination} with {policy:?}");
    }
}

#[test]
fn a_trace_is_told_to_all_but_model_providers() {
    let (default, all) = (Propagation::new(), Propagation::new().with_trace_to_providers(true));
    let cases = [
        ("https://api.openai.com/v1/chat/completions", false),
        ("https://api.anthropic.com/v1/messages", false),
        ("https://api.openai.com.evil.example/v1/models", true),
        ("https://llm.corp.example/v1/chat/completions", true),
        ("http://tools.corp.example/", true),
        ("nats://queue", true),
        ("no destination at all", true),
    ];
    for (destination, expected) in cases {
        assert_eq!(takes_trace(&default, destination), expected, "{destination}");
        assert!(takes_trace(&all, destination));
    }
}
