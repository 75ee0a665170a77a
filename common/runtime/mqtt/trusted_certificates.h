/// The CAs that a TLS connection trusts, read once for many connections: those of a system take nearly a MiB.
///
/// Threading: any.   Errors: a file that cannot be used, naming it.   Bounds: what was read more than a minute ago is
/// read again for the next connection, and so is a file that has changed.
#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>

#include "common/text/result.h"

namespace strawberry {

/// `ca_file`: PEM; empty: the CAs this system trusts.
Result<std::shared_ptr<X509_STORE>> trusted_certificates(const std::string& ca_file);

}  // namespace strawberry
