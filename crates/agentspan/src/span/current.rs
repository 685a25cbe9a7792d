use crate::span::node::Node;
use opentelemetry::Context;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// The nearest step, as it stands in the OpenTelemetry context.
#[derive(Debug, Clone)]
pub(crate) struct NodeRef(pub(crate) Arc<Node>);

impl NodeRef {
    pub(crate) fn current() -> Option<Arc<Node>> {
        Context::map_current(|context| {
            let node = &context.get::<Self>()?.0;
            Some(Light::below(node).unwrap_or_else(|| node.clone()))
        })
    }
}

thread_local! {
    /// The light step that this thread is in, and which step's context it stands below.
    static LIGHT: RefCell<Option<(Arc<Node>, *const Node)>> = const { RefCell::new(None) };
    /// The step that passes by and whose `tracing` span this thread has entered last by its own scope.
    static SCOPE: Cell<*const Node> = const { Cell::new(std::ptr::null()) };
}

/// The scope of a step that passes by and has a `tracing` span, for as long as a thread is in it.
#[must_use]
pub(crate) struct Scope {
    around: *const Node,
}

impl Scope {
    pub(crate) fn enter(node: &Arc<Node>) -> Self {
        Self { around: SCOPE.try_with(|scope| scope.replace(Arc::as_ptr(node))).unwrap_or_default() }
    }

    /// Whether it is the innermost on this thread.
    pub(crate) fn is_of(node: &Arc<Node>) -> bool {
        SCOPE.try_with(|scope| scope.get() == Arc::as_ptr(node)).unwrap_or_default()
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        let _ = SCOPE.try_with(|scope| scope.set(self.around));
    }
}

/// A step that the sampler let pass by, for as long as a thread is in it.
///
/// It needs no context of its own, which would be half of what it costs: it is found beside the context of the
/// nearest step that has one, and only while that is the current one.
#[must_use]
pub(crate) struct Light {
    around: Option<(Arc<Node>, *const Node)>,
    entered: bool,
}

impl Light {
    /// Enters a light step; does nothing for any other.
    pub(crate) fn enter(node: &Arc<Node>) -> Self {
        if !node.is_light {
            return Self { around: None, entered: false };
        }
        let base = node.ancestors().find(|ancestor| !ancestor.is_light).map_or(std::ptr::null(), Arc::as_ptr);
        let around = LIGHT.try_with(|light| light.replace(Some((node.clone(), base))));
        Self { entered: around.is_ok(), around: around.ok().flatten() }
    }

    fn below(node: &Arc<Node>) -> Option<Arc<Node>> {
        let find = |light: &RefCell<Option<(Arc<Node>, *const Node)>>| {
            light
                .borrow()
                .as_ref()
                .filter(|(_, base)| *base == Arc::as_ptr(node))
                .map(|(light, _)| light.clone())
        };
        LIGHT.try_with(find).ok().flatten()
    }
}

impl Drop for Light {
    fn drop(&mut self) {
        if self.entered {
            let left = LIGHT.try_with(|light| light.replace(self.around.take()));
            drop(left);
        }
    }
}
