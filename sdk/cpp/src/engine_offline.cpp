// The part of an Engine that sends messages kept offline.
#include <charconv>
#include <utility>

#include "common/text/json_text.h"
#include "common/text/printable.h"
#include "sdk/cpp/src/engine.h"

namespace strawberry {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds sync_again_after{30'000};
constexpr milliseconds no_file_again_after{600'000};

std::size_t number_at(const json& value, const char* name) {
  const json number = value.is_object() ? value.value(name, json()) : json();
  return number.is_number_unsigned() ? number.get<std::size_t>() : 0;
}

/// True if a retry would get the same answer.
bool is_final(const HubError& error) { return error.code() == "not_found" || error.code() == "bad_request"; }

/// Returns the session that the hub refuses; empty when it does not name one.
std::string session_at_fault(const HubError& error, const json& sessions) {
  if (!error.details().is_object()) return {};
  const std::string named = text_member(error.details(), "session_id");
  constexpr std::string_view before_index = "/sessions/";
  const std::string path = text_member(error.details(), "path");
  if (!named.empty() || !path.starts_with(before_index)) return named;
  std::size_t index = sessions.size();
  std::from_chars(path.data() + before_index.size(), path.data() + path.size(), index);
  return index < sessions.size() ? text_member(sessions[index], "id") : std::string();
}

}  // namespace

sdk::OfflineFile& Spoke::Engine::offline() {
  if (offline_) return *offline_;
  const std::string path = source_.offline_file();
  if (path.empty()) throw HubError("bad_request", "there is no file for what is said offline (set offline_file)");
  offline_ = std::make_unique<sdk::OfflineFile>(path, sdk::OfflineFile::Options{}, say_);
  return *offline_;
}

std::string Spoke::Engine::keep(const Said& said) {
  std::string id;
  {
    const std::lock_guard lock(offline_mutex_);
    id = offline().add(said, system_clock().wall_now());
  }
  const std::lock_guard lock(mutex_);
  has_kept_ = true;
  changed_.notify_all();
  return id;
}

SyncResult Spoke::Engine::sync() {
  return sync_with([this](json body) { return ask(Service::sessions, std::move(body), {}); });
}

SyncResult Spoke::Engine::sync_with(const std::function<json(json)>& ask_hub) {
  const std::lock_guard one(sync_mutex_);
  SyncResult result;
  while (true) {
    sdk::OfflineFile::Batch batch;
    {
      const std::lock_guard lock(offline_mutex_);
      batch = offline().oldest();
    }
    if (batch.count == 0) return result;
    try {
      const json reply = ask_hub({{"op", "sync"}, {"sessions", batch.sessions}});
      for (const json& session : reply.value("sessions", json::array())) {
        result.added += number_at(session, "added");
        result.already_there += number_at(session, "already_there");
      }
      const std::lock_guard lock(offline_mutex_);
      offline().taken(batch.count);
    } catch (const HubError& error) {
      if (!is_final(error)) throw;
      const std::string session_id = session_at_fault(error, batch.sessions);
      say_(LogLevel::error, "the hub does not take what was said offline" +
                                (session_id.empty() ? "" : " in " + printable(session_id, 64)) + ": " + error.what() +
                                " (it is in " + source_.offline_file() + ".refused now)");
      const std::lock_guard lock(offline_mutex_);
      offline().set_aside(session_id, batch.count);
    }
  }
}

void Spoke::Engine::send_offline() {
  {
    const std::lock_guard lock(mutex_);
    has_kept_ = false;
  }
  next_sync_ = system_clock().steady_now() + sync_again_after;
  {
    const std::lock_guard lock(offline_mutex_);
    const std::string path = source_.offline_file();
    if (!offline_ && (path.empty() || look_at_file(path).error != 0)) {
      next_sync_ = system_clock().steady_now() + no_file_again_after;  // nothing was ever kept
      return;
    }
  }
  SyncResult result;
  try {
    result = sync_with([this](json body) { return ask_as_keeper(Service::sessions, std::move(body)); });
  } catch (const HubError& error) {
    if (error.code() == "stopped") throw;
    throw HubError(error.code(), std::string("cannot send what was said offline: ") + error.what());
  }
  if (result.added + result.already_there > 0)
    say_(LogLevel::info, "sent what was said offline: " + std::to_string(result.added) + " messages, " +
                             std::to_string(result.already_there) + " were there already");
}

}  // namespace strawberry
