/// A list that the hub gives in pages, put together again for a client that asked for all of it.
///
/// Threading: loop only.   Errors: those of ask(); `too_large` beyond the bounds.
/// Bounds: all_pages_entries_max and, as the hub bounds a page, about all_pages_max * 512 KiB.
#pragma once

#include "gateway/hub/asking.h"

namespace strawberry::gateway {

inline constexpr std::size_t all_pages_entries_max = 20'000;
inline constexpr std::size_t all_pages_max = 40;

/// Whether a request says itself which page it wants.
bool names_a_page(const nlohmann::json& body);

/// The first page's result with the entries of all pages under `list` (`skills`). A request that names a page gets that
/// one, and without `list` this is ask().
Task<tl::expected<nlohmann::json, Problem>> ask_all_pages(asio::io_context& loop, std::shared_ptr<HubLink> link,
                                                          Service service, nlohmann::json body, std::string list);

}  // namespace strawberry::gateway
