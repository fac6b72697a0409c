//! Detail that is held back until a request goes wrong.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use throughline_ctx::{Context, Edit, Hold};
use throughline_schema::Level;
use throughline_structlog::testing;
use throughline_tower::{Ended, Policy, RequestHead, ServerLayer};
use tower::{BoxError, Layer, ServiceExt, service_fn};

/// Handles one request, and says whether that released what was held, if anything was.
fn released(
    layer: impl Fn(ServerLayer) -> ServerLayer,
    answer: fn() -> Option<Result<StatusCode, BoxError>>,
) -> Option<bool> {
    let (log, _captured) = testing::capture();
    let seen = Arc::new(Mutex::new(None));
    let service = service_fn({
        let seen = seen.clone();
        move |request: Request<()>| {
            *seen.lock().unwrap() = request.extensions().get::<Context>().cloned();
            async move {
                let Some(answer) = answer() else { return std::future::pending().await };
                let mut response = Response::new(Full::<Bytes>::default());
                *response.status_mut() = answer?;
                Ok::<_, BoxError>(response)
            }
        }
    });
    let service = layer(ServerLayer::edge(&log)).layer(service);
    let handled = std::panic::AssertUnwindSafe(service.oneshot(Request::new(())));
    // One that is not answered is dropped, as by a caller that leaves.
    let _ = handled.catch_unwind().now_or_never();
    let ctx: Context = seen.lock().unwrap().take().unwrap();
    ctx.hold().map(Hold::is_released)
}

#[test]
fn it_is_released_by_an_outcome_that_is_a_failure_and_by_no_other() {
    let held = |layer: ServerLayer| layer.hold_detail(1000);
    assert_eq!(released(held, || Some(Ok(StatusCode::OK))), Some(false));
    assert_eq!(released(held, || Some(Ok(StatusCode::NOT_FOUND))), Some(false));
    assert_eq!(released(held, || None), Some(false), "cancelled");
    assert_eq!(released(held, || Some(Ok(StatusCode::BAD_GATEWAY))), Some(true));
    assert_eq!(released(held, || Some(Err("failed".into()))), Some(true));
    assert_eq!(released(held, || panic!("on purpose")), Some(true));
    let late = |layer: ServerLayer| held(layer).deadline(std::time::Duration::ZERO);
    assert_eq!(released(late, || None), Some(true), "timeout");
}

#[test]
fn nothing_is_held_unless_the_layer_is_told_so() {
    assert_eq!(released(|layer| layer, || Some(Err("failed".into()))), None);
}

/// Reports nothing, and holds by itself.
struct Quiet;

impl Policy for Quiet {
    fn context(&self, ctx: Edit, _: &RequestHead<'_>) -> Edit {
        ctx.with_hold(Hold::new(1000))
    }

    fn level(&self, _: &Ended<'_>) -> Option<Level> {
        None
    }
}

#[test]
fn it_is_released_whoever_set_it_and_whether_or_not_the_request_is_reported() {
    let quiet = |layer: ServerLayer| layer.policy(Quiet);
    assert_eq!(released(quiet, || Some(Ok(StatusCode::BAD_GATEWAY))), Some(true));
    assert_eq!(released(quiet, || Some(Ok(StatusCode::OK))), Some(false));
}
