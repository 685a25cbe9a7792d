//! Passing the work on to another agent or to people. Every name is invented: no convention has a handoff.

names! {
    /// The agent that passes on. Invented.
    HANDOFF_FROM = "handoff.from": Str on HANDOFF .invented();
    /// The agent, team or queue that takes over, also in the span name. Invented.
    HANDOFF_TO = "handoff.to": Str on HANDOFF .invented();
    /// Why, in words, which may repeat what the user said. Invented.
    HANDOFF_REASON = "handoff.reason": Str on HANDOFF .content() .invented();
}
