use std::{io, sync::Arc};

use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::otlp::{Otlp, OtlpProtocol, unreadable};

/// Makes connections to an endpoint: with TLS where its scheme is `https`.
pub(super) fn connector(to: &Otlp) -> io::Result<HttpsConnector<HttpConnector>> {
    let mut http = HttpConnector::new();
    // It is the other connector that looks at the scheme.
    http.enforce_http(false);
    http.set_nodelay(true);
    let builder = HttpsConnectorBuilder::new().with_tls_config(config(to)?).https_or_http();
    Ok(match to.protocol {
        OtlpProtocol::Grpc => builder.enable_http2().wrap_connector(http),
        OtlpProtocol::HttpProtobuf => builder.enable_http1().wrap_connector(http),
    })
}

fn config(to: &Otlp) -> io::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if to.uri()?.scheme() == Some(&Scheme::HTTPS) {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if let Some(path) = &to.tls_ca {
        let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
        let certificates: Vec<_> =
            certificates.map_err(|error| unreadable(path, &io::Error::other(error)))?;
        if certificates.is_empty() {
            return Err(unreadable(path, &io::Error::other("it has no certificate")));
        }
        for certificate in certificates {
            roots.add(certificate).map_err(|error| unreadable(path, &io::Error::other(error)))?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots);
    let Some((certificate, key)) = &to.tls_identity else {
        return Ok(config.with_no_client_auth());
    };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable(certificate, &io::Error::other(error)))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| unreadable(key, &io::Error::other(error)))?;
    config.with_client_auth_cert(chain, key).map_err(io::Error::other)
}

/// What to do about an error of TLS.
pub(super) fn hint(error: &rustls::Error) -> Option<&'static str> {
    match error {
        rustls::Error::InvalidCertificate(_) => {
            Some("trust the authority of its certificate with --otlp-ca")
        }
        rustls::Error::InvalidMessage(_) => Some("does it speak TLS? If not, write http://"),
        _ => None,
    }
}
