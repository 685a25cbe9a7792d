//! The span types, one file each, and what they share: the tree of steps (`node`, `run`), how a step begins and is
//! recorded (`record`, `recorder`), what carries it (`layer`, `current`), how it ends (`future`, `outcome`, `finish`),
//! and how it is told more (`handle`, `guard`).

mod adopted;
mod agent;
mod approval;
mod bill;
mod books;
mod builder;
mod content;
mod current;
mod embedding;
mod exchange;
mod extracted;
mod finish;
mod future;
mod guard;
mod handle;
mod handoff;
mod layer;
mod llm;
mod log_events;
mod measure;
mod model;
mod model_call;
mod node;
mod observed;
mod open;
mod outcome;
mod pace;
mod pending;
mod probe;
mod record;
mod recorder;
mod recovery;
mod retrieval;
mod run;
mod run_handle;
mod runtime;
mod score;
mod sharded;
mod spawn;
mod step;
mod stream;
mod sums;
mod tool;
mod unite;
mod validation;
mod value;

pub(crate) use adopted::{OLDER_NAMES, is_telling, is_usage, tells_failure};
pub use agent::{AgentBuilder, agent};
pub use approval::{ApprovalBuilder, approval};
pub(crate) use builder::Begin;
pub use builder::WithTimeout;
pub(crate) use content::ORIGINAL_LENGTH;
pub(crate) use current::NodeRef;
pub use embedding::{EmbeddingBuilder, embedding};
pub(crate) use exchange::{Close, ModelExchange};
pub use extracted::Extracted;
pub(crate) use finish::finish;
pub use guard::SpanGuard;
pub use handle::{SpanHandle, current};
pub use handoff::{HandoffBuilder, handoff};
pub(crate) use layer::{StepLayer, TARGET};
pub use llm::{LlmBuilder, llm};
pub(crate) use log_events::{LogEvents, step_of};
#[cfg(feature = "metrics")]
pub(crate) use measure::{Kind, Measured, Meter, ReplyFigures};
#[cfg(feature = "metrics")]
pub(crate) use model::Call;
pub(crate) use model::Server;
pub(crate) use node::Node;
#[cfg(feature = "_body")]
pub(crate) use outcome::record_by_type;
pub use outcome::{Elapsed, Failure};
pub(crate) use outcome::{Ending, FailureRecord};
#[cfg(feature = "metrics")]
pub(crate) use pace::CALL_SECONDS;
pub(crate) use recorder::{Finished, Outlet, Recorder};
pub use recovery::{RecoveryBuilder, recovery};
pub use retrieval::{RetrievalBuilder, retrieval};
#[cfg(any(feature = "rmcp", feature = "tower"))]
pub(crate) use run::identify_by_sender;
pub use run_handle::{RunHandle, current_run};
pub(crate) use runtime::{Runtime, lock, unrecorded_is_known};
pub use spawn::{carry, spawn};
pub use step::{StepBuilder, step};
pub use stream::ReplyStream;
pub use tool::{ToolBuilder, tool};
pub(crate) use unite::unite;
pub use validation::{ValidationBuilder, validation};
pub use value::AttributeValue;
