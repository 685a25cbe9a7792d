//! What a model call records: of its request when it begins, of its reply when that has been read.

use crate::cost::{OwnCost, PriceQuery, Unpriced, Usd};
use crate::span::bill::Pricing;
use crate::span::content::Text;
use crate::span::node::Node;
use crate::span::runtime::{Runtime, attribute, count};
use crate::usage::{self, Reply, Request, Usage};
use agentspan_semconv::gen_ai::GEN_AI_RESPONSE_FINISH_REASONS;
use agentspan_semconv::{Operation, StepType, StreamEnd, embedding, llm, provider, server};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use serde::Serialize;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

/// What pricing a call needs besides its usage; known when the call begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) provider: Cow<'static, str>,
    pub(crate) model: String,
    pub(crate) operation: Option<Operation>,
    pub(crate) batch: bool,
    pub(crate) server: Option<Server>,
}

impl Call {
    /// Of a step that is no call, or of which nobody has said yet what it calls.
    pub(crate) fn unknown() -> &'static Self {
        static UNKNOWN: Call = Call {
            provider: Cow::Borrowed(""),
            model: String::new(),
            operation: None,
            batch: false,
            server: None,
        };
        &UNKNOWN
    }

    /// Asks for the price of the call, which began at `at`. Its answer may name the model and the tier that served it.
    pub(crate) fn query<'a>(
        &'a self,
        usage: &'a Usage,
        at: SystemTime,
        model: Option<&'a str>,
        tier: Option<&'a str>,
        batch: bool,
    ) -> PriceQuery<'a> {
        PriceQuery {
            provider: &self.provider,
            model: model.unwrap_or(&self.model),
            usage,
            at,
            service_tier: tier,
            batch: batch || self.batch,
        }
    }

    /// Says what was called, as far as nobody has said it otherwise: a reply names the model that has answered.
    pub(crate) fn push_missing(&self, attributes: &mut Vec<KeyValue>) {
        let more = [
            self.operation.map(|operation| attribute(llm::LLM_OPERATION, operation.as_str())),
            self.batch.then(|| attribute(llm::LLM_BATCH, true)),
        ];
        let server = self.server.iter().flat_map(Server::attributes);
        for attribute in self.names(None).into_iter().chain(more.into_iter().flatten()).chain(server) {
            if attributes.iter().all(|known| known.key != attribute.key) {
                attributes.push(attribute);
            }
        }
    }

    /// Who was called, for which model, and which one has answered; the requested one where that is not known.
    pub(crate) fn names(&self, served: Option<&str>) -> [KeyValue; 3] {
        let requested: Arc<str> = self.model.as_str().into();
        let served = served.map_or_else(|| requested.clone(), Arc::from);
        [
            attribute(llm::LLM_PROVIDER, self.provider.clone()),
            attribute(llm::LLM_REQUEST_MODEL_NAME, requested),
            attribute(llm::LLM_MODEL_NAME, served),
        ]
    }
}

/// The host that is called, and its port, where they are known.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) address: Arc<str>,
    pub(crate) port: Option<u16>,
}

impl Server {
    pub(crate) fn new(address: impl Into<String>, port: Option<u16>) -> Self {
        Self { address: address.into().into(), port }
    }

    pub(crate) fn attributes(&self) -> impl Iterator<Item = KeyValue> + use<> {
        let port = self.port.map(|port| count(server::SERVER_PORT, port.into()));
        [attribute(server::SERVER_ADDRESS, self.address.clone())].into_iter().chain(port)
    }
}

/// The canonical word of a provider; one that is known is not copied.
pub(crate) fn provider_word(word: &str) -> Cow<'static, str> {
    let known = provider::find(word).map(|known| Cow::Borrowed(known.openinference));
    known.unwrap_or_else(|| Cow::Owned(provider::canonical(word).into_owned()))
}

/// The request of a call, read at once so that nothing is borrowed.
#[derive(Debug, Default)]
pub(crate) struct RequestRecord {
    pub(crate) request: Request,
    system: Option<Vec<u8>>,
    tools: Option<Vec<u8>>,
}

impl RequestRecord {
    pub(crate) fn read<R: Serialize + ?Sized>(request: &R, content: bool) -> Self {
        let read = usage::with_json(request, |body| {
            let mut system = Vec::new();
            let mut tools = Vec::new();
            let has_system = usage::write_system(body, &mut system);
            let has_tools = usage::write_tools(body, &mut tools);
            Self {
                request: usage::read_request(body, content),
                system: has_system.then_some(system),
                tools: has_tools.then_some(tools),
            }
        });
        read.unwrap_or_default()
    }

    /// The request of a model call, whose input may be a message and then is no text to embed.
    pub(crate) fn of_messages(mut self) -> Self {
        if self.request.message_count.is_some() {
            self.request.embedding_input_count = None;
        }
        self
    }

    /// The request for embeddings, whose input is no message.
    pub(crate) fn of_texts(mut self) -> Self {
        self.request.message_count = None;
        self
    }

    /// Reads no more than the model, for a call that is priced and not recorded.
    pub(crate) fn model_of<R: Serialize + ?Sized>(request: &R) -> Self {
        let model = usage::with_json(request, usage::requested_model).flatten();
        Self { request: Request { model, ..Request::default() }, system: None, tools: None }
    }

    pub(crate) fn attributes(self, runtime: &Runtime, attributes: &mut Vec<KeyValue>) {
        let Self { request, system, tools } = self;
        if !request.parameters.is_empty() {
            let parameters = serde_json::Value::Object(request.parameters).to_string();
            attributes.push(attribute(llm::LLM_INVOCATION_PARAMETERS, parameters));
        }
        if request.stream {
            attributes.push(attribute(llm::LLM_STREAMING, true));
        }
        let counts = [
            (llm::LLM_MESSAGE_COUNT, request.message_count),
            (llm::LLM_INPUT_SIZE, Some(request.size).filter(|size| *size > 0)),
            (embedding::EMBEDDING_INPUT_COUNT, request.embedding_input_count),
        ];
        attributes.extend(counts.into_iter().filter_map(|(name, number)| Some(count(name, number? as u64))));
        attributes
            .extend(request.dimensions.map(|number| count(embedding::EMBEDDING_DIMENSION_COUNT, number)));
        let hashes = [(llm::LLM_SYSTEM_HASH, system), (llm::LLM_TOOL_DEFINITIONS_HASH, tools)];
        attributes.extend(
            hashes.into_iter().filter_map(|(name, text)| Some(attribute(name, runtime.hash(&text?)))),
        );
        let texts = [
            (llm::LLM_INPUT_MESSAGES, request.input_messages),
            (llm::LLM_SYSTEM_INSTRUCTIONS, request.system_instructions),
            (llm::LLM_TOOL_DEFINITIONS, request.tool_definitions),
        ];
        for (name, json) in texts {
            attributes.extend(json.into_iter().flat_map(|json| Text::of(&json, true).attributes(name)));
        }
    }
}

/// A reply that came whole, as the provider of its call writes it.
pub(crate) fn read_reply<R: Serialize + ?Sized>(node: &Node, reply: &R) -> Reply {
    let provider = node.call().map_or("", |call| call.provider.as_ref());
    let content = node.is_recording() && node.runtime().content.messages;
    usage::with_json(reply, |body| usage::read_reply(provider, body, content)).unwrap_or_default()
}

/// Records a reply on its call: what it says of itself, its tokens and its cost.
pub(crate) fn record_reply(node: &Arc<Node>, reply: &Reply) {
    let (model, tier) = (reply.model.as_deref(), reply.service_tier.as_deref());
    node.figures(|figures| figures.model.clone_from(&reply.model));
    // Without one, what was told by hand stays; a call that nobody told of is settled when it ends.
    if let Some(usage) = &reply.usage {
        record_usage(node, usage, model, tier, reply.batch);
        // Some tell with each chunk what was used so far; more may have been used when the stream broke.
        let is_broken = matches!(reply.stream_end, Some(StreamEnd::Cut | StreamEnd::Abandoned));
        if is_broken && (reply.finish_reasons.is_empty() || reply.has_open_choice) {
            node.own(|own| own.is_broken = true);
        }
    }
    if let (Some(run), Some(asker)) = (node.run(), node.valid_span_context()) {
        let ids = reply.tool_calls.iter().filter_map(|call| call.id.as_deref());
        ids.for_each(|id| run.asked_for(id, asker));
    }
    if let Some(error) = &reply.error {
        if is_refusal(reply) {
            node.own(|own| {
                // An adapter may have seen more requests than the one that this is the end of.
                if !own.cost_by_hand && own.charged_exchanges == 0 {
                    own.cost = OwnCost::Known(Usd::ZERO);
                }
            });
        }
        node.tell(|told| {
            told.outcome = Some(agentspan_semconv::Outcome::Error);
            told.error_type = Some(Cow::Owned(error.error_type.clone()));
        });
    }
    if node.is_recording() {
        node.set_all(reply_attributes(reply));
    }
}

/// An error in place of a reply, which no provider charges for; one inside a stream may have come after output.
pub(crate) fn is_refusal(reply: &Reply) -> bool {
    reply.usage.is_none() && reply.stream_end.is_none() && reply.finish_reasons.is_empty()
}

fn reply_attributes(reply: &Reply) -> Vec<KeyValue> {
    let class = reply.finish_class.map(|class| class.as_str().to_owned());
    let texts = [
        (llm::LLM_MODEL_NAME, reply.model.clone()),
        (llm::LLM_RESPONSE_MODEL_NAME, reply.model.clone()),
        (llm::LLM_RESPONSE_ID, reply.id.clone()),
        (llm::LLM_FINISH_REASON, reply.finish_reasons.first().cloned()),
        (llm::LLM_FINISH_CLASS, class),
        (llm::LLM_SERVICE_TIER, reply.service_tier.clone()),
    ];
    let mut attributes: Vec<_> =
        texts.into_iter().filter_map(|(name, text)| Some(attribute(name, text?))).collect();
    attributes.push(count(llm::LLM_OUTPUT_SIZE, reply.size as u64));
    if !reply.tool_calls.is_empty() {
        let names = reply.tool_calls.iter().map(|call| StringValue::from(call.name.clone())).collect();
        attributes.push(KeyValue::new(llm::LLM_TOOL_CALL_NAMES, Value::Array(Array::String(names))));
    }
    if reply.finish_reasons.len() > 1 {
        // There is no canonical name for the reasons of the other choices; this one leaves only in its dialect.
        let reasons = reply.finish_reasons.iter().map(|word| StringValue::from(word.clone())).collect();
        attributes.push(KeyValue::new(GEN_AI_RESPONSE_FINISH_REASONS, Value::Array(Array::String(reasons))));
    }
    if reply.batch {
        attributes.push(attribute(llm::LLM_BATCH, true));
    }
    if let Some(messages) = &reply.output_messages {
        attributes.extend(Text::of(messages, true).attributes(llm::LLM_OUTPUT_MESSAGES));
    }
    // What came back is what was embedded, whatever the request asked for.
    let vectors = [
        (embedding::EMBEDDING_INPUT_COUNT, reply.embedding_count),
        (embedding::EMBEDDING_DIMENSION_COUNT, reply.embedding_dimensions),
    ];
    attributes.extend(vectors.into_iter().filter_map(|(name, number)| Some(count(name, number? as u64))));
    attributes
}

/// Records the tokens of a call and prices them.
pub(crate) fn record_usage(
    node: &Arc<Node>,
    usage: &Usage,
    model: Option<&str>,
    tier: Option<&str>,
    batch: bool,
) {
    node.figures(|figures| figures.usage = usage.clone());
    let (is_called, call) = (node.call().is_some(), node.called());
    let is_recording = node.is_recording();
    let query = call.query(usage, node.started, model, tier, batch);
    let (cost, prices) = node
        .runtime()
        .prices
        .with(|prices| (prices.cost_of(&query, &call.model), is_recording.then(|| prices.clone())));
    // Half a count would make the other half free, unless that has no rate or one of zero. Embeddings have no output.
    let is_half =
        node.step_type == StepType::LlmGenerate && (usage.input.is_none() || usage.output.is_none());
    if is_half && matches!(cost, OwnCost::Partial(_) | OwnCost::Unknown) {
        return node.charge(usage, OwnCost::Unknown, is_recording.then_some(Err(Unpriced::NoUsage)));
    }
    let (model, tier) = (model.map(Into::into), tier.map(Into::into));
    let pricing = prices.map(|prices| Ok(Pricing { prices, model, tier, batch, is_called }));
    node.charge(usage, cost, pricing);
}
