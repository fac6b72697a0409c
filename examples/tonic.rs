//! Both ends of a gRPC call: the request, an entry and what is left of the deadline cross, and each end reports the call.
//!
//! `cargo run --example tonic`. It calls itself twice over TCP, and ends.

#[allow(missing_docs, unreachable_pub, clippy::all, reason = "generated")]
#[path = "login/proto/accounts.v1.rs"]
mod proto;

use std::error::Error;
use std::time::Duration;

use proto::accounts_client::AccountsClient;
use proto::accounts_server::{Accounts, AccountsServer};
use proto::{LoginRequest, LoginResponse};
use throughline::ctx::propagation::Propagator;
use throughline::tower::{ClientLayer, ServerLayer};
use throughline::{Context, InContextExt, Key, Logger, info};
use tokio::sync::oneshot;
use tonic::transport::Endpoint;
use tonic::transport::server::{Server, TcpIncoming};
use tonic::{Request, Response, Status};
use tower::Layer;

/// Goes along on every call, as W3C Baggage, and stands in the events of services that know the key.
const TENANT: Key<str> = Key::propagated("tenant.id", "Whose data the request is about");

struct Users {
    log: Logger,
}

#[tonic::async_trait]
impl Accounts for Users {
    async fn login(
        &self,
        request: Request<LoginRequest>,
    ) -> Result<Response<LoginResponse>, Status> {
        let ctx = request.extensions().get::<Context>().cloned().unwrap_or_else(Context::root);
        info!(logger: self.log, &ctx, "checking a password", remaining = ctx.remaining());
        match request.into_inner().password.as_str() {
            "lovelace" => Ok(Response::new(LoginResponse { token: "token-of-ada".to_owned() })),
            _ => Err(Status::unauthenticated("Invalid user name or password")),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?.with_nodelay(Some(true));
    let origin = format!("http://{}", incoming.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let log = Logger::builder("accounts").stdout().build();
    let server = Server::builder()
        .layer(ServerLayer::internal(&log).propagator(Propagator::new().key(&TENANT)))
        .add_service(AccountsServer::new(Users { log }))
        .serve_with_incoming_shutdown(incoming, async { _ = stopped.await });
    let server = tokio::spawn(server);

    let log = Logger::builder("gateway").stdout().build();
    let endpoint = Endpoint::from_shared(origin)?;
    let channel = ClientLayer::internal(&log).layer(endpoint.connect_lazy());
    let client = AccountsClient::with_origin(channel, endpoint.uri().clone());
    for password in ["lovelace", "byron"] {
        let ctx = Context::root().with(&TENANT, "acme").with_timeout(Duration::from_secs(5));
        let request = LoginRequest { user: "ada".to_owned(), password: password.to_owned() };
        let mut client = client.clone();
        let answer = async move { client.login(request).await }.in_context(ctx.clone()).await;
        info!(logger: log, &ctx, "answered", accepted = answer.is_ok());
    }
    drop((client, stop));
    server.await??;
    eprintln!(
        "Look for one `context.id`: the gateway's call is the parent span of what the accounts service did, within the same deadline."
    );
    eprintln!("Next: the same with a collector that shows trees, `cargo run --example login`.");
    Ok(())
}
