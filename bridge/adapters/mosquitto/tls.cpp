#include "bridge/adapters/mosquitto/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "bridge/protocol/text.h"

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

/// The library asks for the address it was given as server name: here is the name that was meant, before the first
/// message says it. A numeric address is none.
void name_the_server(const SSL* ssl, int where, int) {
  if ((where & SSL_CB_HANDSHAKE_START) == 0) return;
  const auto* name = static_cast<const char*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  SSL_set_tlsext_host_name(const_cast<SSL*>(ssl), name);  // the state machine's own hook: nobody else uses it now
}

}  // namespace

Result<TlsContext> make_tls_context(const std::string& ca_file, const std::string& name) {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail("no TLS: " + openssl_says());
  auto* settings = context.get();
  SSL_CTX_set_min_proto_version(settings, TLS1_2_VERSION);
  SSL_CTX_set_verify(settings, SSL_VERIFY_PEER, nullptr);
  // MQTT has an end of its own; without it, a lost connection reads like an error in the protocol.
  SSL_CTX_set_options(settings, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  const bool trusts = ca_file.empty() ? SSL_CTX_set_default_verify_paths(settings) == 1
                                      : SSL_CTX_load_verify_file(settings, ca_file.c_str()) == 1;
  if (!trusts) return fail("cannot use the CA certificates in " + printable(ca_file) + ": " + openssl_says());
  auto* expected = SSL_CTX_get0_param(settings);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1;
  if (!is_address && X509_VERIFY_PARAM_set1_host(expected, name.c_str(), 0) != 1)
    return fail("no certificate can be for " + printable(name));
  ERR_clear_error();
  SSL_CTX_set_app_data(settings, is_address ? nullptr : const_cast<char*>(name.c_str()));
  SSL_CTX_set_info_callback(settings, &name_the_server);
  return context;
}

std::string why_tls_failed(const SSL* ssl, const std::string& said, const std::string& name) {
  const long refused = ssl == nullptr ? X509_V_OK : SSL_get_verify_result(ssl);
  if (refused != X509_V_OK)
    return "the broker's certificate is not accepted for " + printable(name) + ": " +
           X509_verify_cert_error_string(refused);
  return "no TLS connection: " + (said.empty() ? "the broker ended it" : printable(last_part(said)));
}

}  // namespace strawberry
