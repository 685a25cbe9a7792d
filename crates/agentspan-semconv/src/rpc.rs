//! Remote procedure calls, from OTel's general conventions.

names! {
    /// The code with which a request failed, as text; in MCP that of JSON-RPC, as in `-32602`.
    RPC_RESPONSE_STATUS_CODE = "rpc.response.status_code": Str on TOOL .gen_ai(&[RPC_RESPONSE_STATUS_CODE]);
}
