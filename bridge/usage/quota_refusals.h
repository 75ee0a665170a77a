/// How often each limit of a user has refused something, for metrics: by limit, never by user.
///
/// Threading: loop only.   Bounds: the names of limit_names; all others are `other`.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "bridge/ports/limit_store.h"

namespace strawberry::bridge {

class QuotaRefusals {
 public:
  /// `option`: details.limit of the refusal.
  void count(std::string_view option) {
    for (const auto& each : limit_names)
      if (each.option == option) return void(++by_limit_[std::string(each.name)]);
    ++by_limit_["other"];
  }
  /// By the limit's name.
  const std::map<std::string, std::uint64_t>& counts() const { return by_limit_; }

 private:
  std::map<std::string, std::uint64_t> by_limit_;
};

}  // namespace strawberry::bridge
