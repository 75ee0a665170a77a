// A JSON Schema as a device sends it with a skill's signature, on the first line, and the arguments of a call on the
// second: it is accepted or refused, an accepted one is also accepted as stored, and arguments fit or do not.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/contract/bounded_json.h"
#include "common/contract/schemas/argument_schema.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strawberry;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto end = input.find('\n');
  const auto schema = parse_bounded_json(input.substr(0, end), 256 * 1024);
  if (schema.is_discarded()) return 0;
  const auto cut = ArgumentSchema::read(schema, AtCycle::admit_anything);
  const auto read = ArgumentSchema::read(schema);
  if (!read) FUZZ_REQUIRE(!read.error().message.empty());
  for (const auto* each : {&read, &cut}) {
    if (!*each) continue;
    const auto& document = (*each)->document();
    FUZZ_REQUIRE(document.at("type") == "object" && document.at("properties").is_object());
    const auto again =
        ArgumentSchema::read_text(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    FUZZ_REQUIRE(again && again->document() == document);
    if (end == std::string_view::npos) continue;
    auto arguments = parse_bounded_json(input.substr(end + 1), 256 * 1024);
    if (!arguments.is_object()) continue;
    const auto misfit = (*each)->check(arguments);
    if (misfit) FUZZ_REQUIRE(!misfit->message.empty() && misfit->message.size() < 1'000);
    // Completed arguments stay unchanged.
    FUZZ_REQUIRE((*each)->check(arguments).has_value() == misfit.has_value());
  }
  return 0;
}
