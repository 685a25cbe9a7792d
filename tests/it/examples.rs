//! The examples run as a user runs them, with a collector and without one.

mod relay;

use agentspan_examples::weather;
use agentspan_tests::example::{Ended, run, run_with};
use agentspan_tests::{CLOSED, Collector, Span, Tree, names, root};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Runs it against a collector in this process, which gets the spans whatever the example says itself.
fn sent(name: &str, variables: &[(&str, &str)]) -> (Ended, Vec<Span>) {
    let collector = Collector::start();
    let endpoint = collector.endpoint();
    let mut all = vec![(ENDPOINT, endpoint.as_str()), ("OTEL_TRACES_EXPORTER", "otlp")];
    all.extend(variables);
    let ended = run(name, &all, PATIENCE);
    assert!(ended.success(), "{name}: {ended:?}");
    (ended, collector.spans())
}

/// Runs it as it is, where no collector listens.
fn alone(name: &str, variables: &[(&str, &str)]) -> Ended {
    let mut all = vec![(ENDPOINT, CLOSED)];
    all.extend(variables);
    let ended = run(name, &all, PATIENCE);
    assert!(ended.success(), "{name}: {ended:?}");
    assert!(ended.took < Duration::from_secs(5), "{name}: {ended:?}");
    ended
}

#[test]
fn the_weather_agent_sends_one_tree_with_tokens_and_usd() {
    let (ended, spans) = sent("weather_agent", &[("OTEL_TRACES_EXPORTER", "otlp,console")]);
    let tokens = ["llm.token_count.prompt", "llm.token_count.completion"];
    let shown = [&tokens[..], &["cost.total_usd", "agent.stop_reason", "gen_ai.operation.name"]].concat();
    insta::assert_snapshot!(Tree::of(&spans).show(&shown).links(), @r#"
    agent.weather_assistant {cost.total_usd=0.0018932 agent.stop_reason="completed" gen_ai.operation.name="invoke_agent"}
      llm.openai.gpt-4o {llm.token_count.prompt=412 llm.token_count.completion=54 cost.total_usd=0.00157 gen_ai.operation.name="chat"}
      tool.get_weather {cost.total_usd=0.0001 gen_ai.operation.name="execute_tool"}
        > llm.openai.gpt-4o
      llm.openai.gpt-4o-mini {llm.token_count.prompt=1208 llm.token_count.completion=70 cost.total_usd=0.0002232 gen_ai.operation.name="chat"}
    "#);
    for span in &spans {
        assert_eq!(names::strangers(span, &["tenant"]), [""; 0], "{span:?}");
        let identity =
            ["session.id", "user.id", "agent.name", "tenant"].map(|key| span.text(key).unwrap_or("none"));
        assert_eq!(identity, ["s-42", "u-7", "weather_assistant", "acme"], "{span:?}");
        assert_eq!(span.resource("service.name"), Some(&"weather-agent".into()));
    }
    assert!(ended.out.contains(weather::ANSWER), "{ended:?}");
    assert!(ended.err.contains("agentspan: 4 of 4 spans delivered"), "{ended:?}");
    assert!(ended.err.contains(&format!("Look for trace {} in the viewer", spans[0].trace_id)), "{ended:?}");
}

#[test]
fn the_weather_agent_prints_its_tree_and_without_a_collector_how_to_start_one() {
    let ended = alone("weather_agent", &[]);
    let tree: Vec<_> = ended.err.lines().take_while(|line| !line.is_empty()).collect();
    let tree: Vec<_> =
        tree.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let at = |row: usize, parts: &[&str]| {
        assert!(parts.iter().all(|part| tree[row].contains(part)), "{row}: {tree:#?}");
    };
    assert_eq!(tree.len(), 8, "{tree:#?}");
    at(0, &["agent.weather_assistant", "$0.001893", "3 steps", "completed"]);
    at(1, &["│ query: Do I need an umbrella"]);
    at(2, &["│ result: Yes, take an umbrella"]);
    at(3, &["├─ llm.openai.gpt-4o", "$0.001570", "412 → 54", "tool_call"]);
    at(4, &["│ └─ tool.get_weather", "$0.000100", "ok"]);
    at(5, &[r#"arguments: {"city":"Ulm"}"#]);
    at(6, &[r#"result: {"city":"Ulm","rain_mm":4}"#]);
    at(7, &["└─ llm.openai.gpt-4o-mini", "$0.000223", "1,208 → 70", "stop"]);
    assert!(ended.err.contains("4 lost (collector not reachable)"), "{ended:?}");
    assert!(ended.err.contains("The run was not delivered."), "{ended:?}");
    assert!(ended.err.contains("docker compose up -d"), "{ended:?}");
    assert_eq!(ended.out.trim_end(), weather::ANSWER);
}

#[test]
fn the_environment_turns_the_content_of_the_weather_agent_off() {
    let off = ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "false");
    let (ended, spans) = sent("weather_agent", &[off, ("OTEL_TRACES_EXPORTER", "otlp,console")]);
    for private in ["query:", "arguments:", "result:", "umbrella"] {
        assert!(!ended.err.contains(private), "{private}: {ended:?}");
        assert!(!format!("{spans:?}").contains(private), "{private}: {spans:?}");
    }
    assert_eq!(spans.len(), 4);
}

#[test]
fn with_a_key_the_weather_agent_asks_the_api_that_the_environment_names() {
    let server = weather::quick_server().expect("a port");
    let base = server.base_url();
    let real = [("OPENAI_API_KEY", "sk-not-a-key"), ("OPENAI_BASE_URL", base.as_str())];
    let (_, spans) = sent("weather_agent", &real);
    let asked: Vec<_> = server.requests().iter().map(|request| request["model"].clone()).collect();
    assert_eq!(asked, ["gpt-4o", "gpt-4o-mini"]);
    assert_eq!(spans.len(), 4);
    assert!(!format!("{spans:?}").contains("sk-not-a-key"), "{spans:?}");
}

#[test]
fn without_a_collector_every_example_runs_to_its_end_and_shows_its_trees() {
    let cases: [(&str, &[&str], &[&str]); 11] = [
        (
            "without_wrapping",
            &["Yes, take an umbrella.\nYes, take an umbrella.\n"],
            &["├─ llm.openai.gpt-4o-mini", "└─ llm.openai.gpt-4o-mini", "$0.000446", "2 steps"],
        ),
        (
            "genai_client",
            &["Yes, take an umbrella.\nYes, take an umbrella.\nYes, take an umbrella.\n"],
            &["├─ chat gpt-4o-mini", "└─ llm.openai.gpt-4o-mini", "$0.000670", "3 steps"],
        ),
        (
            "reqwest_client",
            &["\"Yes, take an umbrella.\"\n", " bytes of events\n"],
            &["├─ GET", "error: 404", "└─ llm.openai.gpt-4o-mini", "$0.000446", "1,208 → 70", "2 steps"],
        ),
        (
            "rig_client",
            &["Yes, take an umbrella.\nYes, take an umbrella.\n"],
            &["├─ chat", "└─ chat", "$0.000446", "1,208 → 70", "2 steps"],
        ),
        (
            "tower_client",
            &["\"Yes, take an umbrella.\"\n"],
            &["└─ llm.openai.gpt-4o-mini", "$0.000223", "1,208 → 70", "stop, 2 attempts", "1 step "],
        ),
        (
            "failing_tool",
            &["2.3 mm of rain"],
            &["error: ServiceDown", "completed", "error.ServiceDown", "$0.002000"],
        ),
        (
            "streamed_reply",
            &["Once upon a time it rained in Ulm, and nobody had an umbrella.\nOnce upon a", " … "],
            &["1,208 → 70", "stop", "abandoned", "cut: OpenAIError", "llm_error", "$?"],
        ),
        (
            "batch_of_runs",
            &["document-1: $0.002000, 10 + 5 tokens", "document-6: $0.012000, 60 + 30 tokens"],
            &["$0.012000"],
        ),
        (
            "approval",
            &["order-1: paid out\norder-2: refused"],
            &["completed", "rejected", "approval.requested"],
        ),
        (
            "relay_service",
            &["three services, one trace: 0af7651916cd43dd8448eb211c80319c"],
            &["agent.relay", "└─ tool.post", "5 of 5"],
        ),
        ("own_subscriber", &["parsed words=3 trace_id="], &["tool.parser", "   └─ parse"]),
    ];
    for (name, out, err) in cases {
        let ended = alone(name, &[]);
        for (parts, text) in [(out, &ended.out), (err, &ended.err)] {
            for part in parts {
                assert!(text.contains(part), "{name} prints `{part}`: {ended:?}");
            }
        }
        assert!(ended.err.contains("spans delivered") && !ended.err.contains("lost"), "{ended:?}");
    }
}

#[test]
fn a_request_that_a_stack_of_tower_repeats_is_one_span_with_its_attempts() {
    let (_, spans) = sent("tower_client", &[]);
    let call = spans.iter().find(|span| span.name == "llm.openai.gpt-4o-mini").expect("the call");
    assert_eq!(spans.len(), 2, "the run and the call: {spans:?}");
    let failed: Vec<_> = call.events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(failed, ["llm.attempt"], "the one that was refused: {call:?}");
}

#[test]
fn a_provider_of_ones_own_gets_complete_spans() {
    let ended = alone("own_provider", &[]);
    let expected = "llm.openai.gpt-4o: chat, $0.00157\ntool.get_weather: execute_tool, $0.0001\n\
                    agent.weather_assistant: invoke_agent, $0.00167\nagentspan: 3 of 3 spans delivered\n";
    assert_eq!((ended.out.as_str(), ended.err.as_str()), (expected, ""));
}

#[test]
fn runs_side_by_side_add_up_apart() {
    let (_, spans) = sent("batch_of_runs", &[]);
    let mut runs: Vec<_> = spans.iter().filter(|span| span.name == "agent.indexer").collect();
    runs.sort_by_key(|run| run.int("agent.token_count.prompt"));
    assert_eq!(runs.len(), 6);
    for (number, run) in (1_i32..).zip(runs) {
        assert_eq!(run.text("session.id"), Some(format!("document-{number}").as_str()));
        assert_eq!(run.int("agent.token_count.prompt"), Some(i64::from(10 * number)));
        let micros = run.double("cost.total_usd").expect("a cost") * 1e6;
        assert_eq!(micros.round(), f64::from(2_000 * number));
        let below = spans.iter().filter(|span| span.parent_id.as_ref() == Some(&run.span_id));
        assert!(
            below
                .clone()
                .all(|span| span.trace_id == run.trace_id && span.get("session.id") == run.get("session.id"))
        );
        assert_eq!(below.count(), 3);
    }
}

#[test]
fn sampling_keeps_whole_traces_and_never_touches_the_books() {
    let sampler = ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
    for (argument, least, most) in [("0.1", 60, 140), ("0", 0, 0), ("1", 1_000, 1_000), ("10%", 1_000, 1_000)]
    {
        let (ended, spans) = sent("sampling", &[sampler, ("OTEL_TRACES_SAMPLER_ARG", argument)]);
        let mut traces: HashMap<_, usize> = HashMap::new();
        spans.iter().for_each(|span| *traces.entry(span.trace_id.clone()).or_default() += 1);
        assert!((least..=most).contains(&traces.len()), "{argument}: {} traces", traces.len());
        assert!(traces.values().all(|spans| *spans == 2), "{argument}: a trace is torn");
        let said = format!("kept {} of 1000 runs, each whole\nall 1000 runs together: $2.00\n", traces.len());
        assert_eq!(ended.out, said, "{argument}");
        assert_eq!(ended.err.contains("OTEL_TRACES_SAMPLER_ARG=10%"), argument == "10%", "{ended:?}");
    }
}

#[test]
fn every_example_says_what_it_shows_and_how_to_run_it() {
    let folder = root().join("examples");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("examples/Cargo.toml");
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("examples/") {
        let entry = entry.expect("an entry").path();
        // One that is made of several processes has a folder.
        let path = if entry.join("main.rs").is_file() { entry.join("main.rs") } else { entry.clone() };
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        count += 1;
        let name = entry.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("an example");
        let file = path.strip_prefix(&folder).expect("it lies there").display();
        let lines = text.lines().count();
        assert!(
            text.starts_with("//! ") && text.contains(&format!("cargo run --example {name}\n")),
            "{name}"
        );
        assert!(lines <= 110, "{name} is longer than two screens: {lines} lines");
        assert!(
            manifest.contains(&format!("name = \"{name}\"\npath = \"{file}\"")),
            "{name} stands in Cargo.toml"
        );
    }
    assert_eq!(count, 17);
    for role in fs::read_dir(folder.join("four_processes")).expect("a folder") {
        let text = fs::read_to_string(role.expect("an entry").path()).expect("a module");
        assert!(text.starts_with("//! ") && text.lines().count() <= 110, "{text}");
    }
}

#[test]
fn the_cost_calculator_bills_a_file_of_calls_line_by_line() {
    let calls = [
        json!({"id": "cached", "provider": "openai", "model": "gpt-4o", "at": "2026-11-20T00:00:00Z",
            "usage": {"input": 10_000, "cache_read": 8192, "output": 300}}),
        json!({"id": "written", "provider": "anthropic", "model": "claude-3-5-sonnet-20241022", "at": "2026-11-20",
            "usage": {"input": 12_100, "cache_read": 10_000, "cache_write": 2000, "cache_write_1h": 1500, "output": 200}}),
        json!({"id": "old", "provider": "openai", "model": "o3", "at": "2025-05-01T00:00:00Z",
            "usage": {"input": 1000, "output": 3000}}),
        json!({"id": "dear", "provider": "openai", "model": "gpt-4o", "service_tier": "priority",
            "usage": {"input": 1000, "output": 500}}),
        json!({"id": "batch", "provider": "openai", "model": "gpt-4o", "batch": true,
            "usage": {"input": 1000, "output": 500}}),
        json!({"id": "url", "url": "https://api.x.ai/v1/chat/completions", "model": "grok-4.20",
            "usage": {"input": 200_000, "output": 1000}}),
        json!({"id": "nobody", "provider": "openai", "model": "no-such-model", "usage": {"input": 1, "output": 1}}),
        json!({"id": "wrong", "provider": "openai", "model": "gpt-4o", "usage": {"input": 1, "cache_read": 2}}),
    ];
    let mut text: String = calls.iter().map(|call| format!("{call}\n")).collect();
    text.push_str("no json\n");
    let file = std::env::temp_dir().join(format!("agentspan-calls-{}.jsonl", std::process::id()));
    fs::write(&file, text).expect("the temporary folder can be written to");
    let ended = run_with("cost_calculator", &["--calls-from", &file.to_string_lossy()], &[], PATIENCE);
    fs::remove_file(&file).expect("it was there");
    let bills: Vec<Value> = ended
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line for each call"))
        .collect();
    let said: Vec<String> = bills
        .iter()
        .map(|bill| {
            let text = |key: &str| bill[key].as_str().unwrap_or("-").to_owned();
            ["id", "total_usd", "input_usd", "output_usd", "status", "source", "price_model"]
                .map(text)
                .join(" ")
        })
        .collect();
    assert_eq!(
        said,
        [
            "cached 0.01776 0.01476 0.003 known catalog gpt-4o",
            "written 0.017175 0.014175 0.003 known catalog claude-3-5-sonnet",
            "old 0.13 0.01 0.12 known catalog o3",
            "dear 0.01275 0.00425 0.0085 known catalog gpt-4o",
            "batch 0.00375 0.00125 0.0025 known catalog gpt-4o",
            "url 0.505 0.5 0.005 known catalog grok-4.20",
            "nobody - - - unknown - -",
            "wrong - - - unknown - -",
            "- - - - unknown - -",
        ]
    );
}

#[test]
fn an_exchange_is_read_and_explained() {
    let ended = run_with("read_exchange", &["--cut", "3", "--explain"], &[], PATIENCE);
    let line: Value = serde_json::from_str(&ended.out).expect("one JSON line");
    assert_eq!(line["usage"], json!({"input": 12, "output": 3, "cache_read": 4}));
    assert_eq!((&line["provider"], &line["operation"]), (&json!("openai"), &json!("chat")));
    assert_eq!((&line["cost_usd"], &line["cost_status"]), (&json!("0.0000033"), &json!("known")));
    assert_eq!(line["explain"]["bill"]["lines"][0]["usd"], json!("0.0000003"), "the cached ones");
    assert_eq!(line["stream_end"], json!("complete"));
}

#[test]
fn a_file_that_is_no_exchange_is_complained_about() {
    let cases = [
        (r#"{"model": "gpt-4o", "usage": {"prompt_tokens": 1}}"#, "it has no `url` that is text"),
        (
            r#"{"url": "https://api.openai.com/v1/chat/completions"}"#,
            "it has neither `response_text` nor `response_base64`",
        ),
        (r#"{"url": "", "response_base64": "é"}"#, "`response_base64` is no base64"),
    ];
    let name = format!("agentspan-exchange-{}.json", std::process::id());
    let file = std::env::temp_dir().join(&name);
    for (text, what) in cases {
        fs::write(&file, text).expect("the temporary folder can be written to");
        let ended = run_with("read_exchange", &[file.to_str().expect("a path in UTF-8")], &[], PATIENCE);
        assert!(!ended.success(), "{what}: {ended:?}");
        assert_eq!(ended.out, "", "{what}");
        let expected = format!("`{name}` is no exchange: {what}; see `read_exchange --help`");
        assert!(ended.err.contains(&expected), "{what}: {ended:?}");
    }
    fs::remove_file(&file).expect("it is there");
    let help = run_with("read_exchange", &["--help"], &[], PATIENCE);
    assert!(help.out.contains("`response_text` or `response_base64`"), "{help:?}");
}

/// What the calculator prints for the plan of its defaults with these arguments.
fn calculated(arguments: &[&str]) -> Ended {
    let plan = "--requests-per-day 100000 --calls 3 --input 1500 --output 500".split(' ');
    let told: Vec<_> = plan.chain(arguments.iter().copied()).collect();
    run_with("cost_calculator", &told, &[], PATIENCE)
}

#[test]
fn the_cost_calculator_compares_models_and_says_by_which_prices_and_from_when() {
    let models = ["--at", "2026-11-20", "gpt-4o-mini", "claude-haiku-4-5", "gemini-2.5-pro", "o3"];
    insta::assert_snapshot!(calculated(&models).out, @r"
    100000 requests a day of 3 calls, each of 1500 tokens of input (0 cached) and 500 of output
    USD                                    request           day         month            year  to first
    gpt-4o-mini                           0.001575        157.50       4790.62        57487.50     +0.0%
        gpt-4o-mini: for a million input 0.15, output 0.6; without a date
    claude-haiku-4-5                      0.012000       1200.00      36500.00       438000.00   +661.9%
        claude-haiku-4-5: for a million input 1, output 5; without a date
    gemini-2.5-pro                        0.020625       2062.50      62734.38       752812.50  +1209.5%
        gemini-2.5-pro: for a million input 1.25, output 10; without a date
    o3                                    0.021000       2100.00      63875.00       766500.00  +1233.3%
        o3: for a million input 2, output 8; since 2025-06-10
    Prices of genai-prices 0.2.1, as of 2026-11-20.
    ");
    let saving = ["--cached-share", "0.5", "--batch", "--at", "2026-11-20"];
    let models = ["openai/gpt-4o-mini", "google/gemini-2.5-pro", "openai/no-such-model", "no-such-model"];
    insta::assert_snapshot!(calculated(&[&saving[..], &models].concat()).out, @r"
    100000 requests a day of 3 calls, each of 1500 tokens of input (750 cached) and 500 of output
    USD                                    request           day         month            year  to first
    openai/gpt-4o-mini                    0.000788         78.75       2395.31        28743.75     +0.0%
        gpt-4o-mini: for a million cache_read 0.075, input 0.075, output 0.3; batch; since 2026-10-14
    google/gemini-2.5-pro                 0.009188        918.75      27945.31       335343.75  +1066.7%
        gemini-2.5-pro: for a million cache_read 0.125, input 0.625, output 5; batch; since 2026-10-14
    openai/no-such-model              unknown model
    no-such-model                     unknown provider
    Prices of genai-prices 0.2.1, as of 2026-11-20.
    ");
    let old = calculated(&["--at", "2025-05-01", "o3"]);
    assert!(old.out.contains("o3: for a million input 10, output 40; without a date"), "{old:?}");
    assert!(old.out.ends_with("as of 2025-05-01.\n"), "{old:?}");

    let file = std::env::temp_dir().join(format!("agentspan-calculator-{}.json", std::process::id()));
    let own = json!([{"id": "me", "name": "Me", "api_pattern": "x", "models": [
        {"id": "mine", "match": {"equals": "mine"}, "prices": {"input_mtok": 7, "output_mtok": 7}}]}]);
    std::fs::write(&file, own.to_string()).unwrap();
    let told = [("AGENTSPAN_PRICES", file.to_str().unwrap())];
    let by_file = run_with("cost_calculator", &["me/mine"], &told, PATIENCE);
    std::fs::remove_file(&file).unwrap();
    assert!(by_file.out.contains("mine: for a million input 7, output 7"), "{by_file:?}");
    let gone = run_with("cost_calculator", &["me/mine"], &told, PATIENCE);
    assert!(!gone.success() && gone.err.contains("AGENTSPAN_PRICES"), "{gone:?}");

    let alone = run_with("cost_calculator", &[], &[], PATIENCE);
    let rows =
        |out: &str| out.lines().filter(|line| line.contains('%')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&alone.out), rows(&calculated(&[]).out), "these are the defaults");
    assert_eq!(rows(&alone.out).len(), 3, "{alone:?}");
    for (arguments, problem) in [
        (["--cache", "1"], "unknown option `--cache`"),
        (["--at", "2026-02-30"], "`--at` is no day such as 2026-11-20"),
        (["--cached-share", "2"], "`--cached-share` is a number from 0 to 1"),
    ] {
        let ended = run_with("cost_calculator", &arguments, &[], PATIENCE);
        assert!(!ended.success() && ended.err.contains(problem), "{ended:?}");
    }
}
