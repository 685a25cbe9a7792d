//! The retrieval of documents.

use crate::gen_ai::{
    GEN_AI_DATA_SOURCE_ID, GEN_AI_RETRIEVAL_DOCUMENTS, GEN_AI_RETRIEVAL_QUERY_TEXT, GEN_AI_RETRIEVAL_TOP_K,
};
use crate::openinference::{INPUT_MIME_TYPE, INPUT_VALUE};

names! {
    /// The store that was searched, also in the span name.
    RETRIEVAL_SOURCE = "retrieval.source": Str on RETRIEVAL .gen_ai(&[GEN_AI_DATA_SOURCE_ID]);
    /// What was searched for.
    RETRIEVAL_QUERY = "retrieval.query": Str on RETRIEVAL
        .content() .gen_ai(&[GEN_AI_RETRIEVAL_QUERY_TEXT]) .openinference(&[INPUT_VALUE, INPUT_MIME_TYPE]);
    /// How many documents were asked for. Invented: OpenInference has it for rerankers only.
    RETRIEVAL_TOP_K = "retrieval.top_k": Int ["{document}"] on RETRIEVAL
        .invented() .gen_ai(&[GEN_AI_RETRIEVAL_TOP_K]);
    /// How many documents came back. Invented: an empty answer is the commonest fault, and no convention counts.
    RETRIEVAL_DOCUMENT_COUNT = "retrieval.document_count": Int ["{document}"] on RETRIEVAL .invented();
    /// The best score among the documents, on the scale of the store.
    /// Invented: it shows a poor answer without content.
    RETRIEVAL_TOP_SCORE = "retrieval.top_score": Double on RETRIEVAL .invented();
    /// The documents, a list of objects with `id`, `score`, `content` and `metadata` as far as known.
    /// In OpenInference the list is flattened to `retrieval.documents.<n>.document.<field>`.
    RETRIEVAL_DOCUMENTS = "retrieval.documents": Json on RETRIEVAL
        .content() .gen_ai(&[GEN_AI_RETRIEVAL_DOCUMENTS]) .openinference(&[RETRIEVAL_DOCUMENTS]);
}
