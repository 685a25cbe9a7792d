//! The Model Context Protocol, from OTel's conventions for it.

names! {
    /// The method that was called, as in `tools/call`.
    MCP_METHOD_NAME = "mcp.method.name": Str on TOOL .gen_ai(&[MCP_METHOD_NAME]);
    /// The version of the protocol that a request was sent by, as in `2026-07-28`.
    MCP_PROTOCOL_VERSION = "mcp.protocol.version": Str on TOOL .gen_ai(&[MCP_PROTOCOL_VERSION]);
}
