use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;
use throughline_ctx::Context;

/// The context of a request, for axum's handlers.
///
/// ```
/// use throughline_structlog::info;
/// use throughline_tower::Ctx;
///
/// async fn hello(Ctx(ctx): Ctx) {
///     info!(&ctx, "in the context of the request");
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::get(hello));
/// ```
///
/// Where no [`ServerLayer`](crate::ServerLayer) has set one, it is the current context, or else a new one.
#[derive(Clone, Debug)]
pub struct Ctx(pub Context);

impl<S: Send + Sync> FromRequestParts<S> for Ctx {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Ctx, Infallible> {
        let ctx = parts.extensions.get::<Context>().cloned();
        Ok(Ctx(ctx.or_else(Context::current).unwrap_or_else(Context::root)))
    }
}
