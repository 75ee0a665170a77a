#include "common/contract/correlation_id.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace strawberry {
namespace {

using nlohmann::json;

constexpr std::size_t nesting_max = 64;

/// Stops the parser at the first top-level `correlation_id`.
class CorrelationIdFinder : public nlohmann::json_sax<json> {
 public:
  std::optional<std::string> found;

  bool start_object(std::size_t) override { return ++depth_ <= nesting_max; }
  bool end_object() override { return --depth_, true; }
  bool start_array(std::size_t) override { return ++depth_ <= nesting_max; }
  bool end_array() override { return --depth_, true; }
  bool key(string_t& name) override {
    wanted_ = depth_ == 1 && name == "correlation_id";
    return true;
  }
  bool string(string_t& value) override {
    if (!wanted_) return true;
    if (!value.empty() && value.size() <= correlation_id_bytes_max) found = std::move(value);
    return false;
  }
  bool null() override { return !wanted_; }
  bool boolean(bool) override { return !wanted_; }
  bool number_integer(number_integer_t) override { return !wanted_; }
  bool number_unsigned(number_unsigned_t) override { return !wanted_; }
  bool number_float(number_float_t, const string_t&) override { return !wanted_; }
  bool binary(binary_t&) override { return !wanted_; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  std::size_t depth_ = 0;
  bool wanted_ = false;
};

}  // namespace

std::optional<std::string> find_correlation_id(std::string_view payload) {
  CorrelationIdFinder finder;
  json::sax_parse(payload.begin(), payload.end(), &finder);
  return std::move(finder.found);
}

}  // namespace strawberry
