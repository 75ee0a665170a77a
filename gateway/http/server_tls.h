/// The server's certificate and key, read again when the files change. TLS 1.2 and newer.
///
/// Threading: loop only.   Lifetime: connections keep the context with which they began.
/// Errors: load() fails with a text for people; when a later file is invalid, the previous certificate stays in use.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "common/text/result.h"

namespace strawberry::gateway {

class ServerTls {
 public:
  struct Files {
    std::string certificate;  // PEM: the server's own, then the intermediate ones
    std::string key;          // PEM, without a passphrase
  };

  static Result<std::unique_ptr<ServerTls>> load(Files files);

  std::shared_ptr<boost::asio::ssl::context> context() const { return context_; }
  /// Returns whether the certificate is for this name: then no forged DNS answer can have sent the browser here.
  bool is_for(const std::string& name) const;
  enum class Reload { unchanged, done };
  /// Reads the files when one of them has changed. A failure is reported once for each change.
  Result<Reload> reload_if_changed();

 private:
  explicit ServerTls(Files files) : files_(std::move(files)) {}
  Result<void> read();
  std::string state_of_files() const;

  const Files files_;
  std::string state_;  // of the files, at the last read
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace strawberry::gateway
