/// The hub of the examples in the OpenAPI document: alice's speaker is connected and answers every call, and the door
/// has its own token for checking passwords.
///
/// Threading: the speaker answers in a thread of its own until the object is destroyed.   Errors: throws.
#pragma once

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/gateway/web_door.h"

namespace strawberry::test {

class ExampleHub {
 public:
  ExampleHub() {
    std::ofstream(hub_.files().directory().file("gateway.token"))
        << hub_.files().token({PrincipalType::gateway, std::string(gateway_principal_id), ""});
    hub_.admin()->result_of(
        "devices",
        {{"op", "register"}, {"user_id", "alice"}, {"device_id", principal_.id}, {"name", "Living Room Speaker"}});
    speaker_ = std::make_unique<Spoke>(hub_, principal_);
    speaker_->offer("MusicControlSkill", {"play_song(name: str, volume: int = 50) -> bool"});
    answers_ = std::thread([this] {
      while (!is_over_) {
        if (const auto call = speaker_->next_call(std::chrono::milliseconds(100))) speaker_->answer(*call, true);
      }
    });
  }
  ~ExampleHub() {
    is_over_ = true;
    answers_.join();
  }
  ExampleHub(const ExampleHub&) = delete;
  ExampleHub& operator=(const ExampleHub&) = delete;

  GatewayProcess& door() { return door_; }
  std::string directory() const { return hub_.files().directory().path().string(); }
  std::string user_token() const { return hub_.files().user_token("alice"); }
  std::string device_token() const { return hub_.files().token(principal_, std::chrono::hours(1)); }
  /// `id`: a link works once.
  std::string login_link_token(const std::string& id = "sign-in-1") const {
    return hub_.files().token({PrincipalType::grant, id, "alice"});
  }

 private:
  static HubProcess::Options options(const StubLlm& model) {
    HubProcess::Options options = hub_with(model, "openai");
    options.rate_limits = false;
    return options;
  }

  const Principal principal_{PrincipalType::device, "3f0c6a52-1b7e-4f0e-9b61-7f5a0c1d2e3f", "alice"};
  StubLlm model_;
  HubProcess hub_{options(model_)};
  GatewayProcess door_{hub_};
  std::unique_ptr<Spoke> speaker_;
  std::atomic<bool> is_over_ = false;
  std::thread answers_;
};

}  // namespace strawberry::test
