use crate::span::builder::{Begin, Given, Step, running_span};
use crate::span::content::Text;
use crate::span::record::{Active, Spec};
use crate::span::run::RunIdentity;
use crate::span::runtime::Runtime;
use crate::span::value::AttributeValue;
use agentspan_semconv::{agent, user};
use opentelemetry::KeyValue;
use serde::Serialize;
use std::borrow::Cow;
use std::future::Future;

/// A run of an agent: the span `agent.<workflow>`. Made by [`agent()`].
#[must_use = "nothing is recorded before `run`, `run_ok`, `in_scope` or `start`"]
#[derive(Debug)]
pub struct AgentBuilder {
    workflow: String,
    identity: RunIdentity,
    agent_type: Option<String>,
    version: Option<String>,
    query: Option<Text>,
    given: Given,
}

/// A run of the agent `workflow`: everything done inside it belongs to one tree.
///
/// A run inside a run has an id of its own, knows its parent's, and inherits session, user and tags.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let answer = agentspan::agent("weather_assistant")
///     .session("s-42")
///     .user("u-7")
///     .run(async { Ok::<_, String>("sunny") })
///     .await;
/// assert_eq!(answer, Ok("sunny"));
/// # }
/// ```
pub fn agent(workflow: impl Into<String>) -> AgentBuilder {
    AgentBuilder {
        workflow: workflow.into(),
        identity: RunIdentity::default(),
        agent_type: None,
        version: None,
        query: None,
        given: Given::default(),
    }
}

impl AgentBuilder {
    /// The conversation the run belongs to (`session.id`), on every span of the run.
    pub fn session(mut self, id: impl Into<String>) -> Self {
        self.identity.session = Some(id.into());
        self
    }

    /// The end user (`user.id`), on every span of the run.
    pub fn user(mut self, id: impl Into<String>) -> Self {
        self.identity.user = Some(id.into());
        self
    }

    /// What the user asked (`user.query`); recorded only when queries are asked for.
    pub fn query<Q: Serialize + ?Sized>(mut self, query: &Q) -> Self {
        let is_wanted = Runtime::wanted().is_some_and(|content| content.queries);
        self.query = is_wanted.then(|| Text::of(query, true));
        self
    }

    /// The id of the run (`agent.run_id`); made by default, 32 hexadecimal digits.
    pub fn run_id(mut self, id: impl Into<String>) -> Self {
        self.identity.id = Some(id.into().into());
        self
    }

    /// The category of the workflow (`agent.type`).
    pub fn agent_type(mut self, agent_type: impl Into<String>) -> Self {
        self.agent_type = Some(agent_type.into());
        self
    }

    /// The version of the agent's code, prompt or configuration (`agent.version`).
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Puts a key and a value on the run and on every step below it.
    pub fn tag(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> Self {
        self.identity.tags.push(KeyValue::new(key.into(), value.into()));
        self
    }
}

running_span!(AgentBuilder);

impl Begin for AgentBuilder {
    fn begin(&mut self) -> Step {
        let Self { workflow, identity, agent_type, version, query, given } = self;
        let spec = Spec::run(workflow, identity);
        Step(Active::start(spec, &mut |node, initial| {
            let parent = node.run().and_then(|run| run.parent.as_ref());
            let query = query.take().filter(|_| node.runtime().content.queries);
            initial.set(agent::AGENT_TYPE, agent_type.take());
            initial.set(agent::AGENT_VERSION, version.take());
            initial.set(agent::AGENT_PARENT_RUN_ID, parent.map(|parent| parent.id().clone()));
            initial.attributes.extend(query.into_iter().flat_map(|query| query.attributes(user::USER_QUERY)));
            given.put(initial);
        }))
    }
}
