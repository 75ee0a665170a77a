/// The requirements of a TLS connection to the broker: TLS 1.2 or newer, and a certificate that leads to a trusted CA,
/// is valid now, and names the intended host. None of them can be turned off.
///
/// Threading: loop only.   Lifetime: longer than the connections made with it.   Errors: a CA file that cannot be used,
/// naming it.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <utility>

#include "common/runtime/mqtt/tls_trouble.h"
#include "common/text/result.h"

namespace strawberry {

class TlsContext {
 public:
  /// `name`: a host name, or a numeric address, which the certificate must have among its alternative names.
  /// `ca_file`: PEM; empty: the CAs this system trusts.
  static Result<std::unique_ptr<TlsContext>> make(const std::string& ca_file, const std::string& name);

  SSL_CTX* get() const { return context_.get(); }
  /// Explains for people why a handshake failed; `said` is OpenSSL's last error text.
  std::string why_failed(const std::string& said) const;
  /// The same reason, for programs.
  TlsTrouble trouble() const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  explicit TlsContext(std::string name) : name_(std::move(name)) {}
  Result<void> prepare(const std::string& ca_file);
  static int note_refusal(int accepted, X509_STORE_CTX* certificates);
  static void name_the_server(const SSL* ssl, int where, int what);

  const std::string name_;
  bool is_address_ = false;
  int refused_ = X509_V_OK;              // the reason for refusing the last certificate
  std::shared_ptr<X509_STORE> trusted_;  // keeps the store that connections share
  std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace strawberry
