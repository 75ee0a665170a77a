/// A whole hub with a model behind it and a web door before it, shared by the tests of the gateway.
///
/// Lifetime: all ready when constructed, ended with the object.   Errors: throws with the process's output.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "tests/gateway/gateway_process.h"
#include "tests/support/stub_llm/stub_llm.h"

namespace strawberry::test {

inline HubProcess::Options hub_with(const StubLlm& model, const std::string& provider = "stub") {
  HubProcess::Options options;
  options.config = "[llm]\n[[llm.provider]]\nname = \"" + provider + "\"\nbase_url = \"" + model.base_url() +
                   "\"\nmodel = \"stub-1\"\n";
  return options;
}

inline httplib::Response answered(const httplib::Result& result) {
  if (!result) throw std::runtime_error("no answer: " + httplib::to_string(result.error()));
  return *result;
}

class WebDoorTest : public testing::Test {
 protected:
  explicit WebDoorTest(const std::string& gateway_config = {}) : door_(hub_, gateway_config) {}
  std::string token(const std::string& user = "alice") const { return hub_.files().user_token(user); }
  httplib::Response post(const std::string& path, const nlohmann::json& body) {
    return answered(door_.client(token_).Post(path, body.dump(), "application/json"));
  }
  httplib::Response get(const std::string& path) { return answered(door_.client(token_).Get(path)); }

  StubLlm model_;
  HubProcess hub_{hub_with(model_)};
  GatewayProcess door_;
  std::string token_ = token();  // of post() and get()
};

}  // namespace strawberry::test
