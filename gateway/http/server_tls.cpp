#include "gateway/http/server_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

namespace strawberry::gateway {
namespace {

using Context = boost::asio::ssl::context;

std::string openssl_reason() {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(error);
  return reason == nullptr ? "unknown error" : reason;
}

/// Refuses keys with a passphrase, so that the process does not wait for input on a terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

}  // namespace

Result<std::unique_ptr<ServerTls>> ServerTls::load(Files files) {
  std::unique_ptr<ServerTls> made(new ServerTls(std::move(files)));
  made->state_ = made->state_of_files();
  if (auto read = made->read(); !read) return tl::unexpected(read.error());
  return made;
}

Result<void> ServerTls::read() {
  auto context = std::make_shared<Context>(Context::tls_server);
  SSL_CTX* raw = context->native_handle();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Frees the buffers of idle connections: there are thousands of WebSockets with little traffic.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_passwd_cb(raw, no_passphrase);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(raw, files_.certificate.c_str()) != 1)
    return fail("cannot use the certificate in " + files_.certificate + ": " + openssl_reason());
  if (SSL_CTX_use_PrivateKey_file(raw, files_.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail("cannot use the key in " + files_.key + ": " + openssl_reason());
  context_ = std::move(context);
  return {};
}

bool ServerTls::is_for(const std::string& name) const {
  X509* certificate = SSL_CTX_get0_certificate(context_->native_handle());
  return certificate != nullptr && X509_check_host(certificate, name.data(), name.size(), 0, nullptr) == 1;
}

std::string ServerTls::state_of_files() const {
  std::string state;
  for (const std::string& path : {files_.certificate, files_.key}) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) continue;
    for (const auto number :
         {static_cast<std::int64_t>(info.st_ino), static_cast<std::int64_t>(info.st_size),
          static_cast<std::int64_t>(info.st_mtim.tv_sec), static_cast<std::int64_t>(info.st_mtim.tv_nsec)}) {
      state += std::to_string(number) + " ";
    }
  }
  return state;
}

Result<ServerTls::Reload> ServerTls::reload_if_changed() {
  std::string now = state_of_files();
  if (now == state_) return Reload::unchanged;
  state_ = std::move(now);
  if (auto read_again = read(); !read_again) return tl::unexpected(read_again.error());
  return Reload::done;
}

}  // namespace strawberry::gateway
