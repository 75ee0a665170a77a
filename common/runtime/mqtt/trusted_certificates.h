/// The CAs that TLS connections trust, read once and shared by connections: those of a system take nearly a MiB.
///
/// Threading: any.   Errors: a file that cannot be used, naming it.   Bounds: a set that is older than a minute, or
/// whose file has changed, is read again for the next connection.
#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>

#include "common/text/result.h"

namespace strawberry {

/// `ca_file`: PEM; empty: the CAs this system trusts.
Result<std::shared_ptr<X509_STORE>> trusted_certificates(const std::string& ca_file);

}  // namespace strawberry
