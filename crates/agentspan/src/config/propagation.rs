/// What travels to whom, for [`with_propagation`](crate::TelemetryBuilder::with_propagation).
///
/// By default `traceparent` and `tracestate` go to every host but those of known model providers, and nothing that says who
/// is served goes anywhere: session, user and tags travel as baggage only to hosts that are named here.
///
/// ```
/// use agentspan::Propagation;
///
/// let propagation = Propagation::new()
///     .with_baggage_host("*.corp.example")
///     .with_baggage_nearby(true)
///     .with_baggage_tag("tenant");
/// let settings = agentspan::builder().service_name("front").with_propagation(propagation);
/// # drop(settings);
/// ```
#[derive(Debug, Clone)]
#[must_use = "it does nothing before it is given to the builder"]
pub struct Propagation {
    pub(crate) hosts: Vec<String>,
    pub(crate) nearby: bool,
    pub(crate) tags: Vec<String>,
    pub(crate) to_providers: bool,
    /// Which headers there are at all, as [`Propagator`](crate::Propagator) says.
    pub(crate) trace_context: bool,
    pub(crate) baggage: bool,
}

impl Default for Propagation {
    fn default() -> Self {
        Self::new()
    }
}

impl Propagation {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            hosts: Vec::new(),
            nearby: false,
            tags: Vec::new(),
            to_providers: false,
            trace_context: true,
            baggage: true,
        }
    }

    /// Lets baggage travel to `host`, or to every host below it when it begins with `*.`; by default to none. In any case,
    /// at any port. What a host answers with a redirect to elsewhere is in the hands of the HTTP client.
    pub fn with_baggage_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into().trim_end_matches('.').to_ascii_lowercase());
        self
    }

    /// Lets baggage travel to this machine (`localhost`, `127.0.0.0/8`, `::1`) and to private addresses (`10.0.0.0/8`,
    /// `172.16.0.0/12`, `192.168.0.0/16`, `fc00::/7`); by default `false`. Names are not resolved.
    pub fn with_baggage_nearby(mut self, on: bool) -> Self {
        self.nearby = on;
        self
    }

    /// Lets the tag `key` of a run travel beside session and user, and makes a tag of it in runs that are begun here for
    /// others; by default no tag. A value that is no text travels as text.
    pub fn with_baggage_tag(mut self, key: impl Into<String>) -> Self {
        self.tags.push(key.into());
        self
    }

    /// Sends `traceparent` to known model providers too; by default `false`, since they do nothing with it that the
    /// caller could see.
    pub fn with_trace_to_providers(mut self, on: bool) -> Self {
        self.to_providers = on;
        self
    }
}
