//! The table of names as data: what each attribute is, where it stands and what other dialects call it.
//!
//! An exporter reads it to translate, a scrubber to know which values are content, a page of documentation to
//! list them. A rename in a dialect is one line in one namespace module.

use crate::{
    agent, approval, cost, deployment, embedding, error, event, exception, gen_ai, handoff, host, http,
    jsonrpc, llm, mcp, network, openinference, process, recovery, retrieval, rpc, server, service, session,
    step, telemetry, tool, user, validation,
};

/// One attribute that agentspan records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// The canonical name, as in `llm.token_count.prompt`.
    pub name: &'static str,
    /// The type of its values.
    pub value_type: ValueType,
    /// The unit of its values in UCUM's spelling (`s`, `By`, `{token}`), or `USD`; absent where a number has none.
    pub unit: Option<&'static str>,
    /// The spans on which it stands.
    pub spans: &'static [SpanType],
    /// What it says, in a few sentences; the same text as the documentation of its constant.
    pub meaning: &'static str,
    /// Whether it is content, which is recorded only when capture is on for its class.
    pub content: bool,
    /// Whether the name was made for this library because no convention had one.
    pub invented: bool,
    /// The names of the same value in OTel's GenAI conventions. One that equals `name` means that the name is shared.
    pub gen_ai: &'static [&'static str],
    /// The names of the same value in OpenInference. One that equals `name` means that the name is shared.
    pub openinference: &'static [&'static str],
}

/// The type of an attribute's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueType {
    /// A string.
    Str,
    /// A signed integer of 64 bits.
    Int,
    /// A floating-point number of 64 bits.
    Double,
    /// True or false.
    Bool,
    /// A list of strings.
    StrList,
    /// A string that holds a JSON text.
    Json,
}

/// The kinds of span that carry attributes, and the other places where attributes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpanType {
    /// An agent run, `agent.<workflow>`.
    Agent,
    /// A model call, `llm.<provider>.<model>`.
    Llm,
    /// An embedding call, also `llm.<provider>.<model>`.
    Embedding,
    /// A tool, `tool.<name>`.
    Tool,
    /// A retrieval, `retrieval.<source>`.
    Retrieval,
    /// A step of the agent's own, `step.<name>`.
    Step,
    /// A check, `validation.<name>`.
    Validation,
    /// A decision by a person, `approval.<name>`.
    Approval,
    /// Passing on to another agent or to people, `handoff.<to>`.
    Handoff,
    /// Dealing with a failure, `error.<type>`.
    Recovery,
    /// A span event.
    Event,
    /// The resource, which stands once for a whole process.
    Resource,
    /// Every span of a run.
    Any,
}

pub(crate) const ANY: &[SpanType] = &[SpanType::Any];
pub(crate) const AGENT: &[SpanType] = &[SpanType::Agent];
pub(crate) const CONFIDENT: &[SpanType] =
    &[SpanType::Agent, SpanType::Step, SpanType::Validation, SpanType::Handoff];
pub(crate) const LLM: &[SpanType] = &[SpanType::Llm];
pub(crate) const MODEL: &[SpanType] = &[SpanType::Llm, SpanType::Embedding];
/// What goes to a server.
pub(crate) const CALLED: &[SpanType] = &[SpanType::Llm, SpanType::Embedding, SpanType::Tool];
pub(crate) const EMBEDDING: &[SpanType] = &[SpanType::Embedding];
pub(crate) const TOOL: &[SpanType] = &[SpanType::Tool];
pub(crate) const RETRIEVAL: &[SpanType] = &[SpanType::Retrieval];
pub(crate) const STEP: &[SpanType] = &[SpanType::Step];
pub(crate) const VALIDATION: &[SpanType] = &[SpanType::Validation];
pub(crate) const APPROVAL: &[SpanType] = &[SpanType::Approval];
pub(crate) const HANDOFF: &[SpanType] = &[SpanType::Handoff];
pub(crate) const RECOVERY: &[SpanType] = &[SpanType::Recovery];
pub(crate) const ANY_OR_EVENT: &[SpanType] = &[SpanType::Any, SpanType::Event];
pub(crate) const EVENT: &[SpanType] = &[SpanType::Event];
pub(crate) const RESOURCE: &[SpanType] = &[SpanType::Resource];

impl Attribute {
    pub(crate) const fn new(
        name: &'static str,
        value_type: ValueType,
        spans: &'static [SpanType],
        meaning: &'static str,
    ) -> Self {
        // A line of documentation begins with the space that follows its slashes.
        let meaning = meaning.trim_ascii_start();
        Self {
            name,
            value_type,
            unit: None,
            spans,
            meaning,
            content: false,
            invented: false,
            gen_ai: &[],
            openinference: &[],
        }
    }

    pub(crate) const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = Some(unit);
        self
    }

    pub(crate) const fn content(mut self) -> Self {
        self.content = true;
        self
    }

    pub(crate) const fn invented(mut self) -> Self {
        self.invented = true;
        self
    }

    pub(crate) const fn gen_ai(mut self, names: &'static [&'static str]) -> Self {
        self.gen_ai = names;
        self
    }

    pub(crate) const fn openinference(mut self, names: &'static [&'static str]) -> Self {
        self.openinference = names;
        self
    }
}

const PARTS: &[&[Attribute]] = &[
    agent::ROWS,
    approval::ROWS,
    cost::ROWS,
    deployment::ROWS,
    embedding::ROWS,
    error::ROWS,
    event::ROWS,
    exception::ROWS,
    handoff::ROWS,
    host::ROWS,
    http::ROWS,
    jsonrpc::ROWS,
    llm::ROWS,
    mcp::ROWS,
    network::ROWS,
    process::ROWS,
    recovery::ROWS,
    retrieval::ROWS,
    rpc::ROWS,
    server::ROWS,
    service::ROWS,
    session::ROWS,
    step::ROWS,
    telemetry::ROWS,
    tool::ROWS,
    user::ROWS,
    validation::ROWS,
];

const COUNT: usize = {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

/// Every attribute that agentspan records, namespace by namespace.
///
/// ```
/// use agentspan_semconv::table::ATTRIBUTES;
///
/// let content: Vec<_> = ATTRIBUTES.iter().filter(|row| row.content).map(|row| row.name).collect();
/// assert!(content.contains(&"tool.arguments"));
/// ```
pub static ATTRIBUTES: &[Attribute; COUNT] = &{
    let mut all = [PARTS[0][0]; COUNT];
    let (mut next, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut row = 0;
        while row < PARTS[part].len() {
            all[next] = PARTS[part][row];
            next += 1;
            row += 1;
        }
        part += 1;
    }
    all
};

/// The row of an attribute by its canonical name, or `None` for a name that is not of this library.
///
/// ```
/// use agentspan_semconv::table;
///
/// assert_eq!(table::find("session.id").unwrap().gen_ai, ["gen_ai.conversation.id", "session.id"]);
/// assert!(table::find("tenant").is_none());
/// ```
#[must_use]
pub fn find(name: &str) -> Option<&'static Attribute> {
    // The namespace narrows the search to a handful of rows, and comparing lengths first makes these cheap.
    let rows = match name.split_once('.').map(|(namespace, _)| namespace) {
        Some("agent") => agent::ROWS,
        Some("approval") => approval::ROWS,
        Some("cost") => cost::ROWS,
        Some("deployment") => deployment::ROWS,
        Some("embedding") => embedding::ROWS,
        Some("error") => error::ROWS,
        Some("exception") => exception::ROWS,
        Some("handoff") => handoff::ROWS,
        Some("host") => host::ROWS,
        Some("http") => http::ROWS,
        Some("jsonrpc") => jsonrpc::ROWS,
        Some("llm") => llm::ROWS,
        Some("mcp") => mcp::ROWS,
        Some("network") => network::ROWS,
        Some("process") => process::ROWS,
        Some("recovery") => recovery::ROWS,
        Some("retrieval") => retrieval::ROWS,
        Some("rpc") => rpc::ROWS,
        Some("server") => server::ROWS,
        Some("service") => service::ROWS,
        Some("session") => session::ROWS,
        Some("step") => step::ROWS,
        Some("telemetry") => telemetry::ROWS,
        Some("tool") => tool::ROWS,
        Some("user") => user::ROWS,
        Some("validation") => validation::ROWS,
        None => event::ROWS,
        Some(_) => return None,
    };
    rows.iter().find(|row| row.name == name)
}

/// Whether a value under this name is content: what people, models, tools or documents said.
///
/// Names of the dialects count as well, flattened ones of OpenInference included, so that spans which other
/// instrumentation made are treated like our own. An unknown name is no content.
#[must_use]
pub fn is_content(name: &str) -> bool {
    find(name).is_some_and(|row| row.content) || gen_ai::is_content(name) || openinference::is_content(name)
}
