// Prints what the program knows of the wire, as JSON, for the tests of the AsyncAPI document.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bridge/chat/chat_events.h"
#include "common/contract/error.h"
#include "common/contract/schemas/request_schemas.h"

int main() {
  using namespace strawberry;
  nlohmann::json facts = {{"events", bridge::chat_event::all}};
  const auto requests = RequestSchemas::load();
  for (const auto service : {Service::skills, Service::devices, Service::chat, Service::sessions, Service::users}) {
    for (const auto& op : requests.ops(service))
      facts["operations"].push_back(std::string(to_string(service)) + "/" + op);
  }
  for (const auto code : error_codes_all) facts["errors"][to_string(code)] = is_retryable(code);
  std::puts(facts.dump().c_str());
}
