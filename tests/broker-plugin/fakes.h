/// A broker that records calls, and a directory that a test fills.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "broker-plugin/broker.h"
#include "broker-plugin/gatekeeper.h"
#include "common/contract/control.h"
#include "common/identity/device_directory.h"

namespace strawberry::test {

using namespace plugin;

class FakeBroker final : public Broker {
 public:
  void publish_retained(const std::string& topic, const std::string& payload) override {
    if (topic != "hub/broker") published.emplace_back(topic, payload);
    retained[topic] = payload;
  }
  void publish(const std::string& topic, const std::string& payload) override {
    if (topic == "$CONTROL/strawberry/v1/response") {
      if (auto uses = read_token_uses(payload)) {
        told_uses.push_back(std::move(*uses));
      } else {
        acknowledged.push_back(nlohmann::json::parse(payload).at("number").get<std::uint64_t>());
      }
      return;
    }
    EXPECT_EQ(topic, "hub/audit");
    audited.push_back(nlohmann::json::parse(payload));
  }
  void kick(const std::string& client_id, bool with_will) override {
    kicked.emplace_back(client_id, with_will);
    if (on_kick) on_kick(client_id);
  }
  bool shows_sessions() const override { return user_names.has_value(); }
  std::vector<BrokerSession> sessions() override {
    std::vector<BrokerSession> all;
    for (const auto& [client_id, user_name] : *user_names) all.push_back({client_id, user_name});
    return all;
  }
  std::optional<BrokerSession> session(const std::string& client_id) override {
    const auto found = user_names->find(client_id);
    if (found == user_names->end()) return std::nullopt;
    return BrokerSession{client_id, found->second};
  }
  void request_reload() override { ++reload_requests; }
  std::optional<std::size_t> memory_in_use() override {
    ++memory_looks;
    return memory;
  }
  void log(LogLevel, const std::string& line) override { lines.push_back(line); }

  /// `online`, `offline`, or empty when nothing is retained.
  std::string state_of(const std::string& device_id) const {
    const auto found = retained.find("devices/" + device_id + "/status");
    if (found == retained.end() || found->second.empty()) return {};
    return nlohmann::json::parse(found->second).at("state").get<std::string>();
  }
  nlohmann::json status_of(const std::string& device_id) const {
    return nlohmann::json::parse(retained.at("devices/" + device_id + "/status"));
  }

  std::vector<std::pair<std::string, std::string>> published;  // without the report
  std::vector<nlohmann::json> audited;
  std::vector<std::uint64_t> acknowledged;
  std::vector<std::vector<TokenUse>> told_uses;
  std::map<std::string, std::string> retained;
  std::vector<std::pair<std::string, bool>> kicked;
  std::vector<std::string> lines;
  int reload_requests = 0;
  std::optional<std::size_t> memory = 10 * 1024 * 1024;
  int memory_looks = 0;
  /// The user names of its sessions, by client id; nullopt for a broker that does not show them.
  std::optional<std::map<std::string, std::string>> user_names;
  std::function<void(const std::string& client_id)> on_kick;
};

class FakeDirectory final : public DeviceDirectory {
 public:
  Result<bool> refresh() override {
    ++refreshes;
    if (!failure.empty()) return fail(failure);
    if (!changed) return false;
    changed = false;
    devices = pending;
    spent = pending_spent;
    revoked = pending_revoked;
    users_valid_from = pending_users_valid_from;
    return true;
  }
  Result<void> refresh_one(const Lookup&) override {
    if (auto refreshed = refresh(); !refreshed) return tl::unexpected(refreshed.error());
    return {};
  }
  const DeviceRecord* find(std::string_view device_id) const override {
    const auto found = devices.find(std::string(device_id));
    return found == devices.end() ? nullptr : &found->second;
  }
  std::string_view former_owner_of(std::string_view device_id) const override {
    const auto found = former_owners.find(std::string(device_id));
    return found == former_owners.end() ? std::string_view() : found->second;
  }
  std::size_t size() const override { return devices.size(); }
  bool has_devices(std::string_view user_id) const override {
    for (const auto& [id, device] : devices) {
      if (device.user_id == user_id) return true;
    }
    return false;
  }
  bool is_spent(std::string_view enroll_id) const override { return spent.contains(std::string(enroll_id)); }
  bool is_revoked(std::string_view jti) const override { return revoked.contains(std::string(jti)); }
  WallTime tokens_valid_from(std::string_view user_id) const override {
    const auto found = users_valid_from.find(std::string(user_id));
    return found == users_valid_from.end() ? WallTime{} : found->second;
  }
  const UserStanding& standing_of(std::string_view user_id) const override {
    static const UserStanding member;
    const auto found = standings.find(std::string(user_id));
    return found == standings.end() ? member : found->second;
  }
  bool is_taken(std::string_view id) override {
    ++taken_lookups;
    return taken.contains(std::string(id));
  }
  std::unordered_map<std::string, UserStanding> standings;
  std::set<std::string> taken;  // ids of users and admins; visible at once
  int taken_lookups = 0;
  std::vector<const DeviceRecord*> all() const override {
    std::vector<const DeviceRecord*> records;
    for (const auto& [id, device] : devices) records.push_back(&device);
    return records;
  }

  // Changes by a test become visible with the next refresh().
  void add(const std::string& id, const std::string& user) {
    change(id) = DeviceRecord{id, user, "Name of " + id, true, WallTime{}};
  }
  DeviceRecord& change(const std::string& id) {
    changed = true;
    return pending[id];
  }
  void remove(const std::string& id) {
    changed = true;
    pending.erase(id);
  }
  void spend(const std::string& id) {
    changed = true;
    pending_spent.insert(id);
  }
  void revoke(const std::string& jti) {
    changed = true;
    pending_revoked.insert(jti);
  }
  void revoke_user(const std::string& user_id, WallTime valid_from) {
    changed = true;
    pending_users_valid_from[user_id] = valid_from;
  }

  std::string failure;
  int refreshes = 0;
  std::map<std::string, std::string> former_owners;  // visible at once

 private:
  bool changed = false;
  std::map<std::string, DeviceRecord> pending;
  std::set<std::string> pending_spent;
  std::set<std::string> pending_revoked;
  std::map<std::string, WallTime> pending_users_valid_from;
  std::map<std::string, DeviceRecord> devices;
  std::set<std::string> spent;
  std::set<std::string> revoked;
  std::map<std::string, WallTime> users_valid_from;
};

}  // namespace strawberry::test
