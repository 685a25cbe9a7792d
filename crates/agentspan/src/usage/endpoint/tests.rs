use super::{Endpoint, Endpoints};

/// `provider operation model stream`, with `-` for what is unknown.
fn drawn(endpoint: Option<Endpoint>) -> String {
    let Some(found) = endpoint else { return "nothing".to_owned() };
    let or = |text: Option<&str>| text.unwrap_or("-").to_owned();
    let stream = if found.stream { " stream" } else { "" };
    format!(
        "{} {} {}{stream}",
        or(found.provider.as_deref()),
        or(found.operation.as_deref()),
        or(found.model.as_deref())
    )
}

#[test]
fn requests_are_recognised_by_host_and_path() {
    let cases = [
        ("https://api.openai.com/v1/chat/completions", "openai chat -"),
        ("https://eu.api.openai.com/v1/responses?x=1#y", "openai chat -"),
        ("https://api.openai.com/v1/responses/compact", "openai chat -"),
        ("https://api.openai.com/v1/completions", "openai text_completion -"),
        ("https://api.openai.com/v1/embeddings", "openai embeddings -"),
        ("https://api.openai.com/v1/images/generations", "openai image_generation -"),
        ("https://api.openai.com/v1/audio/transcriptions", "openai transcription -"),
        ("https://api.openai.com/v1/batches", "openai - -"),
        ("https://api.openai.com/v1/threads/thread_1/messages", "openai - -"),
        (
            "https://r.openai.azure.com/openai/deployments/my%20gpt/chat/completions?api-version=1",
            "azure.ai.openai chat my gpt",
        ),
        ("https://r.openai.azure.com/openai/deployments/e/embeddings", "azure.ai.openai embeddings e"),
        ("https://r.openai.azure.com/openai/v1/responses", "azure.ai.openai chat -"),
        ("https://r.cognitiveservices.azure.com/openai/responses", "azure.ai.openai chat -"),
        ("https://r.services.ai.azure.com/models/chat/completions", "azure.ai.inference chat -"),
        ("https://r.services.ai.azure.com/anthropic/v1/messages", "azure.ai.openai chat -"),
        ("https://r.eastus.models.ai.azure.com/chat/completions", "azure.ai.inference chat -"),
        ("https://api.anthropic.com/v1/messages", "anthropic chat -"),
        ("https://api.anthropic.com/v1/complete", "anthropic text_completion -"),
        ("https://api.anthropic.com/v1/messages/count_tokens", "anthropic - -"),
        ("https://api.anthropic.com/v1/messages/batches", "anthropic - -"),
        (
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent",
            "gcp.gemini generate_content gemini-2.5-pro",
        ),
        (
            "https://generativelanguage.googleapis.com/v1/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
            "gcp.gemini generate_content gemini-2.5-pro stream",
        ),
        (
            "https://generativelanguage.googleapis.com/v1beta/models/e-004:batchEmbedContents",
            "gcp.gemini embeddings e-004",
        ),
        ("https://generativelanguage.googleapis.com/v1beta/models/g:countTokens", "gcp.gemini - -"),
        ("https://generativelanguage.googleapis.com/v1beta/openai/chat/completions", "gcp.gemini chat -"),
        ("https://generativelanguage.googleapis.com/v1beta/interactions", "gcp.gemini generate_content -"),
        (
            "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/g:streamGenerateContent",
            "gcp.vertex_ai generate_content g stream",
        ),
        (
            "https://aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/anthropic/models/claude@2:streamRawPredict",
            "gcp.vertex_ai chat claude@2 stream",
        ),
        (
            "https://aiplatform.googleapis.com/v1/projects/p/locations/l/endpoints/openapi/chat/completions",
            "gcp.vertex_ai chat -",
        ),
        (
            "https://aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/text-embedding-005:predict",
            "gcp.vertex_ai embeddings text-embedding-005",
        ),
        (
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v1%3A0/converse",
            "aws.bedrock chat anthropic.claude-v1:0",
        ),
        (
            "https://bedrock-runtime-fips.us-east-1.amazonaws.com/model/us.amazon.nova/converse-stream",
            "aws.bedrock chat us.amazon.nova stream",
        ),
        (
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/model/amazon.titan-embed-text-v2%3A0/invoke",
            "aws.bedrock embeddings amazon.titan-embed-text-v2:0",
        ),
        (
            "https://bedrock-runtime.eu-west-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aeu%3A1%3Ainference-profile%2Feu.a.b/invoke-with-response-stream",
            "aws.bedrock chat arn:aws:bedrock:eu:1:inference-profile/eu.a.b stream",
        ),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com/openai/v1/chat/completions", "aws.bedrock chat -"),
        ("https://api.cohere.com/v2/chat", "cohere chat -"),
        ("https://api.cohere.ai/v1/embed", "cohere embeddings -"),
        ("https://api.cohere.com/v2/rerank", "cohere rerank -"),
        ("https://api.mistral.ai/v1/fim/completions", "mistral_ai chat -"),
        ("https://codestral.mistral.ai/v1/agents/completions", "mistral_ai chat -"),
        ("https://api.mistral.ai/v1/conversations", "mistral_ai chat -"),
        ("https://api.mistral.ai/v1/ocr", "mistral_ai ocr -"),
        ("https://api.groq.com/openai/v1/chat/completions", "groq chat -"),
        ("https://api.deepseek.com/chat/completions", "deepseek chat -"),
        ("https://api.deepseek.com/anthropic/v1/messages", "deepseek chat -"),
        ("https://api.deepseek.com/beta/completions", "deepseek text_completion -"),
        ("https://api.x.ai/v1/messages", "x_ai chat -"),
        ("http://localhost:11434/api/chat", "ollama chat -"),
        ("http://10.0.0.7:11434/api/generate", "ollama text_completion -"),
        ("https://ollama.com/api/embed", "ollama embeddings -"),
        ("http://[::1]:11434/v1/chat/completions", "ollama chat -"),
        ("https://openrouter.ai/api/v1/messages", "openrouter chat -"),
        ("http://gateway.corp:4000/v1/chat/completions", "- chat -"),
        ("http://gateway.corp/team/a/v1/embeddings", "- embeddings -"),
    ];
    for (url, expected) in cases {
        assert_eq!(drawn(Endpoint::recognise(url)), expected, "{url}");
    }
}

#[test]
fn the_host_is_read_as_a_client_reads_it() {
    let chat = "/v1/chat/completions";
    let openai = [
        "HTTPS://API.OpenAI.com",
        "https://api.openai.com.",
        "https://api.openai.com:8443",
        "https://me:pw@api.openai.com",
    ];
    for host in openai {
        assert_eq!(drawn(Endpoint::recognise(&format!("{host}{chat}"))), "openai chat -", "{host}");
    }
    let others = [
        "https://api.openai.com.evil.io",
        "https://evil-api.openai.com.io",
        "https://notapi.openai.com.attacker",
        "https://api.openai.com@evil.io",
        "https://api.openai.com:443@evil.io",
        "https://evilapi.openai.com",
        "https://evil.io:443",
        "https://openai.azure.com",
        "https://evilopenai.azure.com",
        "https://x.openai.azure.com.evil.io",
        "https://bedrock-runtime.evilamazonaws.com",
        "https://bedrock-runtime.us-east-1.amazonaws.com.evil.io",
        "https://bedrock-runtime-evil.us-east-1.amazonaws.com",
        "https://aiplatform.googleapis.com.evil.io",
        "https://fakeopenrouter.ai",
    ];
    for host in others {
        assert_eq!(drawn(Endpoint::recognise(&format!("{host}{chat}"))), "- chat -", "{host}");
        let other = Endpoint::recognise(&format!("{host}/api/chat"));
        assert_eq!(other, None, "{host} is nobody");
    }
}

#[test]
fn what_is_no_request_is_nothing() {
    let long = format!("https://api.openai.com/{}", "x".repeat(20_000));
    let cases = [
        "",
        "api.openai.com/v1/chat/completions",
        "ftp://api.openai.com/v1/chat/completions",
        "https://",
        "https:///v1/chat/completions",
        "https://@/v1/chat/completions",
        "https://api.openai.com:port/v1/chat/completions",
        "https://api.openai.com:99999/v1/chat/completions",
        "https://api.openai.com\\@evil.io/v1/chat/completions",
        "https://example.org/anything",
        "https://example.org/chat/messages",
        &long,
    ];
    for url in cases {
        assert_eq!(Endpoint::recognise(url), None, "{url}");
    }
}

#[test]
fn the_method_counts() {
    let endpoints = Endpoints::new();
    let get = |url| drawn(endpoints.recognise("GET", url));
    assert_eq!(get("https://api.openai.com/v1/responses/resp_1"), "openai fetch_response -");
    assert_eq!(get("https://api.openai.com/v1/chat/completions"), "openai - -");
    assert_eq!(get("http://localhost:11434/api/chat"), "ollama - -");
    assert_eq!(drawn(endpoints.recognise("post", "https://api.openai.com/v1/responses")), "openai chat -");
}

#[test]
fn own_rules_are_asked_first() {
    let endpoints = Endpoints::new()
        .rule("LLM.corp.example", "openai")
        .rule("*.gw.example", "gcp.gemini")
        .rule("localhost:4000", "our gateway")
        .rule("api.openai.com", "proxy");
    let cases = [
        ("https://llm.corp.example/deep/v1/chat/completions", "openai chat -"),
        ("https://sub.llm.corp.example/v1/chat/completions", "- chat -"),
        (
            "https://a.gw.example/v1beta/models/g:streamGenerateContent",
            "gcp.gemini generate_content g stream",
        ),
        ("https://gw.example/v1/chat/completions", "- chat -"),
        ("http://localhost:4000/v1/embeddings", "our gateway embeddings -"),
        ("http://localhost:4001/v1/embeddings", "- embeddings -"),
        ("http://localhost:4000/healthz", "our gateway - -"),
        ("https://api.openai.com/v1/responses", "proxy chat -"),
    ];
    for (url, expected) in cases {
        assert_eq!(drawn(endpoints.recognise("POST", url)), expected, "{url}");
    }
}

#[test]
fn the_name_of_a_price_has_no_region_and_no_arn() {
    let cases = [
        ("us.anthropic.claude-3", "anthropic.claude-3"),
        ("apac.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
        ("global.anthropic.claude-sonnet-4-5", "anthropic.claude-sonnet-4-5"),
        (
            "arn:aws:bedrock:us-east-1:012345678901:inference-profile/us.anthropic.claude-3",
            "anthropic.claude-3",
        ),
        (
            "arn:aws:bedrock:us-east-1:012345678901:application-inference-profile/abc",
            "arn:aws:bedrock:us-east-1:012345678901:application-inference-profile/abc",
        ),
        ("eu.v1", "eu.v1"),
        ("", ""),
    ];
    for (id, expected) in cases {
        assert_eq!(super::price_model(id), expected, "{id}");
    }
}
