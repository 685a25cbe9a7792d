//! A collector that is absent, slow, silent or refuses, and what the report says of it.

use crate::program::{Program, Ran};
use agentspan_tests::{Answer, CLOSED, Collector};
use std::time::{Duration, Instant};

fn weather(collector: &Collector) -> Ran {
    Program::new("init none weather shutdown").to(collector).run()
}

/// Delivered, lost with reason, unconfirmed.
#[track_caller]
fn assert_books(ran: &Ran, delivered: u64, dropped: &[&str], unconfirmed: u64) {
    assert_eq!(ran.number("created"), 3, "{ran:?}");
    let found = (ran.number("delivered"), ran.dropped(), ran.number("unconfirmed"), ran.number("open"));
    assert_eq!(
        found,
        (delivered, dropped.iter().map(|&word| word.to_owned()).collect(), unconfirmed, 0),
        "{ran:?}"
    );
}

fn check(
    answers: &[Answer],
    otherwise: Answer,
    (delivered, dropped, unconfirmed): (u64, &[&str], u64),
) -> Ran {
    let collector = Collector::script(answers.iter().cloned());
    collector.set(otherwise);
    let ran = weather(&collector);
    assert_books(&ran, delivered, dropped, unconfirmed);
    assert_eq!(collector.spans().len() as u64, delivered);
    assert_eq!(ran.err, "");
    ran
}

#[test]
fn without_a_collector_the_loss_is_counted_and_named() {
    for runtime in ["none", "current", "multi"] {
        let program = Program::new(&format!("init {runtime} weather shutdown"));
        let ran = program.env("OTEL_EXPORTER_OTLP_ENDPOINT", CLOSED).run();
        assert_books(&ran, 0, &["Unreachable 3"], 0);
        let line = format!(
            "agentspan: 0 of 3 spans delivered, 3 lost (collector not reachable): {CLOSED}/v1/traces: connection refused"
        );
        assert_eq!(ran.get("line"), line);
    }
}

#[test]
fn a_slow_collector_gets_everything() {
    check(&[], Answer::Slow(Duration::from_millis(700)), (3, &[], 0));
}

#[test]
fn of_a_silent_collector_nothing_is_known() {
    for runtime in ["none", "current", "multi"] {
        let collector = Collector::always(Answer::Silent);
        let ran = Program::new(&format!("init {runtime} weather shutdown")).to(&collector).run();
        assert_books(&ran, 0, &[], 3);
        assert!(ran.get("problem").ends_with("/v1/traces: no answer in time"), "{ran:?}");
    }
}

#[test]
fn a_refused_batch_is_lost_with_its_status() {
    let ran = check(&[], Answer::status(400), (0, &["Refused(400) 3"], 0));
    assert!(ran.get("problem").ends_with("/v1/traces: HTTP status 400"), "{ran:?}");
    check(&[], Answer::status(401), (0, &["Refused(401) 3"], 0));
}

#[test]
fn a_collector_that_asks_to_wait_gets_the_time() {
    let began = Instant::now();
    let collector = Collector::script([Answer::Status { code: 429, retry_after: Some(1) }]);
    let ran = weather(&collector);
    assert_books(&ran, 3, &[], 0);
    assert_eq!(collector.requests().len(), 2);
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_collector_that_asks_to_wait_for_too_long_does_not_hold_the_program() {
    let busy = Answer::Status { code: 429, retry_after: Some(3_600) };
    let ran = check(&[], busy, (0, &["Unavailable(429) 3"], 0));
    assert!(ran.number("end_ms") < 4_000, "{ran:?}");
}

#[test]
fn an_unavailable_collector_is_asked_again() {
    check(&[Answer::status(503), Answer::status(502)], Answer::Accept, (3, &[], 0));
    check(&[], Answer::status(503), (0, &["Unavailable(503) 3"], 0));
}

#[test]
fn a_cut_connection_is_made_again_and_otherwise_unconfirmed() {
    check(&[Answer::Cut], Answer::Accept, (3, &[], 0));
    check(&[], Answer::Cut, (0, &[], 3));
}

#[test]
fn what_a_collector_took_in_part_is_lost_in_part() {
    let partial = Answer::Partial { rejected: 2, message: "too old".into() };
    let ran = check(&[], partial, (1, &["Rejected 2"], 0));
    assert!(ran.get("problem").ends_with("the collector rejected 2 of 3 spans: too old"), "{ran:?}");
}

#[test]
fn an_outage_that_ends_loses_only_what_was_sent_during_it() {
    let collector = Collector::script([Answer::status(400)]);
    let program = Program::new("init none twice shutdown").to(&collector);
    let ran = program.env("OTEL_BSP_SCHEDULE_DELAY", "50").run();
    let [delivered, lost] = ["delivered", "dropped.Refused(400)"].map(|key| ran.number(key));
    // The time may be over in the middle of the first three.
    assert!((1..=3).contains(&lost) && delivered + lost == 4, "{ran:?}");
    assert_eq!(delivered, collector.spans().len() as u64);
    assert!(collector.names().contains(&"tool.later".to_owned()));
}

#[test]
fn an_endpoint_that_is_no_url_leaves_the_one_from_code() {
    let collector = Collector::start();
    let program = Program::new(&format!("init+endpoint={} none weather shutdown", collector.endpoint()));
    let ran = program.env("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url").run();
    assert_books(&ran, 3, &[], 0);
    let expected = format!(
        "agentspan: ignoring `OTEL_EXPORTER_OTLP_ENDPOINT=not a url`: expected a URL of `http://` or \
         `https://` with a host and, if any, a port up to 65535; using `{}/v1/traces`",
        collector.endpoint()
    );
    assert_eq!(ran.lines(), [expected]);
}

#[test]
fn headers_and_the_users_name_in_the_url_are_sent_and_never_shown() {
    let headers = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=hush%20hush,authorization=Bearer%20geheim123"),
        ("RUST_LOG", "trace"),
    ];
    let collector = Collector::script([Answer::status(400)]);
    let url = collector.endpoint().replace("http://", "http://someone:geheim456@");
    for _ in 0..2 {
        let program = Program::new("init none weather shutdown").envs(&headers);
        let ran = program.env("OTEL_EXPORTER_OTLP_ENDPOINT", &url).run();
        for secret in ["hush", "geheim123", "geheim456"] {
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{ran:?}");
        }
    }
    for request in collector.requests() {
        assert_eq!(request.header("x-api-key"), Some("hush hush"));
        assert_eq!(request.header("authorization"), Some("Bearer geheim123"));
    }
    // A header that cannot be sent is not shown either.
    let program = Program::new("init none weather shutdown").to(&collector);
    let ran = program.env("OTEL_EXPORTER_OTLP_HEADERS", "bad name=geheim789").run();
    assert!(!ran.out.contains("geheim") && !ran.err.contains("geheim"), "{ran:?}");
    assert_eq!(ran.lines().len(), 1, "{ran:?}");
}

#[test]
fn requests_are_compressed_when_asked() {
    let collector = Collector::start();
    let program = Program::new("init none runs:20 shutdown").to(&collector);
    program.env("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip").run();
    let request = collector.requests().remove(0);
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    assert!(request.wire_size * 2 < request.size, "{} of {}", request.wire_size, request.size);
    assert_eq!(collector.spans().len(), 60);
}

#[test]
fn what_finds_no_room_in_the_queue_is_counted() {
    let collector = Collector::always(Answer::Slow(Duration::from_millis(100)));
    let program = Program::new("init none tools:2000 shutdown").to(&collector);
    let sizes = [("OTEL_BSP_MAX_QUEUE_SIZE", "16"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")];
    let ran = program.envs(&sizes).run();
    assert_eq!(ran.number("created"), 2_000);
    assert!(ran.number("dropped.QueueFull") > 1_000, "{ran:?}");
    assert_eq!(ran.number("delivered"), collector.spans().len() as u64);
}

#[test]
fn a_program_that_goes_on_hears_once_that_spans_are_lost() {
    let program = Program::new("init none twice drop").env("OTEL_EXPORTER_OTLP_ENDPOINT", CLOSED);
    let ran = program.env("OTEL_BSP_SCHEDULE_DELAY", "50").run();
    let line = format!(
        "agentspan: 0 of 4 spans delivered, 4 lost (collector not reachable): {CLOSED}/v1/traces: connection refused"
    );
    let [meanwhile, at_end] = &ran.lines()[..] else { panic!("{ran:?}") };
    // On a busy machine the first loss may be a part.
    assert!(meanwhile.contains(" lost (collector not reachable)"), "{meanwhile}");
    assert!(meanwhile.ends_with("connection refused; said once, and counted on"), "{meanwhile}");
    assert_eq!(*at_end, line);
}

#[test]
fn a_hint_of_the_collector_is_no_loss() {
    let hint = Answer::Partial { rejected: 0, message: "please use gzip".into() };
    let collector = Collector::always(hint);
    let program = Program::new("init none twice drop").to(&collector);
    let ran = program.env("OTEL_BSP_SCHEDULE_DELAY", "20").run();
    assert_eq!(ran.err, "");
    assert!(collector.requests().len() > 1);
}

#[test]
fn a_dropped_guard_speaks_only_of_losses() {
    let collector = Collector::start();
    let ran = Program::new("init none weather drop").to(&collector).run();
    assert_eq!((collector.spans().len(), ran.err.as_str()), (3, ""));

    let ran = Program::new("init none weather drop").env("OTEL_EXPORTER_OTLP_ENDPOINT", CLOSED).run();
    let line = format!(
        "agentspan: 0 of 3 spans delivered, 3 lost (collector not reachable): {CLOSED}/v1/traces: connection refused"
    );
    assert_eq!(ran.lines(), [line]);
}

#[test]
fn spans_of_others_that_are_open_at_the_end_do_not_leave_and_are_told() {
    let collector = Collector::start();
    for end in ["drop", "shutdown"] {
        let ran = Program::new(&format!("init none foreign {end}")).to(&collector).run();
        let line = "agentspan: 1 of 2 spans delivered, 1 still open";
        let told = if end == "drop" { ran.lines() } else { vec![ran.get("line")] };
        assert_eq!(told, [line], "{ran:?}");
    }
    assert_eq!(collector.names(), ["tool.t", "tool.t"]);
}

#[test]
fn a_step_that_never_ends_is_open_and_ends_with_the_program() {
    let collector = Collector::start();
    let ran = Program::new("init none endless flush").to(&collector).run();
    // The run waits for the step that it has started.
    assert_eq!((ran.number("delivered"), ran.number("open")), (1, 2), "{ran:?}");
    assert_eq!(collector.names(), ["tool.done"]);

    let collector = Collector::start();
    let ran = Program::new("init none endless shutdown").to(&collector).run();
    assert_books(&ran, 3, &[], 0);
    let never = collector.span("tool.never_done");
    assert_eq!(never.text("agent.outcome"), Some("cancelled"));
    assert_eq!(collector.span("agent.impatient").double("cost.total_usd"), Some(0.25));
}
