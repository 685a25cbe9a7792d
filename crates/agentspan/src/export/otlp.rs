use crate::config::OtlpConfig;
use crate::error::Error;
use crate::export::Verdict;
pub(crate) struct OtlpSender;
impl OtlpSender {
    pub(crate) fn new(_: &OtlpConfig, _: &opentelemetry_sdk::Resource) -> Result<Self, Error> {
        Ok(Self)
    }
    pub(crate) fn hurry(&self) -> Box<dyn Fn(std::time::Instant) + Send + Sync> {
        Box::new(|_| {})
    }
    pub(crate) fn send(&self, b: Vec<opentelemetry_sdk::trace::SpanData>) -> Verdict {
        Verdict::delivered(b.len())
    }
}
