// Messages of a foreign broker: lines `topic payload`, one after the other, as discovery, states and templates. With
// any contents, the result can be subscribed to, registered and called, and removing everything leaves nothing.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "cli/spoke/device_skills.h"
#include "cli/spoke/discovery/discovered_home.h"
#include "cli/spoke/discovery/template/template.h"
#include "cli/spoke/discovery/topic_filter.h"
#include "common/contract/signature.h"
#include "common/text/utf8.h"
#include "tests/fuzz/require.h"
#include "tests/support/fake_clock.h"

namespace {

using namespace strawberry;
using namespace strawberry::cli::discovery;
using nlohmann::json;

void check_device(DiscoveredHome& home, const std::string& key) {
  const DiscoveredDevice* device = home.device(key);
  FUZZ_REQUIRE(device != nullptr && !device->identities.empty() && device->key == key);
  FUZZ_REQUIRE(!device->name.empty() && device->name.size() <= 120 && is_utf8(device->name));
  const json skills = home.skills(key);
  FUZZ_REQUIRE(!skills.empty() && skills.size() <= cli::skills_max);
  std::set<std::string> paths;
  for (const json& skill : skills) {
    const auto signature = parse_signature(skill.at("signature").get<std::string>());
    FUZZ_REQUIRE(signature && signature->function_name == skill.at("function_name").get<std::string>());
    const std::string path = skill.at("class_name").get<std::string>() + "." + signature->function_name;
    FUZZ_REQUIRE(paths.insert(path).second);
    json kwargs = json::object();
    for (const Parameter& parameter : signature->parameters) {
      if (parameter.is_required()) kwargs[parameter.name] = parameter.annotation == "str" ? json("x") : json(1);
    }
    const auto plan = home.call(key, path, nullptr, kwargs);
    if (!plan) continue;
    for (const Publication& each : plan->publications) FUZZ_REQUIRE(fault_of_topic(each.topic).empty());
  }
  FUZZ_REQUIRE(json::accept(home.read(key).dump(-1, ' ', false, json::error_handler_t::replace)));
}

void check_template(std::string_view text) {
  const auto made = Template::read(text);
  if (!made) {
    FUZZ_REQUIRE(!made.error().message.empty());
    return;
  }
  const Value value = "21.5";
  const Value object = {{"state", "ON"}, {"list", {1, 2, "x"}}, {"a", {{"b", 1.5}}}};
  const auto printed = (*made)->render({{"value", &value}, {"value_json", &object}}, from_unix_ms(0));
  if (printed) {
    FUZZ_REQUIRE(printed->size() <= output_bytes_max);
  } else {
    FUZZ_REQUIRE(!printed.error().message.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_template(text);
  const test::FakeClock clock;
  DiscoveredHome home({}, clock);
  Changes all;
  std::set<std::string> discovered;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    at = end + 1;
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::string topic(line.substr(0, blank));
    discovered.insert(topic);
    Changes changes = home.take(topic, line.substr(std::min(blank + 1, line.size())));
    for (const auto& problem : changes.problems)
      FUZZ_REQUIRE(!problem.empty() && problem.size() <= 300 && is_utf8(problem));
    for (const auto& filter : changes.subscribe) FUZZ_REQUIRE(fault_of_filter(filter).empty());
    all.append(std::move(changes));
  }
  FUZZ_REQUIRE(std::set<std::string>(all.subscribe.begin(), all.subscribe.end()).size() == home.topics().size());
  for (const std::string& key : home.device_keys()) check_device(home, key);
  for (const std::string& topic : discovered) home.take(topic, "");
  FUZZ_REQUIRE(home.device_keys().empty() && home.topics().empty());
  return 0;
}
