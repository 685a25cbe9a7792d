//! Whom a run is for, as its caller or a sender elsewhere says.

use crate::span::runtime::attribute;
use agentspan_semconv::{session, user};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, KeyValue};
use std::sync::Arc;

/// What the caller gives to a run; the rest is inherited from the run around it.
#[derive(Debug, Default)]
pub(crate) struct RunIdentity {
    pub(crate) id: Option<Arc<str>>,
    pub(crate) session: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) tags: Vec<KeyValue>,
}

impl RunIdentity {
    /// Takes over from whoever asked for the run, by baggage, what it was not given itself.
    pub(crate) fn inherit(&mut self, context: &Context, tags: &[String]) {
        if context.baggage().is_empty() {
            return;
        }
        let sent = |key| sent(context, key).map(str::to_owned);
        self.session = self.session.take().or_else(|| sent(session::SESSION_ID));
        self.user = self.user.take().or_else(|| sent(user::USER_ID));
        // Tags of the run's own come later, and so win.
        self.tags.splice(0..0, sent_tags(context, tags));
    }
}

/// What whoever asked for a step outside of any run said of whom it is for, by baggage.
pub(crate) fn identify_by_sender(context: &Context, tags: &[String], attributes: &mut Vec<KeyValue>) {
    if context.baggage().is_empty() {
        return;
    }
    let known = [session::SESSION_ID, user::USER_ID];
    attributes
        .extend(known.into_iter().filter_map(|key| Some(attribute(key, sent(context, key)?.to_owned()))));
    attributes.extend(sent_tags(context, tags));
}

fn sent<'c>(context: &'c Context, key: &str) -> Option<&'c str> {
    context.baggage().get(key).map(|value| value.as_str()).filter(|value| !value.is_empty())
}

fn sent_tags(context: &Context, tags: &[String]) -> impl Iterator<Item = KeyValue> {
    tags.iter().filter_map(|key| Some(KeyValue::new(key.clone(), sent(context, key)?.to_owned())))
}
