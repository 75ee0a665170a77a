#include "broker-plugin/broker_report.h"

#include <chrono>

#include "common/text/json_text.h"

namespace strawberry::plugin {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const std::map<std::string_view, std::uint64_t>& counts) {
  ordered_json json = ordered_json::object();
  for (const auto& [word, count] : counts) json[std::string(word)] = count;
  return json;
}

double seconds_since(SteadyTime now, SteadyTime then) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(now - then).count()) / 1'000;
}

}  // namespace

std::string BrokerReport::write(const Now& now) const {
  const SteadyTime time = clock_.steady_now();
  ordered_json report;
  report["v"] = 1;
  report["ts"] = format_rfc3339(clock_.wall_now());
  report["uptime_s"] = static_cast<std::int64_t>(seconds_since(time, started_));
  report["connections"] = now.connections;
  report["stored_sessions"] = now.stored_sessions;

  const auto refused_logins = refused_.find("connect");
  report["logins"]["accepted"] = accepted_;
  report["logins"]["renewed"] = renewed_;
  report["logins"]["refused"] =
      refused_logins == refused_.end() ? ordered_json::object() : to_json(refused_logins->second);
  report["logins"]["limited_addresses"] = now.limited_addresses;
  report["logins"]["refused_lately"] = refused_logins_.write();
  report["refused"] = ordered_json::object();
  for (const auto& [action, reasons] : refused_) {
    if (action != "connect") report["refused"][std::string(action)] = to_json(reasons);
  }
  report["ended"] = to_json(ended_);

  report["directory"]["devices"] = now.devices;
  report["directory"]["age_s"] =
      now.directory_read_at ? ordered_json(seconds_since(time, *now.directory_read_at)) : ordered_json(nullptr);
  report["keys"] = ordered_json::array();
  if (now.keys != nullptr) {
    for (const Key& key : *now.keys) {
      report["keys"].push_back({{"kid", key.kid()}, {"alg", to_string(key.algorithm())}});
    }
  }
  return to_text(report);
}

}  // namespace strawberry::plugin
