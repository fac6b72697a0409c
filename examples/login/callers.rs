//! The world: real HTTP requests over TCP, as good and as bad as they come.

use std::net::SocketAddr;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::Result;

/// Calls the gateway in five ways, one after the other.
pub(crate) async fn call_all(gateway: SocketAddr) -> Result {
    expect(StatusCode::OK, log_in(gateway, "ada", "lovelace").await?)?;
    expect(StatusCode::UNAUTHORIZED, log_in(gateway, "ada", "byron").await?)?;
    expect(StatusCode::UNAUTHORIZED, log_in(gateway, "eve", "apple").await?)?;
    hang_up(gateway, "grace", "hopper").await?;
    expect(StatusCode::GATEWAY_TIMEOUT, log_in(gateway, "grace", "hopper").await?)
}

fn expect(expected: StatusCode, status: StatusCode) -> Result {
    if status == expected {
        return Ok(());
    }
    Err(format!("the gateway answered {status} in place of {expected}").into())
}

async fn log_in(gateway: SocketAddr, user: &str, password: &str) -> Result<StatusCode> {
    let request = Request::post(format!("http://{gateway}/login"))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let body = Full::new(bytes::Bytes::from(format!("user={user}&password={password}")));
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.body(body)?).await?;
    let status = response.status();
    response.into_body().collect().await?;
    Ok(status)
}

/// Sends a request, and closes the connection while it is being handled.
async fn hang_up(gateway: SocketAddr, user: &str, password: &str) -> Result {
    let body = format!("user={user}&password={password}");
    let head = format!(
        "POST /login HTTP/1.1\r\nhost: {gateway}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut socket = TcpStream::connect(gateway).await?;
    socket.write_all((head + &body).as_bytes()).await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(())
}
