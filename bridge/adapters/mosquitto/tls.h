/// What a TLS connection demands of the broker: TLS 1.2 or newer, a certificate that leads to a CA we trust, is valid
/// now, and names the host that was meant. There is no way to ask for less.
///
/// Threading: loop only.   Errors: a CA file that cannot be used, naming it.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "bridge/adapters/mosquitto/mosquitto_client.h"
#include "common/result.h"

namespace strawberry {

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTlsContext>;

/// `name`: a host name, or a numeric address, which the certificate must have among its alternative names. It must
/// outlive the context.
Result<TlsContext> make_tls_context(const std::string& ca_file, const std::string& name);

/// Why the handshake of `ssl` has failed, for people; `said` is OpenSSL's own last word, as libmosquitto passes it on.
std::string why_tls_failed(const SSL* ssl, const std::string& said, const std::string& name);

}  // namespace strawberry
