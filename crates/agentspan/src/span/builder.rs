use crate::span::future;
use crate::span::outcome::{Elapsed, Ending, Failure, ViaError};
use crate::span::record::{Active, Initial};
use crate::span::value::AttributeValue;
use opentelemetry::KeyValue;
use opentelemetry::trace::Link;
use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

/// A span type, ready to begin.
#[doc(hidden)]
pub trait Begin: Sized {
    /// Begins the step with what was given to the builder, which is not used again: it is large, so it stays where it is.
    #[doc(hidden)]
    fn begin(&mut self) -> Step;
}

/// A span type that has `run`: every one but the calls of models, whose reply must be read.
#[doc(hidden)]
pub trait Runs: Begin {}

/// A step that has begun; hides how steps are kept.
#[doc(hidden)]
#[derive(Debug)]
pub struct Step(pub(crate) Active);

/// A span type with a limit of time.
///
/// When the limit passes, the step's future is dropped, the outcome is `timeout`, and the caller gets
/// [`Elapsed`] as its error.
#[must_use = "nothing is recorded before `run`"]
#[derive(Debug)]
pub struct WithTimeout<B> {
    pub(crate) builder: B,
    pub(crate) limit: Duration,
}

impl<B: Runs> WithTimeout<B> {
    /// Runs a future that gives a `Result` inside the step, at most as long as the limit.
    pub fn run<F, T, E, K>(self, future: F) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        E: Failure<K> + From<Elapsed>,
    {
        within(self, future, |active, result| {
            active.finish(future::ending(&result));
            result
        })
    }

    /// Runs a future that gives anything else inside the step, at most as long as the limit.
    pub fn run_ok<F: Future>(self, future: F) -> impl Future<Output = Result<F::Output, Elapsed>> {
        within(self, future, |active, output| {
            active.finish(Ending::ok());
            Ok(output)
        })
    }
}

/// A future inside a step for at most the limit; a step whose time is up has ended, any other ends as `end` says.
pub(crate) fn within<B, F, T, E>(
    step: WithTimeout<B>,
    future: F,
    end: impl FnOnce(Active, F::Output) -> Result<T, E>,
) -> impl Future<Output = Result<T, E>>
where
    B: Begin,
    F: Future,
    E: From<Elapsed>,
{
    let WithTimeout { builder, limit } = step;
    future::inside(builder, future::limited(limit, future), |active, output| match output {
        Ok(output) => end(active, output),
        Err(elapsed) => {
            active.finish(Ending::failed(Failure::<ViaError>::record(&elapsed)));
            Err(elapsed.into())
        }
    })
}

pub(crate) fn run<B, F, T, E, K>(builder: B, future: F) -> impl Future<Output = Result<T, E>>
where
    B: Begin,
    F: Future<Output = Result<T, E>>,
    E: Failure<K>,
{
    future::inside(builder, future, |active, result| {
        active.finish(future::ending(&result));
        result
    })
}

pub(crate) fn run_ok<B: Begin, F: Future>(builder: B, future: F) -> impl Future<Output = F::Output> {
    future::inside(builder, future, |active, output| {
        active.finish(Ending::ok());
        output
    })
}

/// What the user gives to one span besides what its type has.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) links: Vec<Link>,
}

impl Given {
    /// Adds it to what a span is made with; it stands last.
    pub(crate) fn put(&mut self, initial: &mut Initial) {
        initial.attributes.append(&mut self.attributes);
        initial.links.append(&mut self.links);
    }
}

/// Attributes that the user gives to one span.
pub(crate) fn own_attribute(key: impl Into<Cow<'static, str>>, value: impl Into<AttributeValue>) -> KeyValue {
    KeyValue::new(key.into(), value.into())
}

/// What every span type can do. `given` is what the user gives to the builder's span.
macro_rules! every_span {
    ($builder:ty) => {
        impl $builder {
            /// Sets an attribute on this one span.
            pub fn attribute(
                mut self,
                key: impl Into<std::borrow::Cow<'static, str>>,
                value: impl Into<crate::AttributeValue>,
            ) -> Self {
                self.given.attributes.push(crate::span::builder::own_attribute(key, value));
                self
            }

            /// Links the span to that of a sender, when there is one: of a message among those that are consumed, of a job
            /// that is resumed. May be said many times.
            pub fn link(mut self, sender: &crate::Extracted) -> Self {
                self.given.links.extend(sender.as_link());
                self
            }

            /// Gives the step a limit of time; by default there is none.
            ///
            /// Say it last: only the methods that run a future come after it.
            pub fn timeout(self, limit: std::time::Duration) -> crate::WithTimeout<Self> {
                crate::WithTimeout { builder: self, limit }
            }

            /// Begins the step and gives a guard that is finished by hand, never enters and may live across `.await`.
            pub fn start(mut self) -> crate::SpanGuard {
                crate::SpanGuard::new(crate::span::builder::Begin::begin(&mut self).0)
            }
        }
    };
}

/// What every span type but a model call can do.
macro_rules! running_span {
    ($builder:ty) => {
        crate::span::builder::every_span!($builder);

        impl crate::span::builder::Runs for $builder {}

        impl $builder {
            /// Runs a future that gives a `Result` inside the step, which begins with the first poll.
            ///
            /// An `Err`, a panic (passed on unchanged) and a future dropped before its end are recorded as what
            /// they are. The result is the future's own. An `async` block with a `?` in it has to name its error at the
            /// end, as anywhere: `Ok::<_, anyhow::Error>(answer)`.
            pub fn run<F, T, E, K>(self, future: F) -> impl Future<Output = Result<T, E>>
            where
                F: Future<Output = Result<T, E>>,
                E: crate::Failure<K>,
            {
                crate::span::builder::run(self, future)
            }

            /// Runs a future that gives anything else inside the step; it ends as successful.
            pub fn run_ok<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
                crate::span::builder::run_ok(self, future)
            }

            /// Runs a closure inside the step, for synchronous code; it ends as successful unless the closure panics.
            ///
            /// A `Result` is given as it is and not read; for that there is [`try_in_scope`](Self::try_in_scope).
            pub fn in_scope<T>(mut self, work: impl FnOnce() -> T) -> T {
                let active = crate::span::builder::Begin::begin(&mut self).0;
                let (output, active) = crate::span::future::scope(active, work);
                active.finish(crate::span::outcome::Ending::ok());
                output
            }

            /// Runs a closure that gives a `Result` inside the step, for synchronous code.
            ///
            /// An `Err` and a panic (passed on unchanged) are recorded as what they are. The result is the closure's own.
            pub fn try_in_scope<T, E, K>(mut self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E>
            where
                E: crate::Failure<K>,
            {
                let active = crate::span::builder::Begin::begin(&mut self).0;
                let (result, active) = crate::span::future::scope(active, work);
                active.finish(crate::span::future::ending(&result));
                result
            }
        }
    };
}

pub(crate) use {every_span, running_span};
