//! Why something failed, as far as its error knows.

use std::error::Error;
use std::io;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper_util::client::legacy::Error as HyperError;
use serde_json::{Value as Json, json};
use throughline_structlog::{Logger, testing};
use throughline_tower::{ClientLayer, ServerLayer};
use tokio::net::TcpListener;
use tower::{BoxError, Layer, ServiceExt, service_fn};

use crate::site::{http1, only, request_for, within};

/// An error with a cause.
#[derive(Debug)]
struct Outer(io::Error);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("outer")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

fn outer() -> Outer {
    Outer(io::Error::other("inner"))
}

/// What a server says of a service that fails with an error.
async fn failed<E>(layer: impl Fn(&Logger) -> ServerLayer, error: E) -> [Json; 2]
where
    E: std::fmt::Display + 'static,
{
    let (log, captured) = testing::capture();
    let mut error = Some(error);
    let fails = service_fn(move |_: Request<()>| {
        std::future::ready(Err::<Response<Full<Bytes>>, E>(error.take().unwrap()))
    });
    assert!(layer(&log).layer(fails).oneshot(Request::new(())).await.is_err());
    let event = only(&captured, "server.request");
    ["error", "error.causes"].map(|name| event[name].clone())
}

#[tokio::test]
async fn causes_of_boxed_errors_are_known_and_others_once_they_are_named() {
    let without = ["outer".into(), Json::Null];
    let with = ["outer".into(), json!(["inner"])];
    assert_eq!(failed(ServerLayer::edge, BoxError::from(outer())).await, with);
    assert_eq!(failed(ServerLayer::edge, outer()).await, without);
    assert_eq!(failed(|log| ServerLayer::edge(log).causes_of::<Outer>(), outer()).await, with);
    let wrapped = failed(ServerLayer::edge, io::Error::other(outer())).await;
    assert_eq!(wrapped, with);
    assert_eq!(failed(ServerLayer::edge, "only text").await, ["only text".into(), Json::Null]);
}

#[tokio::test]
async fn why_a_call_did_not_reach_anyone_is_told() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (log, captured) = testing::capture();
    let client = ClientLayer::internal(&log).causes_of::<HyperError>().layer(http1());
    let call = client.oneshot(request_for(format!("http://{closed}/").parse().unwrap()));
    within("a refusal", call).await.unwrap_err();
    let event = only(&captured, "client.request");
    let causes: Vec<_> = event["error.causes"].as_array().unwrap().iter().collect();
    let last = causes.last().unwrap().as_str().unwrap();
    assert!(last.contains("Connection refused"), "{event:#}");
    assert!(!event["error"].as_str().unwrap().contains("refused"), "{event:#}");
}
