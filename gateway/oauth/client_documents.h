/// Clients whose id is the https URL of their metadata (Client ID Metadata Documents): fetched when a signed-in user is
/// asked about one, then kept for document_lifetime.
///
/// Threading: loop only.   Lifetime: the door's.   Errors: Failure, for people.
/// Bounds: document_bytes_max and document_timeout for each, fetches_max at once, documents_max kept for
/// document_lifetime. Redirects are not followed. The HttpClient decides which addresses may be reached.
#pragma once

#include <string>

#include "bridge/ports/http.h"
#include "gateway/oauth/clients.h"
#include "gateway/oauth/expiring.h"

namespace strawberry::gateway::oauth {

class ClientDocuments {
 public:
  static constexpr std::size_t document_bytes_max = 5 * 1024;
  static constexpr std::chrono::seconds document_timeout{5};
  static constexpr std::chrono::seconds document_lifetime{300};
  static constexpr std::size_t documents_max = 100;
  static constexpr std::size_t fetches_max = 8;

  ClientDocuments(const Clock& clock, bridge::HttpClient& http)
      : http_(http), kept_(clock, document_lifetime, documents_max) {}

  Task<Result<Client>> find(std::string url);

 private:
  bridge::HttpClient& http_;
  Expiring<Client> kept_;  // by URL
  std::size_t fetches_ = 0;
};

}  // namespace strawberry::gateway::oauth
