#include "gateway/hub/all_pages.h"

#include <iterator>
#include <utility>

#include "gateway/http/json.h"

namespace strawberry::gateway {
namespace {

using nlohmann::json;

constexpr int page_entries = 500;
constexpr unsigned http_too_large = 413;

}  // namespace

bool names_a_page(const json& body) { return body.contains("limit") || body.contains("cursor"); }

Task<tl::expected<json, Problem>> ask_all_pages(asio::io_context& loop, std::shared_ptr<HubLink> link, Service service,
                                                json body, std::string list) {
  const bool wants_all = !list.empty() && !names_a_page(body);
  if (wants_all) body["limit"] = page_entries;
  json question = body;
  auto whole = co_await ask(loop, link, service, std::move(question));
  if (!whole || !wants_all) co_return whole;
  json& entries = (*whole)[list];
  body.erase("correlation_id");  // each page is a request of its own
  for (std::size_t pages = 1;; ++pages) {
    std::string cursor = text_member(*whole, "next_cursor");
    whole->erase("next_cursor");
    if (cursor.empty() || !entries.is_array()) co_return whole;
    if (pages == all_pages_max || entries.size() >= all_pages_entries_max) {
      Problem refused = problem(http_too_large, "too_large", "the list is too long for one answer: ask with limit");
      refused.details = {{"entries_max", all_pages_entries_max}};
      co_return tl::unexpected(std::move(refused));
    }
    body["cursor"] = std::move(cursor);
    question = body;
    auto page = co_await ask(loop, link, service, std::move(question));
    if (!page) co_return page;
    json& more = (*page)[list];
    if (!more.is_array()) co_return whole;
    auto& taken = more.get_ref<json::array_t&>();
    auto& all = entries.get_ref<json::array_t&>();
    all.insert(all.end(), std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()));
    if (page->contains("next_cursor")) (*whole)["next_cursor"] = std::move((*page)["next_cursor"]);
  }
}

}  // namespace strawberry::gateway
