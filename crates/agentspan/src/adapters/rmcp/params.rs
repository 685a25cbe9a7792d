use crate::adapters::rmcp::sealed::Sealed;
use crate::propagation::WriteCarrier;
use ::rmcp::model::{self, GetMeta, RequestMetaObject, RequestParamsMeta};
use std::any::Any;

/// What a request carries, with room for the context in `_meta`: the parameters of `rmcp`'s methods, and whole requests
/// for those that have none, such as `ping`.
pub trait RequestParams: Sealed + Any + Sized {
    #[doc(hidden)]
    fn carrier(&mut self) -> &mut dyn WriteCarrier;
}

macro_rules! params {
    ($meta:ident of $($params:ident)*) => {
        $(
            impl Sealed for model::$params {}

            impl RequestParams for model::$params {
                fn carrier(&mut self) -> &mut dyn WriteCarrier {
                    self.$meta()
                }
            }
        )*
    };
}

// Not those of `tools/call`, which is a step of its own, and none that rmcp has marked as deprecated.
params! {
    meta_mut of
    CancelTaskParams
    CompleteRequestParams
    ElicitRequestParams
    GetPromptRequestParams
    GetSkillRequestParams
    GetTaskParams
    InitializeRequestParams
    PaginatedRequestParams
    ReadResourceDirectoryRequestParams
    ReadResourceRequestParams
    SubscribeRequestParams
    SubscriptionsListenRequestParams
    UnsubscribeRequestParams
    UpdateTaskParams
}

params! { get_meta_mut of ClientRequest ServerRequest }

impl Sealed for RequestMetaObject {}

impl RequestParams for RequestMetaObject {
    fn carrier(&mut self) -> &mut dyn WriteCarrier {
        self
    }
}
