//! Whom to trust, and how to show who we are.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use crate::config::{FileSettings, OtlpConfig};
use crate::error::{Error, ErrorKind};

/// The built-in roots, or the certificates of [`OtlpConfig::certificate`] in their place.
pub(super) fn config(settings: &OtlpConfig) -> Result<TlsConfig, Error> {
    let mut tls = TlsConfig::builder();
    if let Some(path) = &settings.certificate {
        tls = tls.root_certs(RootCerts::new_with_certs(&certificates(path, settings.given_for.certificate)?));
    }
    match (&settings.client_certificate, &settings.client_key) {
        (None, None) => {}
        (Some(certificate), Some(key)) => {
            tls = tls.client_cert(Some(client(certificate, key, settings.given_for)?));
        }
        (certificate, _) => {
            let missing = if certificate.is_some() { "key" } else { "certificate" };
            return Err(Error::new(
                ErrorKind::Configuration,
                format!(
                    "a client certificate for the collector needs both files, but the {missing} is missing"
                ),
            ));
        }
    }
    Ok(tls.build())
}

/// The client's certificate with its key, tried as the HTTP client will use them: what it cannot use makes it panic.
fn client(certificate: &Path, key: &Path, given_for: FileSettings) -> Result<ClientCert, Error> {
    let certificates = certificates(certificate, given_for.client_certificate)?;
    let pem = read(key, given_for.client_key)?;
    let no_key = || unusable(key, given_for.client_key, "holds no private key in PEM form");
    let private = PrivateKey::from_pem(&pem).map_err(|cause| no_key().with_source(cause))?;
    let tried = PrivateKeyDer::from_pem_slice(&pem).map_err(|cause| no_key().with_source(cause))?;
    let chain = certificates.iter().map(|one| CertificateDer::from(one.der().to_vec())).collect();
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| {
            config.with_root_certificates(RootCertStore::empty()).with_client_auth_cert(chain, tried)
        })
        .map_err(|cause| {
            let why = format!("cannot be used with the certificate in `{}`", certificate.display());
            unusable(key, given_for.client_key, &why).with_source(cause)
        })?;
    Ok(ClientCert::new_with_certs(&certificates, private))
}

fn certificates(path: &Path, setting: &str) -> Result<Vec<Certificate<'static>>, Error> {
    let unusable = || unusable(path, setting, "holds no certificate in PEM form");
    let mut certificates = Vec::new();
    for item in parse_pem(&read(path, setting)?) {
        if let PemItem::Certificate(certificate) = item.map_err(|cause| unusable().with_source(cause))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(unusable()) } else { Ok(certificates) }
}

fn read(path: &Path, setting: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|cause| unusable(path, setting, "cannot be read").with_source(cause))
}

fn unusable(path: &Path, setting: &str, why: &str) -> Error {
    Error::new(ErrorKind::Exporter, format!("`{}`, given for `{setting}`, {why}", path.display()))
}
