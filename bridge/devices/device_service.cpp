#include "bridge/devices/device_service.h"

#include <algorithm>
#include <utility>

#include "bridge/devices/device_about.h"
#include "common/contract/device_name.h"
#include "common/identity/token_line.h"
#include "common/text/ids.h"
#include "common/text/json_text.h"

namespace strawberry::bridge {
namespace {

using nlohmann::json;

json optional_time(const std::optional<std::int64_t>& ms) {
  return ms ? json(format_rfc3339(from_unix_ms(*ms))) : json(nullptr);
}

/// Returns from when on the tokens of a new device are valid, so that the first one, issued in this second, is.
WallTime from_this_second(WallTime now) { return std::chrono::floor<std::chrono::seconds>(now); }

/// Returns the first time after all tokens issued to a device so far, so that they are revoked: `iat` counts whole
/// seconds. Right after such a time was set, the newest token has that time, up to a second from now.
std::int64_t after_issued_tokens(WallTime now, const DeviceRow& device) {
  const auto newest = std::max(now, from_unix_ms(device.tokens_valid_from_ms));
  return to_unix_ms(std::chrono::ceil<std::chrono::seconds>(newest + std::chrono::milliseconds(1)));
}

/// `what`: the limit per hour with its unit, for example `300 device registrations`.
tl::unexpected<Error> too_often(const std::string& what, std::chrono::nanoseconds wait) {
  return error(ErrorCode::rate_limited, "more than " + what + " an hour",
               {{"retry_after_ms", std::chrono::ceil<std::chrono::milliseconds>(wait).count()}});
}

std::string_view refusal(PrincipalType type) {
  if (type == PrincipalType::enroll) return "an enrollment token may only register its device";  // it buys one thing
  if (type == PrincipalType::grant) return "a one-time token may only be exchanged for others";
  if (type == PrincipalType::bridge) return "the bridge does not ask itself";
  return "only a device or a user may refresh its token";
}

/// Refuses operations that programs may not use, whatever their user may do.
Task<Reply<json>> refuse_program() {
  co_return error(ErrorCode::forbidden, "a program that a user has allowed manages no devices and no tokens");
}

/// A handler of `method` for all principals except programs.
template <auto method>
Task<Reply<json>> handled_unless_program(RequestHandler& service, Request request) {
  if (request.token && is_of_program(request.token->root())) return refuse_program();
  return handled_by<method>(service, std::move(request));
}

/// True also for an admin that names no user: it manages all devices.
bool may_manage(const Request& request, const Device& device) {
  const bool is_for_all = request.sender.type == PrincipalType::admin && request.acting_user.empty();
  return is_for_all || device.row.user_id == request.acting_user;
}

}  // namespace

DeviceService::DeviceService(const Clock& clock, DeviceRegistry& devices, DeviceStore& store, TokenIssuer& tokens,
                             Events& events, Functions functions, Options options)
    : clock_(clock),
      devices_(devices),
      store_(store),
      tokens_(clock, tokens, options.tokens),
      events_(events),
      functions_(std::move(functions)),
      options_(options),
      registrations_(clock, {options.registrations_per_hour_max}),
      refreshes_(clock, {options.refreshes_per_hour_max}) {}

const OperationTable& DeviceService::operations() {
  using enum PrincipalType;
  using S = DeviceService;
  static constexpr WhoMay everybody{device, user, admin};
  static constexpr WhoMay holders{device, user};  // principals whose token is exchanged for another
  static constexpr WhoMay with_enrollment{device, user, admin, enroll};
  static constexpr Operation rows[] = {
      {"me", everybody, ActsFor::own_user, handled_by<&S::me>, Scope::devices_read},
      {"list", everybody, ActsFor::user_or_all, handled_by<&S::list>, Scope::devices_read},
      {"get", everybody, ActsFor::user_or_all, handled_by<&S::get>, Scope::devices_read},
      {"register", with_enrollment, ActsFor::user, handled_unless_program<&S::add>, Scope::devices_write},
      {"update", everybody, ActsFor::user_or_all, handled_unless_program<&S::update>, Scope::devices_write},
      {"refresh_token", holders, ActsFor::own_user, handled_unless_program<&S::refresh_token>, Needs::nothing()},
      {"revoke", everybody, ActsFor::user_or_all, handled_unless_program<&S::revoke>, Scope::devices_write},
      {"delete", everybody, ActsFor::user_or_all, handled_unless_program<&S::remove>, Scope::devices_write},
  };
  static constexpr OperationTable table{Service::devices, rows, refusal};
  return table;
}

json DeviceService::entry(const Device& device) const {
  const auto& about = device.row.about;
  return {{"device_id", device.row.device_id},
          {"name", device.row.name},
          {"normalized_name", device.row.normalized_name},
          {"user_id", device.row.user_id},
          {"is_active", device.row.is_active},
          {"online", device.online},
          {"last_seen", optional_time(device.row.last_seen_ms)},
          {"created_at", format_rfc3339(from_unix_ms(device.row.created_at_ms))},
          {"skill_count", functions_.skill_count(device.row.device_id)},
          {"room", about.room.empty() ? json(nullptr) : json(about.room)},
          {"aliases", about.aliases},
          {"capabilities", about.capabilities}};
}

json DeviceService::whole_entry(const Device& device) const {
  auto whole = entry(device);
  whole["metadata"] = json_from(device.row.about.metadata);
  if (!whole["metadata"].is_object()) whole["metadata"] = json::object();
  return whole;
}

Reply<json> DeviceService::me(const Request& request) const {
  if (request.sender.type != PrincipalType::device) return error(ErrorCode::not_found, "the sender is not a device");
  const auto* device = devices_.find(request.sender.id);
  if (device == nullptr) return error(ErrorCode::not_found, "no such device");
  return whole_entry(*device);
}

Reply<json> DeviceService::list(const Request& request) const {
  const auto filter = wanted_devices(request);
  if (!filter) return tl::unexpected(filter.error());
  json entries = json::array();
  for (const auto* device : devices_.list(request.acting_user))
    if (filter->fits(*device)) entries.push_back(entry(*device));
  const auto total = entries.size();
  return json{{"devices", std::move(entries)}, {"total", total}};
}

Reply<const Device*> DeviceService::managed(const Request& request) const {
  const auto device_id = request.body.at("device_id").get<std::string>();
  const auto* device = devices_.find(device_id);
  if (device == nullptr || !may_manage(request, *device)) return error(ErrorCode::not_found, "no such device");
  return device;
}

Reply<json> DeviceService::get(const Request& request) const {
  auto device = managed(request);
  if (!device) return tl::unexpected(device.error());
  return whole_entry(**device);
}

Reply<DeviceRow> DeviceService::new_row(const Request& request) const {
  const std::string& user_id = request.acting_user;
  // Devices and users share one namespace: a user with a device's id could not be distinguished from the device.
  if (devices_.find(user_id) != nullptr || is_reserved_id(user_id))
    return error(ErrorCode::bad_request, "this user_id is taken", {{"path", "/user_id"}});
  auto name = wanted_name(request);
  if (!name) return tl::unexpected(name.error());
  const auto now = clock_.wall_now();
  DeviceRow row;
  row.device_id = request.body.value("device_id", new_id());
  row.user_id = user_id;
  row.created_at_ms = to_unix_ms(now);
  row.tokens_valid_from_ms = to_unix_ms(from_this_second(now));
  // Only people may choose ids: a device could take an id that another device is expected to register with.
  const bool chooses = request.body.contains("device_id");
  if (chooses && (request.sender.type == PrincipalType::enroll ||
                  (request.sender.type == PrincipalType::device && row.device_id != request.sender.id))) {
    return error(ErrorCode::forbidden, "only a user or an admin may choose a device_id");
  }
  const auto* existing = devices_.find(row.device_id);
  if (existing != nullptr) {
    // Registering again issues a new token for that device, so the principal must have rights to it.
    const bool may = existing->row.user_id == user_id &&
                     (request.sender.type == PrincipalType::admin || request.sender.type == PrincipalType::user ||
                      (request.sender.type == PrincipalType::device && request.sender.id == row.device_id));
    if (!may) return error(ErrorCode::forbidden, "this device_id is taken");
    row = existing->row;
    row.is_active = true;
  } else if (is_reserved_id(row.device_id) || devices_.is_user(row.device_id) || row.device_id == user_id ||
             row.device_id == request.sender.id) {
    return error(ErrorCode::forbidden, "this device_id is taken");
  } else if (devices_.size() >= options_.devices_max) {
    return error(ErrorCode::busy, "the hub has as many devices as it may");
  }
  row.name = devices_.free_name(row.user_id, *name, row.device_id);
  row.normalized_name = normalize_device_name(row.name);
  return row;
}

void DeviceService::take_back(const DeviceRow& row, const std::optional<DeviceRow>& old) {
  const auto* now = devices_.find(row.device_id);
  if (now == nullptr || now->row != row) return;  // another request has changed it since: that change stays
  devices_.remove(row.device_id);
  if (old) {
    auto restored = *old;
    restored.name = devices_.free_name(restored.user_id, restored.name, restored.device_id);
    restored.normalized_name = normalize_device_name(restored.name);
    devices_.put(std::move(restored));
  }
  events_.publish(DeviceRolledBack{row});
}

void DeviceService::tokens_valid_from(const std::string& device_id, std::int64_t valid_from_ms) {
  const auto* device = devices_.find(device_id);
  if (device == nullptr) return;
  auto row = device->row;
  row.tokens_valid_from_ms = std::max(row.tokens_valid_from_ms, valid_from_ms);
  devices_.put(std::move(row));
}

/// An admin has no rate, as in the broker plugin, since setting up a house takes many registrations at once.
std::optional<Error> DeviceService::too_many_registrations(const Principal& sender, const std::string& user_id) {
  if (sender.type == PrincipalType::admin) return std::nullopt;
  const auto wait = registrations_.take(user_id);
  if (!wait) return std::nullopt;
  return too_often(std::to_string(options_.registrations_per_hour_max) + " device registrations", *wait).value();
}

Task<Reply<json>> DeviceService::add(Request request) {
  auto row = new_row(request);
  if (!row) co_return tl::unexpected(row.error());
  if (auto refused = too_many_registrations(request.sender, row->user_id)) {
    co_return tl::unexpected<Error>(std::move(*refused));
  }
  auto token = tokens_.make(request, {PrincipalType::device, row->device_id, row->user_id}, row->name,
                            from_unix_ms(row->tokens_valid_from_ms));
  if (!token) co_return tl::unexpected(token.error());

  // The registry is changed before the write, so that a concurrent registration gets another name. The token is signed
  // first, so that no device is stored when the hub cannot sign.
  const auto* before = devices_.find(row->device_id);
  const auto old = before != nullptr ? std::optional<DeviceRow>(before->row) : std::nullopt;
  devices_.put(*row);
  Reply<std::int64_t> valid_from = row->tokens_valid_from_ms;
  if (old) {
    DeviceChange change;
    change.name = row->name;
    change.normalized_name = row->normalized_name;
    change.is_active = true;
    auto stored =
        co_await store_.change_device(row->user_id, row->device_id, std::move(change), std::move(token->listed));
    if (!stored) valid_from = tl::unexpected(stored.error());
  } else if (request.sender.type == PrincipalType::enroll) {
    valid_from = co_await store_.enroll_device(*row, request.sender.id, to_unix_ms(clock_.wall_now()), token->listed);
  } else {
    valid_from = co_await store_.add_device(*row, token->listed);
  }
  if (!valid_from) {
    take_back(*row, old);
    co_return tl::unexpected(valid_from.error());
  }
  if (*valid_from > row->tokens_valid_from_ms) {
    // A device with that id was deleted in this second, or while the clock was ahead.
    tokens_valid_from(row->device_id, *valid_from);
    if (auto signed_again = tokens_.sign_from(*token, *valid_from); !signed_again) {
      co_return tl::unexpected(signed_again.error());
    }
  }
  std::optional<std::string> spent_token;
  if (request.sender.type == PrincipalType::enroll) spent_token = request.sender.id;
  DeviceChanged changed{DeviceChanged::Change::registered, row->device_id, request.sender.id, row->user_id};
  co_await announce(std::move(changed), std::move(spent_token));
  co_return json{{"device_id", row->device_id}, {"name", row->name}, {"access_token", token->text}};
}

Task<void> DeviceService::announce(DeviceChanged changed, std::optional<std::string> spent_token) {
  std::vector<std::string> ids(1, changed.device_id);
  if (spent_token) ids.push_back(std::move(*spent_token));
  co_await functions_.tell_plugin(std::move(ids));
  events_.publish(changed);
}

Task<Reply<json>> DeviceService::update(Request request) {
  auto device = managed(request);
  if (!device) co_return tl::unexpected(device.error());
  const auto old = (*device)->row;
  auto change = wanted_change(request, old, devices_);
  if (!change) co_return tl::unexpected(change.error());
  auto row = old;
  if (change->name) {
    row.name = devices_.free_name(row.user_id, *change->name, row.device_id);
    row.normalized_name = normalize_device_name(row.name);
    change->name = row.name;
    change->normalized_name = row.normalized_name;
  }
  if (change->room) row.about.room = *change->room;
  if (change->aliases) row.about.aliases = *change->aliases;
  if (change->capabilities) row.about.capabilities = *change->capabilities;
  if (change->metadata) row.about.metadata = *change->metadata;
  devices_.put(row);
  auto stored = co_await store_.change_device(row.user_id, row.device_id, std::move(*change));
  if (!stored) {
    take_back(row, old);
    co_return tl::unexpected(stored.error());
  }
  DeviceChanged changed{DeviceChanged::Change::updated, row.device_id, request.sender.id, row.user_id};
  co_await announce(std::move(changed));
  const auto* updated = devices_.find(row.device_id);
  if (updated == nullptr) co_return error(ErrorCode::not_found, "the device was deleted meanwhile");
  co_return whole_entry(*updated);
}

Task<Reply<json>> DeviceService::refresh_token(Request request) {
  if (!request.token) {
    auto failed = error(ErrorCode::internal, "the hub does not know which token asks");
    failed.value().cause = "the broker's plugin does not say by which token a request was made: restart the broker";
    co_return failed;
  }
  std::string name;
  WallTime not_before{};
  if (request.sender.type == PrincipalType::device) {
    const auto* device = devices_.find(request.sender.id);
    if (device == nullptr || !device->row.is_active)
      co_return error(ErrorCode::forbidden, "this device may not have a token");
    not_before = from_unix_ms(device->row.tokens_valid_from_ms);
    if (request.token->issued_at < not_before)
      co_return error(ErrorCode::forbidden, "the token that asks for another one was revoked");
    name = device->row.name;
  }
  // Not acting_user, which for a guest is the host: the token belongs to the sender.
  if (const auto wait = refreshes_.take(request.sender.user_id))
    co_return too_often(std::to_string(options_.refreshes_per_hour_max) + " token refreshes", *wait);
  auto token = tokens_.make(request, request.sender, name, not_before);
  if (!token) co_return tl::unexpected(token.error());
  auto stored = co_await store_.add_token(std::move(token->listed));
  if (!stored) co_return tl::unexpected(stored.error());
  events_.publish(TokenRefreshed{request.sender.id});
  co_return json{{"access_token", token->text}, {"expires_at", format_rfc3339(token->claims.expires_at)}};
}

Task<Reply<json>> DeviceService::revoke(Request request) {
  auto device = managed(request);
  if (!device) co_return tl::unexpected(device.error());
  const auto old = (*device)->row;
  auto row = old;
  row.is_active = false;
  row.tokens_valid_from_ms = after_issued_tokens(clock_.wall_now(), old);
  devices_.put(row);  // from now on its requests are refused
  DeviceChange change;
  change.is_active = false;
  change.tokens_valid_from_ms = row.tokens_valid_from_ms;
  auto stored = co_await store_.change_device(row.user_id, row.device_id, std::move(change));
  if (!stored) {
    take_back(row, old);
    co_return tl::unexpected(stored.error());
  }
  events_.publish(DeviceRevoked{row.device_id});
  DeviceChanged changed{DeviceChanged::Change::revoked, row.device_id, request.sender.id, row.user_id};
  co_await announce(std::move(changed));
  co_return json{{"device_id", row.device_id}, {"revoked", true}};
}

Task<Reply<json>> DeviceService::remove(Request request) {
  auto device = managed(request);
  if (!device) co_return tl::unexpected(device.error());
  const auto old = (*device)->row;
  const auto device_id = old.device_id;
  auto row = old;
  row.is_active = false;
  row.tokens_valid_from_ms = after_issued_tokens(clock_.wall_now(), old);
  devices_.put(row);  // its requests are refused, and it gets no token younger than the revocation
  auto stored = co_await store_.delete_device(old.user_id, device_id, row.tokens_valid_from_ms);
  if (!stored) {
    take_back(row, old);
    co_return tl::unexpected(stored.error());
  }
  devices_.remove(device_id);
  events_.publish(DeviceRevoked{device_id});
  DeviceChanged changed{DeviceChanged::Change::deleted, device_id, request.sender.id, old.user_id};
  co_await announce(std::move(changed));
  co_return json{{"device_id", device_id}, {"deleted", true}};
}

}  // namespace strawberry::bridge
