/// A hub of the SDK's own TestHub, and Spokes on it whose log can be waited for.
///
/// Lifetime: a hub for each test.   Errors: EXPECT with the output.
#pragma once

#include <gtest/gtest.h>
#include <strawberry/spoke.h>
#include <strawberry/test_hub.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

namespace strawberry::test {

using nlohmann::json;
using namespace std::chrono_literals;

/// Lines of a Spoke's log.
class Heard {
 public:
  SpokeOptions with(SpokeOptions options) {
    options.log = [this](LogLevel, const std::string& line) {
      const std::lock_guard lock(mutex_);
      text_ += line + "\n";
      changed_.notify_all();
    };
    return options;
  }
  /// Waits until `text` was logged `count` times in total.
  bool wait_for(const std::string& text, std::size_t count = 1, std::chrono::milliseconds timeout = 20s) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return times(text) >= count; });
  }
  std::size_t count(const std::string& text) {
    const std::lock_guard lock(mutex_);
    return times(text);
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  std::size_t times(const std::string& text) const {
    std::size_t found = 0;
    for (std::size_t at = text_.find(text); at != std::string::npos; at = text_.find(text, at + 1)) ++found;
    return found;
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

class SdkFixture : public testing::Test {
 protected:
  static TestHub::Options program() {
    TestHub::Options options;
    options.strawberryctl = STRAWBERRYCTL_PATH;
    return options;
  }

  SpokeOptions lamp_options() {
    SpokeOptions options = hub_.device("Lamp");
    options.class_name = "LampSkill";
    options.retry_min = 50ms;
    options.retry_max = 500ms;
    return heard_.with(std::move(options));
  }
  /// With the skill turn_on, unless other skills are given.
  std::unique_ptr<Spoke> lamp(SpokeOptions options) {
    auto spoke = std::make_unique<Spoke>(std::move(options));
    spoke->skill("turn_on(brightness: int = 100) -> str", "Turn the lamp on.",
                 [](int brightness) { return "on at " + std::to_string(brightness); });
    return spoke;
  }
  std::unique_ptr<Spoke> running_lamp() {
    auto spoke = lamp(lamp_options());
    spoke->start();
    EXPECT_TRUE(spoke->wait_until_ready()) << heard_.text();
    return spoke;
  }
  Spoke& alice() {
    if (!alice_) alice_ = std::make_unique<Spoke>(heard_by_alice_.with(hub_.user("alice")));
    return *alice_;
  }
  /// Returns the result, or the error's code and sentence.
  json call(const std::string& skill, const json& arguments = json::array(), std::chrono::milliseconds timeout = 20s) {
    try {
      return alice().call("lamp.LampSkill." + skill, arguments, json::object(), timeout);
    } catch (const HubError& error) {
      return error.code() + ": " + error.what();
    }
  }

  TestHub hub_{program()};
  Heard heard_;
  Heard heard_by_alice_;
  std::unique_ptr<Spoke> alice_;
};

template <class Act>
std::chrono::milliseconds time_of(Act act) {
  const auto before = std::chrono::steady_clock::now();
  act();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - before);
}

template <class Act>
std::string code_of(Act act) {
  try {
    act();
    return "ok";
  } catch (const HubError& error) {
    return error.code();
  }
}

}  // namespace strawberry::test
