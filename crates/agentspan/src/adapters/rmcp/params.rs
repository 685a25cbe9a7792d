use crate::propagation::WriteCarrier;
use ::rmcp::model::{self, GetMeta, RequestMetaObject, RequestParamsMeta};
use std::any::Any;

/// What a request carries, with room for the context in `_meta`: the parameters of `rmcp`'s methods, and whole requests
/// for those that have none, such as `ping`.
pub trait RequestParams: sealed::Sealed + Any + Sized {
    #[doc(hidden)]
    fn carrier(&mut self) -> &mut dyn WriteCarrier;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! params {
    ($($params:ident)*) => {
        $(
            impl sealed::Sealed for model::$params {}

            impl RequestParams for model::$params {
                fn carrier(&mut self) -> &mut dyn WriteCarrier {
                    self.meta_mut()
                }
            }
        )*
    };
}

// Not those of `tools/call`, which is a step of its own, and none that rmcp has marked as deprecated.
params! {
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

macro_rules! requests {
    ($($request:ident)*) => {
        $(
            impl sealed::Sealed for model::$request {}

            impl RequestParams for model::$request {
                fn carrier(&mut self) -> &mut dyn WriteCarrier {
                    self.get_meta_mut()
                }
            }
        )*
    };
}

requests! { ClientRequest ServerRequest }

impl sealed::Sealed for RequestMetaObject {}

impl RequestParams for RequestMetaObject {
    fn carrier(&mut self) -> &mut dyn WriteCarrier {
        self
    }
}
