/// The certificate and the key that the server shows to its clients, read again when the files change. TLS 1.2 and
/// newer.
///
/// Threading: loop only.   Lifetime: connections keep the context they began with.
/// Errors: load() fails with what is wrong, for people; a file that is bad later leaves what was read before.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "common/text/result.h"

namespace strawberry::gateway {

class ServerTls {
 public:
  struct Files {
    std::string certificate;  // PEM: the server's own, then those between it and the CA
    std::string key;          // PEM, without a passphrase
  };

  static Result<std::unique_ptr<ServerTls>> load(Files files);

  std::shared_ptr<boost::asio::ssl::context> context() const { return context_; }
  /// Whether the certificate is for this name: then a browser that came here was not sent by a forged DNS answer.
  bool is_for(const std::string& name) const;
  enum class Reload { unchanged, done };
  /// Reads the files when one of them has changed. A failure is reported once for each change.
  Result<Reload> reload_if_changed();

 private:
  explicit ServerTls(Files files) : files_(std::move(files)) {}
  Result<void> read();
  std::string state_of_files() const;

  const Files files_;
  std::string state_;  // of the files, when they were last read
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace strawberry::gateway
