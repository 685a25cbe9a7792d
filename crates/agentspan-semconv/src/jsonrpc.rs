//! JSON-RPC, from OTel's conventions for it.

names! {
    /// The id of a request, as text though it be a number.
    JSONRPC_REQUEST_ID = "jsonrpc.request.id": Str on TOOL .gen_ai(&[JSONRPC_REQUEST_ID]);
}
