/// Reads the envelope of requests and writes that of replies (docs/contract.md, section 3).
///
/// Pure functions on untrusted bytes. Errors: Rejection, with the correlation id when one could be read.
/// Bounds: payload_bytes_max, depth_max levels, correlation_id_bytes_max.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "common/contract/bounded_json.h"
#include "common/contract/error.h"
#include "common/contract/principal.h"
#include "common/contract/topics.h"

namespace strawberry {

inline constexpr int protocol_version = 1;
inline constexpr std::chrono::milliseconds timeout_max{120'000};

struct Envelope {
  nlohmann::json body;  // the whole object
  std::string op;
  std::optional<std::string> correlation_id;  // never empty: an empty one is read as missing, as null is
  std::optional<std::chrono::milliseconds> timeout;
};

struct Rejection {
  Error error;
  std::optional<std::string> correlation_id;
};

/// Reads a request's envelope. Fills in `op` where the service has an operation that may be called without it.
tl::expected<Envelope, Rejection> read_envelope(Service service, std::string_view payload,
                                                std::size_t payload_bytes_max);

/// Returns a text that differs between requests and stays the same when one is sent again. Correlation Data is used
/// when there is no correlation id; without either the identity is empty. An empty id or empty data counts as missing.
std::string request_identity(const Principal& sender, Service service, const std::optional<std::string>& correlation_id,
                             const std::optional<std::string>& correlation_data);

/// Writes the reply as one line of JSON. Bytes that are not UTF-8 become U+FFFD, so a reply can always be sent.
std::string write_reply(const std::optional<std::string>& correlation_id, const Reply<nlohmann::json>& reply);
std::string write_event(const std::optional<std::string>& correlation_id, std::uint64_t seq, const std::string& event,
                        const nlohmann::json& data);

}  // namespace strawberry
