/// The envelope around every request and reply (docs/contract.md, section 3): reading one, writing the other.
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
  std::optional<std::string> correlation_id;  // never empty: that means none, as null does
  std::optional<std::chrono::milliseconds> timeout;
};

struct Rejection {
  Error error;
  std::optional<std::string> correlation_id;
};

/// Reads a request's envelope. Where a service has an operation that needs no `op`, it is filled in.
tl::expected<Envelope, Rejection> read_envelope(Service service, std::string_view payload,
                                                std::size_t payload_bytes_max);

/// What tells a request from all others, and stays the same when it is sent again. Correlation Data stands in for a
/// correlation id that is not there; without either it is empty. An empty one of them is not there.
std::string request_identity(const Principal& sender, Service service, const std::optional<std::string>& correlation_id,
                             const std::optional<std::string>& correlation_data);

/// One line of JSON. Text that is not UTF-8 is replaced (U+FFFD), never refused: a reply always leaves.
std::string write_reply(const std::optional<std::string>& correlation_id, const Reply<nlohmann::json>& reply);
std::string write_event(const std::optional<std::string>& correlation_id, std::uint64_t seq, const std::string& event,
                        const nlohmann::json& data);

}  // namespace strawberry
