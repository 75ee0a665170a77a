/// What a TLS connection demands of the broker: TLS 1.2 or newer, a certificate that leads to a CA we trust, is valid
/// now, and names the host that was meant. There is no way to ask for less.
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
  /// Why a handshake has failed, for people; `said` is OpenSSL's own last word.
  std::string why_failed(const std::string& said) const;
  /// The same, for programs.
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
  int refused_ = X509_V_OK;              // why the last certificate was
  std::shared_ptr<X509_STORE> trusted_;  // keeps it for the connections of others
  std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace strawberry
