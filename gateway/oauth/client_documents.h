/// Clients whose id is an https URL, at which their metadata lie (Client ID Metadata Documents): fetched when a user
/// who is signed in is asked about one, kept for a while.
///
/// Threading: loop only.   Lifetime: the door's.   Errors: Failure, for people.
/// Bounds: document_bytes_max and document_timeout for each, fetches_max at once, documents_max kept for
/// document_lifetime. Redirects are not followed. Which addresses may be reached is for the HttpClient to know.
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
