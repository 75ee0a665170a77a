#include "cli/spoke/discovery_run/enrollment.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "cli/token_times.h"
#include "common/text/json_text.h"

namespace strawberry::cli::discovery {
namespace {

using nlohmann::json;

/// One request at a time, each on a connection of its own.
class Questions {
 public:
  explicit Questions(EnrollmentOptions options) : options_(std::move(options)) {}

  Task<Outcome<json>> ask(Who who, std::function<std::string()> token, json body) {
    if (stopped_) co_return cli_error(ExitCode::unreachable, "it was stopped");
    HubConnection::Options connection;
    connection.endpoint = options_.endpoint;
    connection.who = std::move(who);
    connection.token = std::move(token);
    connection.connect_timeout = options_.timeout;
    connection.services = {Service::devices};
    const auto hub = std::make_shared<HubConnection>(options_.loop, std::move(connection));
    now_ = hub;
    const Outcome<void> opened = co_await hub->open();
    Outcome<json> reply = tl::unexpected(opened ? CliError{} : opened.error());
    if (opened) reply = co_await hub->request(Service::devices, std::move(body), options_.timeout, nullptr);
    co_await hub->close();
    now_.reset();
    co_return reply;
  }

  Task<void> stop() {
    stopped_ = true;
    const auto hub = now_;
    if (hub) co_await hub->close();
  }

 private:
  const EnrollmentOptions options_;
  std::shared_ptr<HubConnection> now_;
  bool stopped_ = false;
};

Outcome<Enrolled> read_enrolled(const Outcome<json>& reply) {
  if (!reply) return tl::unexpected(reply.error());
  Enrolled enrolled;
  if (reply->is_object()) {
    enrolled = {text_member(*reply, "device_id"), text_member(*reply, "name"), text_member(*reply, "access_token")};
  }
  if (enrolled.device_id.empty() || !times_of(enrolled.token))
    return cli_error(ExitCode::refused, "the hub's reply to a registration is not understood");
  return enrolled;
}

class KeyEnrollment final : public Enrollment {
 public:
  KeyEnrollment(EnrollmentOptions options, DataDir data_dir, std::string user_id)
      : questions_(std::move(options)), data_dir_(std::move(data_dir)), user_id_(std::move(user_id)) {}

  Task<Outcome<Enrolled>> enroll(std::string name) override {
    auto who = cli::enroll(user_id_);
    if (!who) co_return tl::unexpected(who.error());
    auto keys = load_keys(data_dir_);  // read each time: they may have been rotated
    if (!keys) co_return tl::unexpected(keys.error());
    auto token = sign(*keys, *who, session_token_lifetime);
    if (!token) co_return tl::unexpected(token.error());
    json body{{"op", "register"}, {"name", std::move(name)}};
    const auto get_token = [text = std::move(*token)] { return text; };
    const auto reply = co_await questions_.ask(std::move(*who), get_token, std::move(body));
    co_return read_enrolled(reply);
  }

  Task<Outcome<std::string>> new_token(std::string device_id, std::string name) override {
    auto keys = load_keys(data_dir_);
    if (!keys) co_return tl::unexpected(keys.error());
    const Who who{{PrincipalType::device, std::move(device_id), user_id_}, std::move(name)};
    co_return sign(*keys, who, token_lifetime_default);
  }

  Task<void> stop() override { return questions_.stop(); }

 private:
  Questions questions_;
  const DataDir data_dir_;
  const std::string user_id_;
};

class LoginEnrollment final : public Enrollment {
 public:
  LoginEnrollment(EnrollmentOptions options, Who who, std::function<std::string()> token)
      : questions_(std::move(options)), who_(std::move(who)), token_(std::move(token)) {}

  Task<Outcome<Enrolled>> enroll(std::string name) override {
    json body{{"op", "register"}, {"name", std::move(name)}};
    const auto reply = co_await questions_.ask(who_, token_, std::move(body));
    co_return read_enrolled(reply);
  }

  /// Checks the device first, since registering a revoked device again would restore it.
  Task<Outcome<std::string>> new_token(std::string device_id, std::string name) override {
    json get{{"op", "get"}, {"device_id", device_id}};
    const auto found = co_await questions_.ask(who_, token_, std::move(get));
    if (!found) co_return tl::unexpected(found.error());
    if (!found->is_object() || !found->value("is_active", json()).is_boolean() || !found->at("is_active").get<bool>())
      co_return cli_error(ExitCode::refused, "the device was revoked");
    json body{{"op", "register"}, {"name", std::move(name)}, {"device_id", std::move(device_id)}};
    const auto reply = co_await questions_.ask(who_, token_, std::move(body));
    auto enrolled = read_enrolled(reply);
    if (!enrolled) co_return tl::unexpected(enrolled.error());
    co_return std::move(enrolled->token);
  }

  Task<void> stop() override { return questions_.stop(); }

 private:
  Questions questions_;
  const Who who_;
  const std::function<std::string()> token_;
};

}  // namespace

std::unique_ptr<Enrollment> enroll_with_keys(EnrollmentOptions options, DataDir data_dir, std::string user_id) {
  return std::make_unique<KeyEnrollment>(std::move(options), std::move(data_dir), std::move(user_id));
}

std::unique_ptr<Enrollment> enroll_with_login(EnrollmentOptions options, Who who, std::function<std::string()> token) {
  return std::make_unique<LoginEnrollment>(std::move(options), std::move(who), std::move(token));
}

}  // namespace strawberry::cli::discovery
