/// By which address the client of a request knows the gateway: `https://hub.example`, without a slash at its end.
///
/// As configured (http.public_url), else by the request's own Host, which the server has checked (http/origin.h), and
/// whether the server itself speaks TLS.
///
/// Threading: read only.
#pragma once

#include <string>

#include "gateway/http/message.h"

namespace strawberry::gateway {

class PublicUrl {
 public:
  PublicUrl(std::string configured, bool has_tls) : configured_(std::move(configured)), has_tls_(has_tls) {}

  std::string of(const Request& request) const {
    if (!configured_.empty()) return configured_;
    return (has_tls_ ? "https://" : "http://") + std::string(request.header("host"));
  }

 private:
  const std::string configured_;
  const bool has_tls_;
};

}  // namespace strawberry::gateway
