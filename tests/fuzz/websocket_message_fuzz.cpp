// Messages of a WebSocket's client and of the broker: the first byte selects the reader of the rest. Messages that are
// passed on are JSON, whatever arrived.
#include <cstddef>
#include <cstdint>
#include <string>

#include "common/text/json_depth.h"
#include "gateway/http/json.h"
#include "gateway/websocket/messages.h"
#include "tests/fuzz/require.h"

namespace {

using namespace strawberry::gateway;
using nlohmann::json;

/// As it is sent: valid JSON, and not much deeper than the input.
void check_sent(const json& message) {
  constexpr std::size_t levels_around = 16;
  const std::string bytes = strawberry::to_text(message);
  FUZZ_REQUIRE(json::accept(bytes));
  FUZZ_REQUIRE(!strawberry::json_nests_deeper_than(bytes, message_levels_max + levels_around));
}

void check_device(const std::string& text) {
  const DeviceMessage message = read_device_message(text);
  if (message.kind != DeviceMessage::Kind::result) return;
  check_sent(message.result);
  FUZZ_REQUIRE(message.result.at("correlation_id") == message.request_id);
  FUZZ_REQUIRE(message.result.at("success").is_boolean());
  const bool worked = message.result.at("success").get<bool>();
  FUZZ_REQUIRE(message.result.contains("result") == worked && message.result.contains("error") != worked);
}

void check_events(const std::string& text) {
  const EventsMessage message = read_events_message(text);
  FUZZ_REQUIRE((message.kind == EventsMessage::Kind::wrong) == !message.problem.empty());
  FUZZ_REQUIRE(message.kind == EventsMessage::Kind::subscribe || message.topics.empty());
  for (const std::string& topic : message.topics) FUZZ_REQUIRE(topic == presence_topic || topic == hub_topic);
}

void check_call(const std::string& text) {
  const json request = skill_request_of(text);
  if (request.is_null()) return;
  check_sent(request);
  FUZZ_REQUIRE(request.at("skill_name").is_string() && request.at("method_name").is_string());
  FUZZ_REQUIRE(request.at("method_name").get_ref<const std::string&>().find('.') == std::string::npos);
}

void check_event(const std::string& text) {
  for (const char* topic : {"devices/lamp/status", "hub/health"}) {
    const json event = event_of(topic, text);
    check_sent(event);
    const bool is_presence = event.at("topic") == presence_topic;
    FUZZ_REQUIRE(is_presence == (topic[0] == 'd'));
    FUZZ_REQUIRE(!is_presence || event.at("data").is_object());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0]) {
    case 'd': check_device(text); break;
    case 'e': check_events(text); break;
    case 'c': check_call(text); break;
    case 's': check_event(text); break;
    default: break;
  }
  return 0;
}
