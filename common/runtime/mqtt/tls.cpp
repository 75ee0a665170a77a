#include "common/runtime/mqtt/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "common/runtime/mqtt/trusted_certificates.h"
#include "common/text/printable.h"

namespace strawberry {
namespace {

/// `error:0A00010B:SSL routines::wrong version number` → `wrong version number`.
std::string last_part(const std::string& said) {
  const auto colon = said.rfind(':');
  return colon == std::string::npos ? said : said.substr(colon + 1);
}

std::string openssl_says() {
  std::string text(256, '\0');
  ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
  ERR_clear_error();
  text.resize(text.find('\0'));
  return last_part(text);
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::make(const std::string& ca_file, const std::string& name) {
  std::unique_ptr<TlsContext> made(new TlsContext(name));
  if (auto prepared = made->prepare(ca_file); !prepared) return tl::unexpected(prepared.error());
  return made;
}

Result<void> TlsContext::prepare(const std::string& ca_file) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_) return fail("no TLS: " + openssl_says());
  auto* context = context_.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, &note_refusal);
  SSL_CTX_set_info_callback(context, &name_the_server);
  // MQTT has its own end of a connection; without the option, a lost connection looks like a protocol error.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // for idle connections, as most are
  auto trusted = trusted_certificates(ca_file);
  if (!trusted) return tl::unexpected(trusted.error());
  SSL_CTX_set1_cert_store(context, trusted->get());
  trusted_ = std::move(*trusted);
  auto* expected = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  is_address_ = X509_VERIFY_PARAM_set1_ip_asc(expected, name_.c_str()) == 1;
  if (!is_address_ && X509_VERIFY_PARAM_set1_host(expected, name_.c_str(), 0) != 1)
    return fail("no certificate can be for " + printable(name_));
  ERR_clear_error();
  return {};
}

/// Only notes the reason: the library frees the connection, and with it the reason, before it reports the refusal.
int TlsContext::note_refusal(int accepted, X509_STORE_CTX* certificates) {
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(certificates, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* self = static_cast<TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  if (accepted == 0) self->refused_ = X509_STORE_CTX_get_error(certificates);
  return accepted;
}

/// The library uses the address it was given as the server name. This sets the intended name before the first message
/// is sent. A numeric address is not sent as a name.
void TlsContext::name_the_server(const SSL* ssl, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
  const auto* self = static_cast<const TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  // Called by the TLS state machine: nothing else uses the connection now.
  const char* name = self->is_address_ ? nullptr : self->name_.c_str();
  SSL_set_tlsext_host_name(const_cast<SSL*>(ssl), name);
}

TlsTrouble TlsContext::trouble() const {
  switch (refused_) {
    case X509_V_OK: return TlsTrouble::no_tls;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return TlsTrouble::other_name;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return TlsTrouble::not_now;
    default: return TlsTrouble::certificate;
  }
}

std::string TlsContext::why_failed(const std::string& said) const {
  if (refused_ != X509_V_OK)
    return "the broker's certificate is not accepted for " + printable(name_) + ": " +
           X509_verify_cert_error_string(refused_);
  return "no TLS connection: " + (said.empty() ? std::string("the broker ended it") : printable(last_part(said)));
}

}  // namespace strawberry
