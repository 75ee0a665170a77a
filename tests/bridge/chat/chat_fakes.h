/// A household without devices and a store without a disk, for chats.
#pragma once

#include <algorithm>
#include <cctype>
#include <deque>
#include <functional>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "bridge/ports/conversation_store.h"
#include "bridge/ports/usage_store.h"
#include "bridge/skills/tool_source.h"
#include "common/runtime/asio.h"
#include "common/runtime/one_shot.h"

namespace strawberry::test {

using namespace bridge;

inline OfferedSkill skill(const std::string& class_name, const std::string& signature,
                          std::vector<OfferingDevice> devices) {
  OfferedSkill made;
  made.skill.class_name = class_name;
  made.skill.signature = signature;
  made.skill.function_name = signature.substr(0, signature.find('('));
  made.skill.docstring = "Does " + made.skill.function_name + ".";
  made.devices = std::move(devices);
  return made;
}

inline OfferingDevice device(const std::string& id, bool connected = true) {
  return {id, "Device " + id, "device_" + id, connected};
}

class FakeTools final : public ToolSource {
 public:
  /// As the registry does it, by looking at everything.
  SkillsFound find(const SkillQuery& query) const override {
    ++finds;
    std::vector<std::pair<std::size_t, OfferedSkill>> fitting;  // by words that match
    std::vector<std::string> words;
    std::istringstream stream(query.words);
    for (std::string word; stream >> word;) words.push_back(lower(word));
    for (const auto& each : offered_to(query.user_id)) {
      const auto text = lower(each.skill.class_name + "\n" + each.skill.function_name + "\n" + each.skill.docstring);
      const auto matched = static_cast<std::size_t>(std::count_if(
          words.begin(), words.end(), [&](const auto& word) { return text.find(word) != std::string::npos; }));
      if (matched > 0 || words.empty()) fitting.emplace_back(matched, each);
    }
    std::stable_sort(fitting.begin(), fitting.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    SkillsFound found;
    found.has_more = fitting.size() > query.skills_max;
    if (found.has_more && query.all_or_none) return found;
    for (auto& [matched, each] : fitting)
      if (found.skills.size() < query.skills_max) found.skills.push_back(shown(std::move(each), query));
    return found;
  }
  SkillsFound named(const SkillQuery& query, const std::string& class_name,
                    const std::string& function_name) const override {
    SkillsFound found;
    for (const auto& each : offered_to(query.user_id))
      if (each.skill.class_name == class_name && each.skill.function_name == function_name)
        found.skills.push_back(shown(each, query));
    return found;
  }
  Task<Reply<nlohmann::json>> call(SkillCall call) override {
    const std::size_t index = calls.size();
    calls.push_back(call);
    log.push_back("start " + std::to_string(index));
    most_at_once = std::max(most_at_once, ++running);
    // A round through the loop, so that calls which may overlap do.
    const auto executor = co_await asio::this_coro::executor;
    for (int i = 0; i < 3; ++i) co_await asio::post(executor, asio::use_awaitable);
    if (hang_on == call.target && !hang_on.empty()) {
      OneShot<bool> never(executor);
      co_await never.wait();
    }
    --running;
    log.push_back("end " + std::to_string(index));
    if (answer) co_return answer(call);
    co_return nlohmann::json(true);
  }

  std::map<std::string, std::vector<OfferedSkill>> skills;  // by user
  std::function<Reply<nlohmann::json>(const SkillCall&)> answer;
  std::string hang_on;  // a target that never answers
  std::vector<SkillCall> calls;
  std::vector<std::string> log;
  int running = 0;
  int most_at_once = 0;
  mutable int finds = 0;

 private:
  std::vector<OfferedSkill> offered_to(const std::string& user_id) const {
    const auto found = skills.find(user_id);
    return found == skills.end() ? std::vector<OfferedSkill>() : found->second;
  }
  static std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  }
  static OfferedSkill shown(OfferedSkill skill, const SkillQuery& query) {
    if (skill.devices.size() > query.devices_max) {
      skill.more_devices = skill.devices.size() - query.devices_max;
      skill.devices.resize(query.devices_max);
    }
    return skill;
  }
};

inline FakeTools household_of(const std::string& user_id, std::vector<OfferedSkill> skills) {
  FakeTools tools;
  tools.skills[user_id] = std::move(skills);
  return tools;
}

class FakeSessions final : public ConversationStore, public UsageStore {
 public:
  Task<Reply<std::optional<SessionRow>>> get_session(std::string, std::string id) override {
    if (failing) co_return error(ErrorCode::internal, "the disk is gone");
    const auto found = sessions.find(id);
    if (found == sessions.end()) co_return std::optional<SessionRow>();
    co_return std::optional<SessionRow>(found->second);
  }
  Task<Reply<void>> add_session(SessionRow session) override {
    if (failing || !takes_sessions) co_return error(ErrorCode::internal, "the disk is gone");
    sessions[session.session_id] = session;
    co_return Reply<void>();
  }
  Task<Reply<void>> change_session(std::string, std::string id, SessionChange change) override {
    if (failing) co_return error(ErrorCode::internal, "the disk is gone");
    if (!sessions.contains(id)) co_return error(ErrorCode::not_found, "no such session");
    if (change.title) sessions[id].title = *change.title;
    if (change.default_title && sessions[id].title.empty()) sessions[id].title = *change.default_title;
    if (change.is_active) sessions[id].is_active = *change.is_active;
    co_return Reply<void>();
  }
  Task<Reply<std::optional<MessageRow>>> get_message(std::string, std::string, std::string) override {
    co_return std::optional<MessageRow>();
  }
  Task<Reply<std::vector<MessageRow>>> get_messages(std::string, std::string id, std::size_t limit,
                                                    std::string) override {
    auto rows = messages[id];
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.created_at_ms < b.created_at_ms; });
    if (rows.size() > limit) rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(limit));
    co_return rows;
  }
  Task<Reply<std::size_t>> append_messages(std::string, std::string id, std::vector<MessageRow> rows) override {
    if (on_append) on_append();
    if (failing) co_return error(ErrorCode::internal, "the disk is gone");
    if (!sessions.contains(id)) co_return error(ErrorCode::not_found, "no such session");
    if (is_full) co_return error(ErrorCode::quota_exceeded, "there is no room");
    for (auto& row : rows) {
      sessions[id].last_activity_ms = row.created_at_ms;
      messages[id].push_back(std::move(row));
    }
    co_return rows.size();
  }

  Task<Reply<void>> delete_session(std::string, std::string id) override {
    sessions.erase(id);
    co_return Reply<void>();
  }
  Task<Reply<SessionList>> list_sessions(std::string, std::int64_t, std::size_t) override { co_return SessionList(); }
  Task<Reply<std::vector<SyncCount>>> sync_sessions(std::vector<SessionUpload>) override {
    co_return std::vector<SyncCount>();
  }
  Task<Reply<void>> add_usage(std::vector<UsageRow> rows, std::int64_t) override {
    if (failing) co_return error(ErrorCode::internal, "the disk is gone");
    usage.insert(usage.end(), rows.begin(), rows.end());
    co_return Reply<void>();
  }
  Task<Reply<void>> add_chats(std::vector<UserChats>, std::int64_t) override {
    if (failing) co_return error(ErrorCode::internal, "the disk is gone");
    co_return Reply<void>();
  }
  Task<Reply<UsageReport>> read_usage(std::string, std::int64_t, std::size_t) override { co_return UsageReport(); }
  Task<Reply<std::vector<UserTokens>>> tokens_of_day(std::int64_t, std::size_t) override {
    co_return std::vector<UserTokens>();
  }

  std::map<std::string, SessionRow> sessions;
  std::map<std::string, std::vector<MessageRow>> messages;
  std::vector<UsageRow> usage;  // as they were added
  bool failing = false;
  bool takes_sessions = true;  // new ones
  bool is_full = false;        // takes no messages
  std::function<void()> on_append;
};

}  // namespace strawberry::test
