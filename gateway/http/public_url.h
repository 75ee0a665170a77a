/// The address at which the client of a request reaches the gateway: `https://hub.example`, without a slash at its end.
///
/// It is the configured one (http.public_url), else made from the request's Host, which the server has checked
/// (http/origin.h), and from whether the server speaks TLS.
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
