//! Whom a run is for, as its caller or a sender elsewhere says, and what its steps have from it.

use super::Run;
use crate::span::runtime::attribute;
use agentspan_semconv::{agent, session, user};
use opentelemetry::baggage::BaggageExt;
use opentelemetry::{Context, KeyValue, StringValue, Value};
use std::sync::{Arc, OnceLock};

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

/// What every step of a run has from it, until a tag is added.
#[derive(Debug)]
pub(crate) struct Inherited {
    /// Session, user and tags.
    tags: Vec<KeyValue>,
    /// Ids and name of the run and all of these, as they stand on its spans; put together for the first that is written.
    identity: OnceLock<Box<[KeyValue]>>,
}

/// Tags, session and user among them, up to which more are added while a run goes on; they are copied to each of its steps.
const MAX_TAGS: usize = 128;

impl Inherited {
    /// Takes what a run begins with; what its caller gives stands above what it has from the run around it.
    pub(super) fn of(given: &mut RunIdentity, around: Option<&Run>) -> Self {
        let own = [(session::SESSION_ID, given.session.take()), (user::USER_ID, given.user.take())];
        let mut tags = Vec::with_capacity(own.len() + given.tags.len());
        if let Some(around) = around {
            around.with_inherited(|inherited| tags.extend_from_slice(inherited));
        }
        for (name, value) in own {
            if let Some(value) = value {
                put(&mut tags, attribute(name, value));
            }
        }
        given.tags.drain(..).for_each(|tag| put(&mut tags, tag));
        Self { tags, identity: OnceLock::new() }
    }

    /// The same with one more tag; `None` where there is no room for a new one.
    pub(super) fn with(&self, tag: KeyValue) -> Option<Self> {
        if self.tags.len() >= MAX_TAGS && self.tags.iter().all(|known| known.key != tag.key) {
            return None;
        }
        let mut tags = self.tags.clone();
        put(&mut tags, tag);
        Some(Self { tags, identity: OnceLock::new() })
    }

    pub(super) fn tags(&self) -> &[KeyValue] {
        &self.tags
    }

    /// What stands on the spans of the run whose this is, to be copied by reference.
    pub(super) fn identity(&self, run: &Run) -> &[KeyValue] {
        self.identity.get_or_init(|| {
            let ids = [
                attribute(agent::AGENT_RUN_ID, run.id().clone()),
                attribute(agent::AGENT_ROOT_RUN_ID, run.root_id().clone()),
                attribute(agent::AGENT_NAME, Arc::<str>::from(run.agent_name.as_str())),
            ];
            ids.into_iter().chain(self.tags.iter().map(shared)).collect()
        })
    }
}

/// Text that is copied to every span of the run is copied by reference.
fn shared(tag: &KeyValue) -> KeyValue {
    let value = match &tag.value {
        Value::String(text) => Value::String(StringValue::from(Arc::<str>::from(text.as_str()))),
        value => value.clone(),
    };
    KeyValue::new(tag.key.clone(), value)
}

/// A name given twice stands once, with the later value.
fn put(attributes: &mut Vec<KeyValue>, new: KeyValue) {
    match attributes.iter_mut().find(|known| known.key == new.key) {
        Some(known) => known.value = new.value,
        None => attributes.push(new),
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
