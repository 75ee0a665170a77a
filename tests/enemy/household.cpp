#include "tests/enemy/household.h"

#include <algorithm>
#include <thread>

namespace strawberry::enemy {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

constexpr const char* user = "bob";
constexpr int calls_for_a_login = 20;
constexpr std::chrono::milliseconds pause_before_next_try{100};

Principal device(const std::string& id) { return {PrincipalType::device, id, user}; }

}  // namespace

Household::Household(test::HubProcess& hub)
    : hub_(hub), speaker_(hub.device("Speaker", user)), tablet_(hub.device("Tablet", user)) {
  offer_skill();
}

double Household::Measured::percentile(double part) const {
  if (milliseconds.empty()) return 0;
  const auto last = static_cast<double>(milliseconds.size() - 1);
  return milliseconds[static_cast<std::size_t>(part * last)];
}

Household::Measured Household::live_for(std::chrono::milliseconds time, std::chrono::milliseconds pause) {
  Measured measured;
  const auto end = steady_clock::now() + time;
  for (int number = 1; steady_clock::now() < end; ++number) {
    const auto began = steady_clock::now();
    if (call()) {
      measured.milliseconds.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - began).count());
    } else {
      ++measured.lost;
    }
    if (number % calls_for_a_login == 0) {
      try {
        hub_.user(user);
      } catch (const std::exception&) {
        ++measured.refused_logins;
      }
    }
    std::this_thread::sleep_for(pause);  // simulates people; waits for nothing
  }
  std::sort(measured.milliseconds.begin(), measured.milliseconds.end());
  return measured;
}

std::optional<std::chrono::milliseconds> Household::come_back() {
  const auto began = steady_clock::now();
  while (steady_clock::now() - began < served_again_max) {
    try {
      speaker_ = std::make_unique<test::Spoke>(hub_, device("speaker"));
      tablet_ = std::make_unique<test::Spoke>(hub_, device("tablet"));
      offer_skill();
      if (call()) return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began);
    } catch (const std::exception&) {
      std::this_thread::sleep_for(pause_before_next_try);
    }
  }
  return std::nullopt;
}

void Household::offer_skill() { speaker_->offer("Lamp", {"toggle(n: int)"}); }

bool Household::call() {
  try {
    const auto id =
        tablet_->send("skills", {{"op", "call"}, {"skill_path", "Lamp.toggle"}, {"args", json::array({1})}});
    const auto called = speaker_->next_call(answer_wait_max);
    if (!called) return false;
    speaker_->answer(*called, "done");
    return tablet_->response("skills", id, answer_wait_max).value("result", json()) == "done";
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace strawberry::enemy
