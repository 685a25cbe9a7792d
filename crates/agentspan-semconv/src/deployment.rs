//! Where the program is deployed, from OTel's resource conventions.

names! {
    /// The environment, as in `production`.
    DEPLOYMENT_ENVIRONMENT_NAME = "deployment.environment.name": Str on RESOURCE;
}
