#include "bridge/app_parts.h"

#include <stdexcept>

#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "bridge/app_options.h"
#include "common/runtime/log.h"
#include "common/runtime/request_log.h"
#include "common/text/ids.h"
#include "common/text/printable.h"

namespace strawberry::bridge {
namespace {

constexpr auto own_token_lifetime = std::chrono::hours(24 * 365);

std::unique_ptr<Storage> open_storage(asio::io_context& loop, const Config& config, Events& events) {
  auto options = store_options(config);
  options.events = &events;
  auto storage = SqliteStorage::open(loop, config.data.database_file(), std::move(options));
  if (!storage) throw std::runtime_error(storage.error().message);
  return std::move(*storage);
}

const char* act_of(DeviceChanged::Change change) {
  switch (change) {
    case DeviceChanged::Change::registered: return "register";
    case DeviceChanged::Change::updated: return "update";
    case DeviceChanged::Change::revoked: return "revoke";
    case DeviceChanged::Change::deleted: break;
  }
  return "delete";
}

const char* act_of(TokensExchanged::Exchange exchange) {
  switch (exchange) {
    case TokensExchanged::Exchange::signed_in: return "sign_in";
    case TokensExchanged::Exchange::program_allowed: return "allow_program";
    case TokensExchanged::Exchange::program_renewed: return "renew_program";
    case TokensExchanged::Exchange::renewal_reused: return "renewal_token_reused";
    case TokensExchanged::Exchange::program_ended: break;
  }
  return "end_program";
}

const char* act_of(UserChanged::Change change) {
  switch (change) {
    case UserChanged::Change::signed_in: return "login";
    case UserChanged::Change::created: return "create";
    case UserChanged::Change::updated: return "update";
    case UserChanged::Change::password_set: return "set_password";
    case UserChanged::Change::token_issued: return "token";
    case UserChanged::Change::tokens_revoked: return "revoke_token";
    case UserChanged::Change::deleted: break;
  }
  return "delete";
}

}  // namespace

App::Parts::Parts(asio::io_context& loop, const Config& configured, KeyFile keys)
    : context(loop),
      config(configured),
      tokens(std::move(keys)),
      schemas(RequestSchemas::load()),
      started_at(clock.wall_now()),
      started_steady(clock.steady_now()),
      events(clock),
      store(open_storage(loop, config, events)),
      limits(limit_defaults(config)),
      skills(clock, devices, skill_registry_options(config)),
      // The time at which the will is published is unknown now: its `since` is when this bridge last served for
      // certain.
      mqtt(loop, mqtt_options(
                     config, [this] { return own_token(); }, hub_state(false, started_at, started_at))),
      plugin(loop, clock, send, {}),
      audit(
          clock, store->audit(), [this](std::string line) { publish(audit_topic, std::move(line), false); },
          audit_options(config)),
      http(loop.get_executor(), http_options(config)),
      providers(make_provider_chain(http, clock, events, config)),
      calls(loop, clock, devices, skills, send, call_router_options(config)),
      skill_service(clock, devices, skills, calls, store->skills(), limits, events, skill_service_options(config)),
      device_service(clock, devices, store->devices(), tokens, events,
                     {[this](const std::string& id) { return skills.count(id); },
                      [this](std::vector<std::string> ids) { return plugin.changed(std::move(ids)); }},
                     device_service_options(config)),
      program_tokens(clock, store->devices(), tokens, events, program_token_options(config)),
      principals(loop, clock, devices, store->devices(), events),
      passwords(loop, {}),
      user_service(clock,
                   {store->users(), store->devices(), devices, users, passwords, tokens, events,
                    [this](std::vector<std::string> ids) { return plugin.changed(std::move(ids)); },
                    [this](std::string user_id, LimitChange change) {
                      return quota_service.change(std::move(user_id), std::move(change));
                    }},
                   {}),
      token_service(clock,
                    {store->users(), devices, tokens, events,
                     [this](std::vector<std::string> ids) { return plugin.changed(std::move(ids)); }},
                    token_service_options(config)),
      token_uses(loop, clock, store->users()),
      session_service(clock, store->conversations()),
      usage(clock, store->usage(), events, usage_options(config, limits)),
      chat_service(clock,
                   {providers, skill_service, store->conversations(), usage,
                    [this] {
                      const auto counters = mqtt.counters();
                      return AnswerStream::Backlog{counters.outbox_messages, counters.outbox_bytes};
                    }},
                   chat_service_options(config)),
      quota_service({clock, devices, skills, usage.limits(), store->limits(), limits}),
      audit_service(store->audit(), [this] { return audit.flush(); }),
      accounts({users, events, [this](std::vector<std::string> ids) { return plugin.changed(std::move(ids)); }}),
      export_service({clock, devices, skills, limits, store->exports(), events},
                     {[this](const std::string& user_id, bool with_hash) { return accounts.read(user_id, with_hash); },
                      [this](const std::string& user_id) { return user_service.is_known(user_id); },
                      [this](const std::string& user_id, const nlohmann::json& record, bool overwrite) {
                        return accounts.wanted(user_id, record, overwrite);
                      },
                      [this](AccountImport account) { return accounts.written(std::move(account)); },
                      [this](std::vector<std::string> ids) { return plugin.changed(std::move(ids)); },
                      [this](const Request& request) {
                        const bool is_admin_user = request.sender.type == PrincipalType::user &&
                                                   request.token_rights.is_full() &&
                                                   users.standing_of(request.sender.user_id).role == Role::admin;
                        return request.sender.type == PrincipalType::admin || is_admin_user;
                      }}),
      backup_service(
          loop, clock, export_service, [this] { return !store->health().disk_low; }, backup_options(config)),
      usage_service(usage, chat_service_options(config).default_timeout),
      home_assistant(loop, clock,
                     {devices, skills, store->announcements(),
                      [this](const std::string& user_id) { return usage.used_today(user_id); }, send,
                      [this] { return mqtt.counters().outbox_messages; }},
                     home_assistant_options(config)),
      pipeline(loop, clock, schemas, events, pipeline_options(config)),
      mqtt_door(clock, pipeline, send),
      health_timer(loop),
      usage_timer(loop),
      stop(loop.get_executor()) {
  pipeline.hold();  // until every device's presence is known
  pipeline.admit_with([this](const Principal& principal) { return principals.admit(principal); });
  pipeline.know_users_by([this](const std::string& user_id) { return users.standing_of(user_id); });
  pipeline.busy_when([this](const std::string& id) { return mqtt.is_backed_up(id); });
  pipeline.add(skill_service);
  pipeline.add(device_service);
  pipeline.add(program_tokens);
  pipeline.add(user_service);
  pipeline.add(token_service);
  pipeline.add(quota_service);
  pipeline.add(audit_service);
  pipeline.add(export_service);
  pipeline.add(backup_service);
  pipeline.add(session_service);
  pipeline.add(chat_service);
  pipeline.add(usage_service);
  pipeline.limit_with(CountsAs::chat, usage);
  connect();
  connect_users();
}

void App::Parts::connect() {
  listen<DeviceRevoked>("open work", [this](const auto& revoked) { end_work_of(revoked.device_id); });
  listen<PresenceChanged>("open work", [this](const auto& status) {
    if (status.has_changed && !status.online) end_work_of(status.device_id);
  });
  listen<SkillsChanged>("skills topic", [this](const auto& changed) {
    const auto& id = changed.device_id;
    publish(skills_changed_topic(id), skills_changed(id, skills.live_count(id), clock.wall_now()), false);
  });
  listen<DeviceChanged>("skills", [this](const auto& changed) {
    if (changed.change != DeviceChanged::Change::deleted) return;
    skills.remove(changed.device_id);
    events.publish(SkillsChanged{changed.device_id});
    publish(status_topic(changed.device_id), "", true);  // clears the retained message
  });

  listen<DeviceChanged>("home assistant",
                        [this](const auto& changed) { home_assistant.device_changed(changed.device_id); });
  listen<DeviceRolledBack>("home assistant", [this](const auto& rolled_back) {
    home_assistant.device_changed(rolled_back.row.device_id);
    home_assistant.device_changed(rolled_back.row.user_id);  // the hub, if that was the user's only device
  });
  listen<PresenceChanged>("home assistant", [this](const auto& status) {
    if (!status.was_known) home_assistant.presence_changed(status.device_id);
  });
  listen<SkillsRegistered>("home assistant",
                           [this](const auto& registered) { home_assistant.device_changed(registered.device_id); });
  listen<SkillsChanged>("home assistant",
                        [this](const auto& changed) { home_assistant.device_changed(changed.device_id); });
  listen<UsageChanged>("home assistant", [this](const auto& used) { home_assistant.used_more(used.user_id); });

  listen<RequestAnswered>("quota", [this](const auto& request) {
    if (!request.limit.empty()) quota_refusals.count(request.limit);
  });

  const auto acted = [this](const std::string& actor, const std::string& act, const std::string& id,
                            const std::string& user_id) {
    hub_log().info("audit: {} by {} on {}", act, actor, id);
    audit.acted(actor, user_id, "devices." + act, id);
  };
  listen<DeviceChanged>("audit", [acted](const auto& changed) {
    acted(changed.actor, act_of(changed.change), changed.device_id, changed.user_id);
  });
  listen<TokenRefreshed>("audit", [this, acted](const auto& token) {
    const auto& id = token.principal_id;
    const Device* device = devices.find(id);
    acted(id, "refresh_token", id, device != nullptr ? device->row.user_id : id);
  });
  listen<TokensExchanged>("audit", [acted](const auto& done) {
    acted(done.user_id, act_of(done.exchange), done.line.empty() ? done.user_id : done.line, done.user_id);
  });
  listen<RequestAudited>("audit", [this](const auto& request) {
    const auto& by = request.principal.id;
    if (request.refusal == nullptr) return audit.acted(by, request.user_id, request.action, request.subject);
    audit.refused(by, request.user_id, request.action, request.subject, to_string(request.refusal->code),
                  request.refusal->message);
  });
}

void App::Parts::connect_users() {
  listen<UserStandingChanged>("open work", [this](const auto& changed) {
    chat_service.standing_changed(changed.user_id);
    if (!changed.ends_devices) return;
    for (const Device* device : devices.list(changed.user_id)) end_work_of(device->row.device_id);
  });
  listen<UserChanged>("open work", [this](const auto& changed) {
    if (changed.change == UserChanged::Change::tokens_revoked) chat_service.line_revoked(changed.subject);
  });
  listen<TokensExchanged>("open work", [this](const auto& exchanged) {
    using Exchange = TokensExchanged::Exchange;
    if (exchanged.exchange == Exchange::program_ended || exchanged.exchange == Exchange::renewal_reused)
      chat_service.line_revoked(exchanged.line);
  });
  listen<UserChanged>("audit", [this](const auto& changed) {
    const auto act = act_of(changed.change);
    hub_log().info("audit: users.{} by {} on {}", act, changed.actor, printable(changed.subject));
    audit.acted(changed.actor, changed.user_id, std::string("users.") + act, changed.subject);
  });
  listen<UserDeleted>("limits and backups", [this](const auto& deleted) {
    limits.forget(deleted.user_id);
    backup_service.forget(deleted.user_id);
  });
}

Result<void> App::Parts::load() {
  auto loaded = store->load_devices([this](DeviceRow device, const std::vector<SkillRow>& rows) {
    const auto id = device.device_id;
    const auto user = device.user_id;
    devices.put(std::move(device));
    if (!rows.empty()) skills.put(id, user, rows);
  });
  if (!loaded) return loaded;
  loaded = store->load_limits(
      [this](const std::string& user_id, LimitKind kind, std::int64_t value) { limits.set(user_id, kind, value); });
  if (!loaded) return loaded;
  loaded = store->load_users([this](UserRow user) { users.put(std::move(user)); });
  if (!loaded) return loaded;
  loaded = store->load_taken_ids([this](const std::string& id) { devices.note_user(id); });
  if (!loaded) return loaded;
  hub_log().info("{} devices, {} skills in {}", devices.size(), skills.total(), config.data.database_file());
  return {};
}

std::string App::Parts::own_token() {
  Claims claims;
  claims.principal = {PrincipalType::bridge, std::string(bridge_principal_id), ""};
  claims.issued_at = clock.wall_now();
  claims.expires_at = claims.issued_at + own_token_lifetime;
  claims.jti = new_id();
  auto token = tokens.issue(claims);
  if (!token) hub_log().error("cannot sign the bridge's own token: {}", token.error().message);
  return token ? token->token : std::string();
}

void App::Parts::end_work_of(const std::string& device_id) {
  chat_service.sender_left(device_id);
  calls.target_left(device_id);
}

bool App::Parts::publish(std::string topic, std::string payload, bool retained) {
  MqttMessage message;
  message.topic = std::move(topic);
  message.payload = std::move(payload);
  message.retained = retained;
  return mqtt.publish(std::move(message));
}

}  // namespace strawberry::bridge
