//! What an embedding call has beyond a model call.

use crate::gen_ai::GEN_AI_EMBEDDINGS_DIMENSION_COUNT;

names! {
    /// How many texts or images were embedded. Invented: no convention counts them.
    EMBEDDING_INPUT_COUNT = "embedding.input_count": Int ["{input}"] on EMBEDDING .invented();
    /// How many dimensions each vector has. Invented: OpenInference has no such name.
    EMBEDDING_DIMENSION_COUNT = "embedding.dimension_count": Int ["{dimension}"] on EMBEDDING
        .invented() .gen_ai(&[GEN_AI_EMBEDDINGS_DIMENSION_COUNT]);
}
