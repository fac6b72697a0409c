use std::{error::Error, io, time::Duration};

use ::http::uri::PathAndQuery;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use tonic::{Code, Status, client::Grpc, codec::CompressionEncoding, metadata::MetadataMap};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use super::{
    answer::{Answer, Fault, later, shown},
    endpoint::Endpoint,
    record::Signal,
    request::Request,
};

/// Makes a call of gRPC.
pub(super) async fn send(
    to: &Endpoint<'_>,
    signal: Signal,
    request: Request,
) -> io::Result<Answer> {
    let mut grpc = Grpc::with_origin(to.client.clone(), to.uri.clone())
        .accept_compressed(CompressionEncoding::Gzip);
    if to.gzip() {
        grpc = grpc.send_compressed(CompressionEncoding::Gzip);
    }
    grpc.ready().await.map_err(|error| to.out_of_reach(&error))?;
    let method = PathAndQuery::from_static(match signal {
        Signal::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    });
    let mut call = tonic::Request::new(request);
    *call.metadata_mut() = MetadataMap::from_headers(to.headers.clone());
    // The answers of both services have the same fields.
    let codec: ProstCodec<Request, ExportLogsServiceResponse> = ProstCodec::default();
    match grpc.unary(call, method, codec).await {
        Ok(response) => {
            let partial = response.into_inner().partial_success.unwrap_or_default();
            let rejected = u64::try_from(partial.rejected_log_records).unwrap_or(0);
            Ok(Answer::Taken { rejected, message: shown(&partial.error_message) })
        }
        Err(status) => match status.source() {
            Some(error) => Err(to.out_of_reach(error)),
            None => refusal(to, signal, &status),
        },
    }
}

/// What the codes mean, as the specification of OTLP says.
fn refusal(to: &Endpoint<'_>, signal: Signal, status: &Status) -> io::Result<Answer> {
    let message = format!("{:?}: {}", status.code(), shown(status.message()));
    let info = status.get_details_retry_info();
    let after = info.and_then(|info| info.retry_delay).filter(|after| *after > Duration::ZERO);
    let fault = match status.code() {
        Code::ResourceExhausted if status.get_details_retry_info().is_some() => {
            return Err(later(after, message));
        }
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::Unavailable
        | Code::DataLoss => return Err(later(after, message)),
        Code::Unauthenticated | Code::PermissionDenied => {
            let hint = "give it what it asks for with --otlp-headers-file";
            return Err(io::Error::other(format!("{message}: {hint}")));
        }
        Code::Unimplemented | Code::NotFound => {
            let hint = match signal {
                Signal::Logs => to.hint(),
                Signal::Traces => "if it takes no traces, say --otlp-logs-only",
            };
            return Err(io::Error::other(format!("{message}: {hint}")));
        }
        // Servers that are made with tonic say that a message is too long by the latter.
        Code::ResourceExhausted | Code::OutOfRange => Fault::TooLarge,
        Code::InvalidArgument => Fault::Content,
        _ => Fault::Unclear,
    };
    Ok(Answer::Refused { fault, message })
}
