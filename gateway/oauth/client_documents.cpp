#include "gateway/oauth/client_documents.h"

namespace strawberry::gateway::oauth {

Task<Result<Client>> ClientDocuments::find(std::string url) {
  if (const Client* kept = kept_.find(url)) co_return *kept;
  if (!is_document_url(url)) co_return fail("its id is no https address of a document");
  if (fetches_ >= fetches_max) co_return fail("too many clients' documents are being fetched: try again");
  bridge::HttpRequest request;
  request.method = "GET";
  request.url = url;
  request.headers.emplace_back("Accept", "application/json");
  request.connect_timeout = request.total_timeout = document_timeout;
  request.response_bytes_max = document_bytes_max;
  ++fetches_;
  const auto answer = co_await http_.fetch(std::move(request));
  --fetches_;
  // Not why: whoever asks could look around in the hub's network by it.
  if (!answer || answer->status != 200) co_return fail("its document cannot be fetched");
  auto client = client_of_document(url, answer->body);
  if (client) kept_.put(url, *client);
  co_return client;
}

}  // namespace strawberry::gateway::oauth
