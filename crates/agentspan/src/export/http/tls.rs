//! Whom to trust, and how to show who we are.

use std::path::Path;

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

use crate::config::OtlpConfig;
use crate::error::{Error, ErrorKind};

/// The built-in roots, or the certificates of [`OtlpConfig::certificate`] in their place.
pub(super) fn config(settings: &OtlpConfig) -> Result<TlsConfig, Error> {
    let mut tls = TlsConfig::builder();
    if let Some(path) = &settings.certificate {
        tls = tls.root_certs(RootCerts::new_with_certs(&certificates(path)?));
    }
    match (&settings.client_certificate, &settings.client_key) {
        (None, None) => {}
        (Some(certificate), Some(key)) => {
            let key = PrivateKey::from_pem(&read(key)?).map_err(|cause| {
                Error::new(
                    ErrorKind::Exporter,
                    format!("`{}` holds no private key in PEM form", key.display()),
                )
                .with_source(cause)
            })?;
            tls = tls.client_cert(Some(ClientCert::new_with_certs(&certificates(certificate)?, key)));
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

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, Error> {
    let unusable = || {
        let message = format!("`{}` holds no certificate in PEM form", path.display());
        Error::new(ErrorKind::Exporter, message)
    };
    let mut certificates = Vec::new();
    for item in parse_pem(&read(path)?) {
        if let PemItem::Certificate(certificate) = item.map_err(|cause| unusable().with_source(cause))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() { Err(unusable()) } else { Ok(certificates) }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|cause| {
        Error::new(ErrorKind::Exporter, format!("`{}` cannot be read", path.display())).with_source(cause)
    })
}
