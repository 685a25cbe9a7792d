use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::table::{self, ATTRIBUTES};
use crate::{Outcome, StepType, StopReason, event, openinference, provider, span_name};

/// The list of names as the project has fixed it, word for word.
const NAMES: &str = "
agent.run_id* agent.root_run_id* agent.name agent.step_type* agent.step_index* agent.outcome* session.id user.id
error.type cost.self_usd* cost.total_usd cost.status* cost.over_1_usd* cost.over_10_usd* cost.over_100_usd*
cost.over_1000_usd* agent.type agent.version* agent.parent_run_id* user.query! agent.result*! agent.stop_reason
agent.step_count* agent.llm_call_count* agent.tool_call_count* agent.failed_step_count* agent.token_count.prompt*
agent.token_count.completion* agent.token_count.total* agent.open_step_count* agent.breakdown* agent.confidence*
llm.provider llm.model_name llm.request.model_name llm.response.model_name llm.operation* llm.purpose*
llm.invocation_parameters llm.prompt.name* llm.prompt.version* llm.input_messages! llm.output_messages!
llm.system_instructions! llm.tool_definitions! llm.message_count* llm.input_size* llm.output_size* llm.system_hash*
llm.tool_definitions_hash* llm.token_count.prompt llm.token_count.completion llm.token_count.total
llm.token_count.prompt_details.cache_read llm.token_count.prompt_details.cache_write
llm.token_count.prompt_details.cache_write_1h* llm.token_count.prompt_details.audio
llm.token_count.prompt_details.image* llm.token_count.completion_details.reasoning
llm.token_count.completion_details.audio llm.token_count.completion_details.image*
llm.token_count.estimated.prompt* llm.token_count.estimated.completion* llm.finish_reason llm.finish_class*
llm.tool_call_names* llm.response.id llm.streaming* llm.chunk_count* llm.time_to_first_chunk_s* llm.stream_end*
llm.attempt_count* llm.service_tier* llm.batch* llm.context_window* cost.input_usd cost.output_usd
cost.cache_read_usd* cost.cache_write_usd* cost.reasoning_usd* cost.audio_usd* cost.other_usd* cost.source*
cost.price_model* cost.catalog_version* cost.tier* cost.missing* embedding.input_count* embedding.dimension_count*
server.address server.port tool.name tool.description tool.type tool.call_id* tool.arguments! tool.result!
tool.arguments_size* tool.result_size* tool.call_index* tool.repeated* tool.cost_usd retrieval.source
retrieval.query! retrieval.top_k* retrieval.document_count* retrieval.top_score* retrieval.documents! step.name*
validation.name* validation.kind* validation.passed* validation.blocked* validation.reason*! approval.name*
approval.asked* approval.decision* approval.by* approval.reason*! approval.wait_s* handoff.from* handoff.to*
handoff.reason*! recovery.action* exception.type exception.message! exception.stacktrace! attempt*
http.response.status_code mcp.method.name mcp.protocol.version jsonrpc.request.id rpc.response.status_code
network.transport wait_s* reason* limit* spent* service.name service.version service.instance.id
deployment.environment.name host.name process.pid telemetry.sdk.name telemetry.sdk.language telemetry.sdk.version
telemetry.distro.name telemetry.distro.version";

#[test]
fn the_table_holds_exactly_the_fixed_names() {
    let drawn: BTreeSet<String> = ATTRIBUTES
        .iter()
        .map(|row| {
            let invented = if row.invented { "*" } else { "" };
            let content = if row.content { "!" } else { "" };
            format!("{}{invented}{content}", row.name)
        })
        .collect();
    let fixed: BTreeSet<String> = NAMES.split_whitespace().map(str::to_owned).collect();
    assert_eq!(drawn, fixed);
    assert_eq!(ATTRIBUTES.len(), fixed.len(), "a row stands twice");
}

/// Every constant in the sources: its file, its identifier and its text.
fn constants() -> Vec<(String, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        if !path.is_file()
            || matches!(&*file, "tests.rs" | "macros.rs" | "table.rs" | "provider.rs" | "span_name.rs")
        {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((left, right)) = line.split_once(" = \"") else { continue };
            let left = left.trim().trim_start_matches("pub const ").trim_end_matches(": &str");
            if left.starts_with('/') {
                continue;
            }
            let text = right.split('"').next().unwrap();
            found.push((file.clone(), left.to_owned(), text.to_owned()));
        }
    }
    found
}

#[test]
fn a_constant_is_its_own_name_in_capitals_and_no_name_is_spelt_twice() {
    let mut seen = BTreeMap::new();
    for (file, identifier, text) in constants() {
        assert_eq!(identifier, text.to_uppercase().replace('.', "_"), "in {file}");
        if let Some(earlier) = seen.insert(text.clone(), file.clone()) {
            panic!("`{text}` is spelt in {earlier} and in {file}");
        }
    }
}

#[test]
fn every_constant_is_in_the_table_and_every_name_of_the_table_is_a_constant() {
    let dialect = |file: &str| matches!(file, "gen_ai.rs" | "openinference.rs");
    // Metrics and what stands only on them are no attributes of spans.
    let constants: Vec<_> = constants().into_iter().filter(|(file, ..)| file != "metric.rs").collect();
    let canonical: BTreeSet<&str> =
        constants.iter().filter(|(file, ..)| !dialect(file)).map(|(.., text)| &**text).collect();
    let rows: BTreeSet<&str> = ATTRIBUTES.iter().map(|row| row.name).collect();
    let named: BTreeSet<&str> = rows.iter().chain(event::EVENTS).copied().collect();
    assert_eq!(canonical, named);

    let foreign: BTreeSet<&str> =
        constants.iter().filter(|(file, ..)| dialect(file)).map(|(.., text)| &**text).collect();
    let used: BTreeSet<&str> = ATTRIBUTES
        .iter()
        .flat_map(|row| row.gen_ai.iter().chain(row.openinference))
        .chain(openinference::ELEMENTS)
        .copied()
        .filter(|name| !rows.contains(name))
        .collect();
    assert_eq!(foreign, used);
}

#[test]
fn each_name_stands_in_the_file_of_its_namespace() {
    for (file, _, text) in constants() {
        let namespace = text.split('.').next().unwrap();
        match &*file {
            "event.rs" | "gen_ai.rs" | "metric.rs" | "openinference.rs" => {}
            file => assert_eq!(file, format!("{namespace}.rs"), "`{text}`"),
        }
    }
}

#[test]
fn every_row_is_found_and_explains_itself() {
    for row in ATTRIBUTES {
        assert_eq!(table::find(row.name), Some(row));
        assert!(!row.spans.is_empty() && row.meaning.ends_with('.'), "`{}`", row.name);
        assert!(
            !row.meaning.starts_with(' ') && !row.meaning.contains("  "),
            "`{}`: {}",
            row.name,
            row.meaning
        );
        assert_eq!(row.meaning.contains("Invented"), row.invented, "`{}`", row.name);
        assert_eq!(
            row.name.ends_with("_usd") && !row.name.contains("over"),
            row.unit == Some("USD"),
            "`{}`",
            row.name
        );
    }
    for unknown in
        ["", "agent", "agent.", "llm.token_count", "tenant", "llm.cost.total", "gen_ai.prompt.name"]
    {
        assert_eq!(table::find(unknown), None, "`{unknown}`");
    }
}

#[test]
fn content_is_known_under_its_canonical_and_its_other_names() {
    for name in [
        "user.query",
        "tool.arguments",
        "exception.message",
        "gen_ai.input.messages",
        "gen_ai.tool.call.result",
        "input.value",
        "llm.input_messages.0.message.content",
        "retrieval.documents.3.document.content",
    ] {
        assert!(table::is_content(name), "`{name}`");
    }
    for name in ["tool.arguments_size", "llm.system", "llm.message_count", "input.mime_type", "tenant", ""] {
        assert!(!table::is_content(name), "`{name}`");
    }
    // Every attribute that carries content by translation is content as well, all but the types beside it.
    for row in ATTRIBUTES.iter().filter(|row| row.content) {
        for name in row.gen_ai.iter().chain(row.openinference).filter(|name| !name.ends_with("mime_type")) {
            assert!(table::is_content(name) || *name == openinference::LLM_TOOLS, "`{name}`");
        }
    }
}

#[test]
fn a_provider_is_known_by_any_of_its_words() {
    #[track_caller]
    fn check(word: &str, canonical: &str, otel: &str, prices: Option<&str>) {
        assert_eq!(provider::canonical(word), canonical);
        assert_eq!(provider::gen_ai_name(word), otel);
        assert_eq!(provider::prices_id(word).as_deref(), prices);
    }
    check("openai", "openai", "openai", Some("openai"));
    check(" OpenAI ", "openai", "openai", Some("openai"));
    check("google", "google", "gcp.gemini", Some("google"));
    check("gemini", "google", "gcp.gemini", Some("google"));
    check("vertex_ai", "google", "gcp.vertex_ai", Some("google"));
    check("azure", "azure", "azure.ai.openai", Some("azure"));
    check("azure_ai", "azure", "azure.ai.inference", Some("azure"));
    check("bedrock", "aws", "aws.bedrock", Some("aws"));
    check("aws", "aws", "aws.bedrock", Some("aws"));
    check("mistral", "mistralai", "mistral_ai", Some("mistral"));
    check("x-ai", "xai", "x_ai", Some("x-ai"));
    check("moonshotai", "moonshot", "moonshot_ai", Some("moonshotai"));
    check("ollama", "ollama", "ollama", None);
    check("Together", "together", "together", Some("together"));
    for row in provider::PROVIDERS {
        assert_eq!(provider::find(row.otel), Some(row));
        assert_eq!(provider::find(row.litellm), Some(row));
        for alias in row.aliases {
            assert_eq!(provider::find(alias), Some(row));
        }
        assert_eq!(provider::canonical(row.openinference), row.openinference);
    }
}

#[test]
fn the_family_of_an_interface_follows_the_model_where_a_host_serves_many() {
    assert_eq!(provider::llm_system("openai", "gpt-4o"), "openai");
    assert_eq!(provider::llm_system("google", "gemini-2.5-pro"), "vertexai");
    assert_eq!(provider::llm_system("google", "claude-sonnet-4-5"), "anthropic");
    assert_eq!(provider::llm_system("aws", "amazon.nova-pro-v1:0"), "amazon");
    assert_eq!(provider::llm_system("aws", "meta.llama3-70b-instruct-v1:0"), "meta");
    assert_eq!(provider::llm_system("Own", "x"), "own");
}

#[test]
fn span_names_stay_one_short_line() {
    let long = "é".repeat(10_000);
    let cut = span_name::tool(&long);
    assert_eq!(cut.chars().count(), "tool.".len() + span_name::MAX_PART);
    assert!(cut.ends_with("é…"));
    assert_eq!(span_name::tool(&"x".repeat(200)), format!("tool.{}", "x".repeat(200)));
    assert_eq!(span_name::agent("a\nb\tc\u{1b}[31m\u{202e}"), "agent.a_b_c_[31m_");
    assert_eq!(span_name::llm("", " "), "llm.unknown.unknown");
    assert_eq!(span_name::retrieval("docs/v2 en"), "retrieval.docs/v2 en");
    assert_eq!(span_name::step("plan"), "step.plan");
    assert_eq!(span_name::validation("pii"), "validation.pii");
    assert_eq!(span_name::approval("refund"), "approval.refund");
    assert_eq!(span_name::handoff("billing"), "handoff.billing");
    assert_eq!(span_name::error("rate_limit_exceeded"), "error.rate_limit_exceeded");
    assert_eq!(span_name::otel("chat", "gpt-4o"), "chat gpt-4o");
    assert_eq!(span_name::otel("invoke_agent", ""), "invoke_agent");
}

#[test]
fn words_read_back_as_the_variant_that_wrote_them() {
    for outcome in Outcome::ALL {
        assert_eq!(outcome.as_str().parse(), Ok(*outcome));
    }
    for word in
        ["run", "llm_generate", "tool_call", "reasoning", "retrieval", "embedding", "validation", "approval"]
    {
        assert_eq!(StepType::from(word).as_str(), word);
        assert!(!matches!(StepType::from(word), StepType::Custom(_)), "`{word}`");
    }
    let reasons = "completed max_steps tool_error llm_error error timeout budget blocked rejected handed_off escalated \
                   awaiting_approval cancelled panicked shutdown";
    for word in reasons.split(' ') {
        let reason = StopReason::from(word.to_owned());
        assert_eq!(reason.as_str(), word);
        assert_eq!(reason.to_string(), word);
        assert!(!matches!(reason, StopReason::Custom { .. }), "`{word}`");
    }
    assert_eq!(StopReason::from("own").as_str(), "own");
}

#[test]
fn a_stop_reason_tells_success_from_failure() {
    #[track_caller]
    fn check(word: &'static str, success: Option<bool>) {
        assert_eq!(StopReason::from(word).is_success(), success, "`{word}`");
    }
    for word in ["completed", "handed_off", "escalated", "awaiting_approval"] {
        check(word, Some(true));
    }
    for word in [
        "max_steps",
        "tool_error",
        "llm_error",
        "error",
        "timeout",
        "budget",
        "blocked",
        "rejected",
        "panicked",
    ] {
        check(word, Some(false));
    }
    for word in ["cancelled", "shutdown", "own"] {
        check(word, None);
    }
}

#[test]
fn an_unknown_word_is_answered_with_the_known_ones() {
    let error = "fine\n".parse::<Outcome>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown word `fine\\n`: expected one of `ok`, `error`, `panicked`, `timeout`, `cancelled`, `blocked`, `rejected`"
    );
}
