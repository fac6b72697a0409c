//! In which spans a thread is, and the context that goes with them.

use std::cell::RefCell;
use std::sync::Arc;

use ::tracing_core::span::Id;
use throughline_ctx::__private::{is_same, set_current};
use throughline_ctx::Context;

use super::span::Span;

/// A span that this thread entered.
struct Entered {
    /// The layer whose span it is. Several can be at work at a time.
    layer: u64,
    id: Id,
    span: Arc<Span>,
    /// What was current before.
    before: Option<Context>,
    /// What was made current, and how much was recorded then.
    ctx: Context,
    seen: u64,
}

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

fn with<R>(work: impl FnOnce(&mut Vec<Entered>) -> R) -> Option<R> {
    let work =
        |entered: &RefCell<Vec<Entered>>| entered.try_borrow_mut().ok().map(|mut e| work(&mut e));
    ENTERED.try_with(work).ok().flatten()
}

/// Makes the context of a span the current one.
pub(super) fn enter(layer: u64, id: Id, span: Arc<Span>) {
    let (seen, ctx) = (span.recorded(), span.context());
    let before = set_current(Some(ctx.clone()));
    with(|entered| entered.push(Entered { layer, id, span, before, ctx, seen }));
}

/// Makes what was current before a span was entered so again.
pub(super) fn exit(layer: u64, id: &Id) {
    let left = with(|entered| {
        let at = entered.iter().rposition(|entered| entered.layer == layer && entered.id == *id)?;
        let left = entered.remove(at);
        match entered.get_mut(at) {
            // One that was entered later is not left yet, and goes back to where this one would.
            Some(later) => {
                Some((std::mem::replace(&mut later.before, left.before), None, left.span))
            }
            None => Some((left.before, Some(left.ctx), left.span)),
        }
    });
    // What is dropped here may log.
    if let Some(Some((before, Some(ctx), _span))) = left
        && Context::current().is_some_and(|current| is_same(&current, &ctx))
    {
        drop(set_current(before));
    }
}

/// Where this thread is: the span, if it is in one of this layer, and the context.
pub(super) fn here(layer: u64) -> (Option<Arc<Span>>, Option<Context>) {
    let current = Context::current();
    let span = with(|entered| {
        let innermost = entered.iter().rev().find(|entered| entered.layer == layer)?;
        Some(innermost.span.clone())
    });
    let span = span.flatten();
    let ctx = match (&span, current) {
        (None, current) => current,
        (Some(_), current) => context_in(layer, current),
    };
    (span, ctx)
}

/// The context of an event that happens here.
pub(super) fn context(layer: u64) -> Option<Context> {
    context_in(layer, Context::current())
}

fn context_in(layer: u64, current: Option<Context>) -> Option<Context> {
    let found = with(|entered| {
        let innermost = entered.iter().rev().find(|entered| entered.layer == layer)?;
        let Entered { span, ctx, seen, .. } = innermost;
        Some(match &current {
            Some(current) if !is_same(current, ctx) => Found::Inner(span.clone()),
            _ if *seen != span.recorded() => Found::Stale(span.clone()),
            Some(_) => Found::Current,
            None => Found::Left(ctx.clone()),
        })
    });
    match (found.flatten(), current) {
        (None | Some(Found::Current), current) => current,
        (Some(Found::Inner(span)), Some(current)) => Some(span.with_fields_in(&current)),
        (Some(Found::Inner(span) | Found::Stale(span)), _) => Some(span.context()),
        (Some(Found::Left(ctx)), _) => Some(ctx),
    }
}

/// How the current context and the innermost span are to each other.
enum Found {
    /// The context is that of the span.
    Current,
    /// It is, as it was before something was recorded.
    Stale(Arc<Span>),
    /// Another one was made current within the span.
    Inner(Arc<Span>),
    /// Whoever made another one current took both back.
    Left(Context),
}

/// Brings the current context up to date after a span has recorded something, so that events that come by other ways have it as well.
pub(super) fn refresh(recorded: &Span) {
    let current = Context::current();
    let span = with(|entered| {
        let innermost = entered.last()?;
        let is_own = current.as_ref().is_some_and(|current| is_same(current, &innermost.ctx));
        (is_own && innermost.span.is_kin(recorded)).then(|| innermost.span.clone())
    });
    let Some(Some(span)) = span else { return };
    let (seen, ctx) = (span.recorded(), span.context());
    with(|entered| {
        if let Some(innermost) = entered.last_mut() {
            (innermost.ctx, innermost.seen) = (ctx.clone(), seen);
        }
    });
    set_current(Some(ctx));
}
