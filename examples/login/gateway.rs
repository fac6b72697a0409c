//! The service that the world calls: HTTP in, gRPC out.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Extension, Form, Router};
use http::StatusCode;
use serde::Deserialize;
use throughline::tower::{Client, ClientLayer, ServerLayer};
use throughline::{Context, Event, Key, Logger};
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request};
use tower::Layer;

use crate::accounts::proto::LoginRequest;
use crate::accounts::proto::accounts_client::AccountsClient;

const USER: Key<str> = Key::local("user.name", "Account name as typed").personal();

/// A user has logged in.
#[derive(Event)]
#[event(name = "user.logged_in", version = 1, level = "info", message = "User logged in")]
struct LoggedIn {
    /// Length of the token that was handed out, in characters.
    #[event(rename = "token.length")]
    token_length: usize,
}

/// The most time that a login has, the call to the other service included.
const DEADLINE: Duration = Duration::from_millis(250);

#[derive(Clone)]
struct Gateway {
    accounts: AccountsClient<Client<Channel>>,
    log: Logger,
}

#[derive(Deserialize)]
struct Login {
    user: String,
    password: String,
}

pub(crate) async fn serve(
    listener: TcpListener,
    accounts: SocketAddr,
    log: Logger,
    stopped: impl Future<Output = ()> + Send + 'static,
) -> Result<(), String> {
    let endpoint =
        Endpoint::from_shared(format!("http://{accounts}")).map_err(|e| e.to_string())?;
    let channel = ClientLayer::internal(&log).layer(endpoint.connect_lazy());
    let gateway = Gateway { accounts: AccountsClient::new(channel), log: log.clone() };
    let app = Router::new()
        .route("/login", post(login))
        .with_state(gateway)
        .layer(ServerLayer::edge(&log).deadline(DEADLINE));
    axum::serve(listener, app).with_graceful_shutdown(stopped).await.map_err(|e| e.to_string())
}

async fn login(
    State(mut gateway): State<Gateway>,
    Extension(ctx): Extension<Context>,
    Form(Login { user, password }): Form<Login>,
) -> (StatusCode, String) {
    let ctx = ctx.with(&USER, &user);
    let mut request = Request::new(LoginRequest { user, password });
    request.extensions_mut().insert(ctx.clone());
    match gateway.accounts.login(request).await {
        Ok(response) => {
            let token = response.into_inner().token;
            gateway.log.emit(&ctx, &LoggedIn { token_length: token.len() });
            (StatusCode::OK, token + "\n")
        }
        Err(status) => {
            let answer = match status.code() {
                Code::Unauthenticated => StatusCode::UNAUTHORIZED,
                Code::DeadlineExceeded | Code::Cancelled => StatusCode::GATEWAY_TIMEOUT,
                _ => StatusCode::BAD_GATEWAY,
            };
            (answer, format!("{}\n", status.message()))
        }
    }
}
