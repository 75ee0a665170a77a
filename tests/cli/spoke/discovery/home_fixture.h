/// A DiscoveredHome and a clock, with short functions for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/spoke/discovery/discovered_home.h"
#include "tests/support/fake_clock.h"

namespace strawberry::cli::discovery {

class HomeTest : public ::testing::Test {
 protected:
  using json = nlohmann::json;

  /// A discovery message below `homeassistant/`: `light/kitchen/config`.
  Changes discover(const std::string& where, const json& config) {
    return home_.take("homeassistant/" + where + "/config", config.dump());
  }
  Changes discover_text(const std::string& where, const std::string& payload) {
    return home_.take("homeassistant/" + where + "/config", payload);
  }
  Changes tell(const std::string& topic, const std::string& payload) { return home_.take(topic, payload); }

  std::string only_key() const {
    const auto keys = home_.device_keys();
    return keys.size() == 1 ? keys.front() : "not one device but " + std::to_string(keys.size());
  }

  /// Returns `Class.function(signature)` of the only device, without `Device.read`.
  std::vector<std::string> skills(std::string key = {}) const {
    if (key.empty()) key = only_key();
    std::vector<std::string> lines;
    for (const json& skill : home_.skills(key)) {
      if (skill.at("class_name") == "Device") continue;
      lines.push_back(skill.at("class_name").get<std::string>() + "." + skill.at("signature").get<std::string>());
    }
    return lines;
  }
  json skill(const std::string& path, std::string key = {}) const {
    if (key.empty()) key = only_key();
    for (const json& skill : home_.skills(key)) {
      if (skill.at("class_name").get<std::string>() + "." + skill.at("function_name").get<std::string>() == path)
        return skill;
    }
    return nullptr;
  }

  /// Returns `topic payload` of each publication, or a line `no: why`.
  std::vector<std::string> call(const std::string& path, const json& kwargs = json::object(), std::string key = {}) {
    if (key.empty()) key = only_key();
    const auto plan = home_.call(key, path, nullptr, kwargs);
    if (!plan) return {"no: " + plan.error().message};
    std::vector<std::string> lines;
    for (const auto& each : plan->publications) lines.push_back(each.topic + " " + each.payload);
    return lines;
  }
  json state(const std::string& class_name, std::string key = {}) const {
    if (key.empty()) key = only_key();
    return home_.read(key).value(class_name, json());
  }

  test::FakeClock clock_;
  DiscoveredHome home_{DiscoveredHome::Options{}, clock_};
};

}  // namespace strawberry::cli::discovery
