#include "sdk/cpp/include/strawberry/spoke.h"

#include <utility>

#include "common/contract/topics.h"
#include "common/text/json_text.h"
#include "common/text/printable.h"
#include "sdk/cpp/src/engine.h"

namespace strawberry {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

SpokeOptions with_directory(const std::string& connect_directory) {
  SpokeOptions options;
  options.connect_directory = connect_directory;
  return options;
}

std::string place_in_words(const json& value) { return value.type_name(); }

}  // namespace

HubError::HubError(std::string code, const std::string& message, bool retryable, json details)
    : std::runtime_error(message), code_(std::move(code)), retryable_(retryable), details_(std::move(details)) {}
HubError::~HubError() = default;

void skill_function::misfit(const char* wanted, const json& value) {
  throw std::invalid_argument(std::string("an argument must be ") + wanted + " and is " + place_in_words(value));
}
void skill_function::out_of_range(std::int64_t min, std::uint64_t max, const json& value) {
  throw std::invalid_argument("an argument is out of range: " + printable(to_text(value), 40) + " (" +
                              std::to_string(min) + " to " + std::to_string(max) + ")");
}

Spoke::Spoke(const std::string& connect_directory) : Spoke(with_directory(connect_directory)) {}
Spoke::Spoke(SpokeOptions options) : engine_(std::make_shared<Engine>(std::move(options))) {}
Spoke::~Spoke() { engine_->stop(); }

void Spoke::add_skill(const std::string& signature, const std::string& docstring, SkillFunction function,
                      SkillOptions options) {
  engine_->add(signature, docstring, std::move(function), options);
}

int Spoke::run() { return engine_->run(); }
void Spoke::start() { engine_->start(); }
void Spoke::stop() { engine_->stop(); }
bool Spoke::wait_until_ready(milliseconds timeout) { return engine_->wait_until_ready(timeout); }
bool Spoke::is_online() const { return engine_->is_online(); }
std::string Spoke::id() const { return engine_->id(); }

json Spoke::request(const std::string& service, json body, milliseconds timeout) {
  const auto named = parse_service(service);
  if (!named)
    throw HubError("bad_request", "no service: " + printable(service, 40) + " (skills, chat, sessions, devices)");
  if (!body.is_object()) throw HubError("bad_request", "a request is an object");
  return engine_->ask(*named, std::move(body), timeout);
}

json Spoke::call(const std::string& skill_path, json arguments, json named, milliseconds timeout) {
  json body{{"op", "call"}, {"skill_path", skill_path}};
  if (arguments.is_object() && named.empty()) {
    body["kwargs"] = std::move(arguments);
  } else {
    body["args"] = std::move(arguments);
    body["kwargs"] = std::move(named);
  }
  return engine_->ask(Service::skills, std::move(body), timeout);
}

std::vector<FoundSkill> Spoke::search(const std::string& query, std::size_t device_limit) {
  const json reply =
      engine_->ask(Service::skills, {{"op", "search"}, {"query", query}, {"device_limit", device_limit}}, {});
  std::vector<FoundSkill> found;
  for (const json& each : reply.value("results", json::array())) {
    FoundSkill skill;
    skill.path = text_member(each, "path");
    skill.signature = text_member(each, "signature");
    skill.summary = text_member(each, "summary");
    skill.docstring = text_member(each, "docstring");
    for (const json& device : each.value("devices", json::array())) {
      if (device.is_string()) skill.devices.push_back(device.get<std::string>());
    }
    const json count = each.value("device_count", json());
    if (count.is_number_unsigned()) skill.device_count = count.get<std::size_t>();
    skill.preferred_device = text_member(each, "preferred_device");
    skill.is_local = is_true(each, "is_local");
    skill.device_agnostic = is_true(each, "device_agnostic");
    found.push_back(std::move(skill));
  }
  return found;
}

ChatAnswer Spoke::chat(const std::string& text) {
  ChatRequest request;
  request.text = text;
  return chat(request);
}

std::string Spoke::keep(const Said& said) { return engine_->keep(said); }
SyncResult Spoke::sync() { return engine_->sync(); }

}  // namespace strawberry
