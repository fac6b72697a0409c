//! The service that W3C's trace-context test suite calls: does what it is told, and takes the context along.
//!
//! It receives a POST with a JSON array of `{"url": …, "arguments": …}`, posts `arguments` to each `url`, one after the other, and answers. Run it with the address to listen on,
//!
//! ```sh
//! cargo run --example w3c_harness 127.0.0.1:5000
//! ```
//!
//! and the suite (`test/test.py` in w3c/trace-context) with `http://127.0.0.1:5000/` as its argument and `SPEC_LEVEL=2`.

use std::error::Error;

use axum::extract::State;
use axum::{Json, Router};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::Value;
use throughline::tower::{Client, ClientLayer, ServerLayer};
use throughline::{Level, Logger};
use tower::{Layer, ServiceExt};

type HttpClient = Client<hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>>;

#[derive(Deserialize)]
struct Call {
    url: String,
    arguments: Value,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address =
        std::env::args().nth(1).ok_or("usage: w3c_harness ADDRESS, such as 127.0.0.1:5000")?;
    let log = Logger::builder("w3c_harness").filter(Level::Info).stdout().build();
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http();
    let client: HttpClient = ClientLayer::internal(&log).layer(client);
    let app = Router::new().fallback(run).layer(ServerLayer::internal(&log)).with_state(client);
    let listener = tokio::net::TcpListener::bind(address).await?;
    Ok(axum::serve(listener, app).await?)
}

async fn run(
    State(client): State<HttpClient>,
    Json(calls): Json<Vec<Call>>,
) -> (StatusCode, String) {
    for call in calls {
        if let Err(error) = post(&client, call).await {
            return (StatusCode::BAD_GATEWAY, format!("{error}\n"));
        }
    }
    (StatusCode::OK, String::new())
}

async fn post(client: &HttpClient, call: Call) -> Result<(), Box<dyn Error + Send + Sync>> {
    let request = Request::post(call.url)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::from(serde_json::to_vec(&call.arguments)?))?;
    client.clone().oneshot(request).await?;
    Ok(())
}
