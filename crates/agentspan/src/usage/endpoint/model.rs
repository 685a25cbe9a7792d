//! The model's name inside the ids of Bedrock and the resource names of Google.

/// The name by which a model of Bedrock or of Google has its price: without ARN or resource name and without the region of
/// an inference profile.
///
/// Any other name is given back as it is, and so is the ARN of an inference profile of your own or of a provisioned model,
/// which names no model.
///
/// ```
/// use agentspan::usage::price_model;
///
/// assert_eq!(price_model("eu.anthropic.claude-haiku-4-5-20251001-v1:0"), "anthropic.claude-haiku-4-5-20251001-v1:0");
/// assert_eq!(
///     price_model("arn:aws:bedrock:us-east-1::foundation-model/amazon.titan-text-express-v1"),
///     "amazon.titan-text-express-v1",
/// );
/// assert_eq!(price_model("models/gemini-embedding-001"), "gemini-embedding-001");
/// assert_eq!(price_model("gpt-4o"), "gpt-4o");
/// ```
pub fn price_model(id: &str) -> &str {
    let named = resource_id(id);
    REGIONS
        .iter()
        .find_map(|region| named.strip_prefix(region))
        .filter(|rest| rest.contains('.'))
        .unwrap_or(named)
}

/// The id at the end of an ARN or of a resource name of Google's that names a model; any other name as it is.
pub(crate) fn resource_id(id: &str) -> &str {
    // Nearly every id is none of them, as its first letter tells.
    let kinds: &[&str] = match id.as_bytes().first() {
        Some(b'a') if id.starts_with("arn:") => &[":foundation-model/", ":inference-profile/"],
        // https://ai.google.dev/api/models, https://cloud.google.com/vertex-ai/docs/reference/rest/v1/publishers.models
        Some(b'm' | b'p')
            if ["models/", "publishers/", "projects/"].iter().any(|kind| id.starts_with(kind)) =>
        {
            &["models/"]
        }
        _ => return id,
    };
    kinds.iter().find_map(|kind| Some(id.rsplit_once(kind)?.1)).unwrap_or(id)
}

/// What stands before the maker in the ids of cross-region inference profiles.
const REGIONS: [&str; 10] = ["global.", "us-gov.", "us.", "eu.", "apac.", "jp.", "au.", "ca.", "sa.", "me."];
