//! What only the headers of a response tell.

use super::super::counts::{Usage, count, sum};
use super::super::json::{self, Json};
use super::super::reply::Reply;

/// The headers of Bedrock that say more than the body.
#[derive(Debug, Default)]
pub(super) struct Headers {
    request_id: Option<String>,
    error_type: Option<String>,
    service_tier: Option<String>,
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
}

impl Headers {
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let text = || Some(json::clip(value.trim(), json::MAX_NAME)).filter(|text| !text.is_empty());
        let number = || count(&Json::Str(value.into()));
        match name.to_ascii_lowercase().as_str() {
            "x-amzn-requestid" => self.request_id = text(),
            "x-amzn-errortype" => self.error_type = text(),
            "x-amzn-bedrock-service-tier" => self.service_tier = text(),
            "x-amzn-bedrock-input-token-count" => self.input = number(),
            "x-amzn-bedrock-output-token-count" => self.output = number(),
            "x-amzn-bedrock-cache-read-input-token-count" => self.cache_read = number(),
            "x-amzn-bedrock-cache-write-input-token-count" => self.cache_write = number(),
            _ => {}
        }
    }

    pub(super) fn error_type(&self) -> Option<&str> {
        self.error_type.as_deref()
    }

    /// Adds what the body did not say.
    pub(super) fn complete(&self, reply: &mut Reply) {
        reply.id = reply.id.take().or_else(|| self.request_id.clone());
        reply.service_tier = reply.service_tier.take().or_else(|| self.service_tier.clone());
        if reply.usage.is_none() {
            reply.usage = self.usage();
        }
    }

    /// The input leaves out what was cached, as in Bedrock's Converse; AWS does not say so of the headers.
    fn usage(&self) -> Option<Usage> {
        let cached = [self.cache_read, self.cache_write].map(Option::unwrap_or_default);
        Usage {
            input: self.input.and_then(|input| sum([input, cached[0], cached[1]])),
            output: self.output,
            cache_read: self.cache_read,
            cache_write: self.cache_write,
            ..Usage::default()
        }
        .if_any()
    }
}
