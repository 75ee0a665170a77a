/// Data that was confirmed is there after a crash, once, and complete: the bridge is killed at random moments while
/// devices register and sessions are written. STRAWBERRY_CRASHES=200 for more of it. STRAWBERRY_SEED, printed on
/// failure, repeats the written data and the moments, but not the machine's timing.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <thread>

#include "common/text/ids.h"
#include "tests/support/hub_process.h"
#include "tests/support/seeds.h"

namespace strawberry::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr std::size_t sessions_max = 12;
constexpr std::size_t devices_max = 15;
constexpr std::size_t uploads_max = 30;
constexpr int messages_of_an_upload = 3;
constexpr int writes_a_crash = 40;
constexpr int writes_while_away = 5;

/// The number of skills in a device's n-th registration; all contain n.
int skills_of(int generation) { return 1 + generation % 5; }

json registration(int generation) {
  json skills = json::array();
  for (int n = 0; n < skills_of(generation); ++n) {
    const auto name = "f" + std::to_string(n);
    skills.push_back({{"class_name", "C"},
                      {"function_name", name},
                      {"signature", name + "(generation: int = " + std::to_string(generation) + ")"}});
  }
  return {{"op", "register"}, {"skills", std::move(skills)}};
}

class CrashSafety : public testing::Test {
 protected:
  /// Only confirmed data is promised. Unconfirmed data may be there or not; deleted data stays deleted.
  struct Registrations {
    int answered = 0;
    int sent = 0;
  };
  struct Session {
    std::vector<std::string> sent;  // message ids, in order
    std::set<std::string> answered;
    bool delete_sent = false;
    bool deleted = false;
  };
  struct Device {
    std::string token;
    bool delete_sent = false;
    bool deleted = false;
  };
  using OnSuccess = std::function<void(const json& result)>;
  /// Whether "not_found" is a valid answer by now.
  using MayBeGone = std::function<bool()>;

  CrashSafety() {
    for (const auto* name : {"Speaker", "Lamp"}) {
      spokes_.push_back(hub_.device(name));
      registrations_[spokes_.back()->id()];
    }
    const auto lasting = tablet_->result_of("sessions", {{"op", "create"}, {"title", "lasting"}});
    lasting_session_ = lasting.at("session_id").get<std::string>();
    sessions_[lasting_session_];
    lasting_device_ = hub_.device("Lasting", "carol")->id();
    devices_[lasting_device_];
  }

  // --- writing ---

  void send(
      Spoke& spoke, const std::string& service, json request, OnSuccess on_success,
      MayBeGone may_be_gone = [] { return false; }) {
    const auto id = new_id();
    request["correlation_id"] = id;
    awaited_[id] = {service + " " + request.at("op").get<std::string>(), std::move(on_success), std::move(may_be_gone)};
    spoke.send(service, std::move(request));
  }

  void write_something(Random& random) {
    switch (random.below(9)) {
      case 0: return register_skills(*spokes_[random.below(spokes_.size())]);
      case 1: return create_session();
      case 2: return register_device();
      case 3: return random.percent(50) ? delete_session(random) : delete_device(random);
      case 4: return upload(random);
      default: return append(random);
    }
  }

  void register_skills(Spoke& spoke) {
    const auto generation = ++registrations_[spoke.id()].sent;
    send(spoke, "skills", registration(generation), [this, id = spoke.id(), generation](const json& result) {
      EXPECT_EQ(result.at("registered"), skills_of(generation));
      registrations_[id].answered = std::max(registrations_[id].answered, generation);
    });
  }

  void create_session() {
    if (open(sessions_).size() >= sessions_max) return;
    send(*tablet_, "sessions", {{"op", "create"}, {"title", "session " + std::to_string(++named_)}},
         [this](const json& result) { sessions_[result.at("session_id").get<std::string>()]; });
  }

  void append(Random& random) {
    const auto id = random.pick(open(sessions_));
    auto& session = sessions_[id];
    if (session.sent.size() >= 400) return;  // a page shows at most 500
    const auto message = "m" + std::to_string(++named_);
    session.sent.push_back(message);
    json request{{"op", "append"}, {"session_id", id}, {"role", "user"}, {"content", message}};
    // Half of them leave the id to the hub: only the bridge then prevents duplicates.
    if (random.percent(50)) request["message_id"] = message;
    send(
        *tablet_, "sessions", std::move(request),
        [this, id, message](const json&) { sessions_[id].answered.insert(message); }, [this, id] { return gone(id); });
  }

  /// Two sessions in one request, new ones or some that were sent before.
  void upload(Random& random) {
    if (uploads_answered_.size() < uploads_max && random.percent(60)) uploads_answered_.push_back(false);
    if (uploads_answered_.empty()) return;
    const auto number = random.percent(60) ? uploads_answered_.size() - 1 : random.below(uploads_answered_.size());
    const auto name = "kept" + std::to_string(number);
    json sessions = json::array();
    for (const std::string half : {"a", "b"}) {
      json messages = json::array();
      for (int n = 0; n < messages_of_an_upload; ++n) {
        messages.push_back({{"id", "m" + std::to_string(n)},
                            {"role", "user"},
                            {"content", std::to_string(n)},
                            {"created_at", "2020-01-01T00:00:0" + std::to_string(n) + "Z"}});
      }
      sessions.push_back({{"id", name + half},
                          {"title", name + half},
                          {"created_at", "2020-01-01T00:00:00Z"},
                          {"messages", std::move(messages)}});
    }
    send(*tablet_, "sessions", {{"op", "sync"}, {"sessions", std::move(sessions)}}, [this, number](const json& result) {
      for (const auto& session : result.at("sessions")) {
        EXPECT_EQ(session.at("added").get<int>() + session.at("already_there").get<int>(), messages_of_an_upload);
      }
      uploads_answered_[number] = true;
    });
  }

  /// True after a request to delete the session was sent.
  bool gone(const std::string& session_id) const {
    const auto session = sessions_.find(session_id);
    return session == sessions_.end() || session->second.delete_sent;
  }

  void delete_session(Random& random) {
    const auto id = random.pick(open(sessions_));
    if (id == lasting_session_) return;
    sessions_[id].delete_sent = true;
    send(
        *tablet_, "sessions", {{"op", "delete"}, {"session_id", id}},
        [this, id](const json&) { sessions_[id].deleted = true; }, [] { return true; });
  }

  void register_device() {
    if (open(devices_).size() >= devices_max) return;
    send(*admin_, "devices", {{"op", "register"}, {"user_id", "carol"}, {"name", "Device " + std::to_string(++named_)}},
         [this](const json& result) {
           const auto id = result.at("device_id").get<std::string>();
           devices_[id].token = result.at("access_token").get<std::string>();
           latest_device_ = id;
         });
  }

  void delete_device(Random& random) {
    const auto id = random.pick(open(devices_));
    if (id == lasting_device_) return;
    devices_[id].delete_sent = true;
    send(
        *admin_, "devices", {{"op", "delete"}, {"device_id", id}},
        [this, id](const json&) { devices_[id].deleted = true; }, [] { return true; });
  }

  template <class Entries>
  static std::vector<std::string> open(const Entries& entries) {
    std::vector<std::string> ids;
    for (const auto& [id, entry] : entries) {
      if (!entry.delete_sent) ids.push_back(id);
    }
    return ids;
  }

  // --- crashing ---

  /// Kills the bridge at a later moment, whatever it does then, while `work` continues.
  template <class Work>
  void kill_meanwhile(std::chrono::microseconds after, Work work) {
    std::thread killer([pid = hub_.bridge().pid(), after] {
      std::this_thread::sleep_for(after);  // a random moment; waits for nothing
      ::kill(pid, SIGKILL);
    });
    work();
    killer.join();
    ASSERT_TRUE(hub_.bridge().wait_for_exit(5s)) << "it lives";
  }

  void crash(Random& random) {
    kill_meanwhile(std::chrono::microseconds(random.below(15'000)), [&] {
      for (int n = 0; n < writes_a_crash; ++n) write_something(random);
    });
    check_what_lies_on_disk();
    if (random.percent(25)) {  // a second time, while it starts
      hub_.launch_bridge();
      kill_meanwhile(std::chrono::microseconds(random.below(80'000)), [] {});
      check_what_lies_on_disk();
    }
    const auto missed = awaited_;
    for (int n = 0; n < writes_while_away; ++n) write_something(random);
    hub_.start_bridge();
    settle();
    for (const auto& [id, write] : awaited_) {
      EXPECT_TRUE(missed.contains(id)) << write.what << ", sent while the bridge was away, has no answer";
    }
  }

  /// Waits until the messages that the broker kept for the bridge are handled, too: the store takes writes in order,
  /// and an append has three.
  void settle() {
    for (int n = 0; n < 3; ++n) {
      for (const auto& spoke : spokes_) spoke->result_of("skills", {{"op", "heartbeat"}});
      tablet_->result_of("sessions", {{"op", "update"}, {"session_id", lasting_session_}, {"title", "lasting"}});
      admin_->result_of("devices", {{"op", "update"}, {"device_id", lasting_device_}, {"name", "Lasting"}});
    }
    for (const auto& spoke : spokes_) read_answers(*spoke);
    read_answers(*tablet_);
    read_answers(*admin_);
  }

  void read_answers(Spoke& spoke) {
    for (const auto& message : spoke.mqtt().take_all()) {
      const auto reply = json::parse(message.payload, nullptr, false);
      if (!reply.is_object() || !reply.contains("success")) continue;
      const auto awaited = awaited_.find(reply.value("correlation_id", ""));
      if (awaited == awaited_.end()) continue;
      if (reply.at("success").get<bool>()) {
        awaited->second.on_success(reply.at("result"));
        ++answered_;
      } else {
        // The bridge may have done an append and the delete after it and died before either answer left. The broker
        // then delivers both again, and neither finds the session.
        const auto code = reply.at("error").at("code").get<std::string>();
        EXPECT_TRUE(code == "not_found" && awaited->second.may_be_gone())
            << awaited->second.what << ": " << reply.dump();
      }
      awaited_.erase(awaited);
    }
  }

  // --- checking ---

  /// Opens copies of the database's two files, as after a crash of all processes; the broker's plugin, which has it
  /// open, would otherwise hold the index of the log.
  void check_what_lies_on_disk() {
    const TempDir directory;
    for (const auto* suffix : {"", "-wal"}) {
      const auto from = hub_.files().database_path() + suffix;
      if (std::filesystem::exists(from))
        std::filesystem::copy_file(from, directory.file(std::string("hub.db") + suffix));
    }
    SQLite::Database database(directory.file("hub.db"), SQLite::OPEN_READWRITE);
    check_sound(database);
  }

  static void check_sound(SQLite::Database& database) {
    EXPECT_EQ(database.execAndGet("PRAGMA integrity_check").getString(), "ok");
    const auto none = [&](const char* query, const char* what) {
      SQLite::Statement statement(database, query);
      EXPECT_FALSE(statement.executeStep()) << what;
    };
    none("PRAGMA foreign_key_check", "something refers to what is not there");
    none(
        "SELECT 1 FROM sessions s WHERE message_count <> (SELECT count(*) FROM messages m WHERE m.session_id = "
        "s.session_id)",
        "a message and its count are one write");
    none("SELECT 1 FROM messages GROUP BY session_id, content HAVING count(*) > 1", "a message is there twice");
    none("SELECT 1 FROM sessions GROUP BY title HAVING count(*) > 1", "a session is there twice");
    none(
        "SELECT 1 FROM sessions WHERE session_id LIKE 'kept%'"
        " GROUP BY rtrim(session_id, 'ab') HAVING count(*) <> 2 OR min(message_count) <> 3 OR max(message_count) <> 3",
        "an upload is there in part");
    none("SELECT 1 FROM devices GROUP BY name HAVING count(*) > 1", "a device is there twice");
  }

  void check_answered() {
    for (const auto& spoke : spokes_) check_skills(*spoke);
    check_sessions();
    check_devices();
    check_sound(hub_.files().database());
  }

  void check_skills(Spoke& spoke) {
    const auto listed = spoke.result_of("skills", {{"op", "list"}});
    std::set<int> generations;
    std::set<std::string> functions;
    int count = 0;
    for (const auto& skill : listed.at("skills")) {
      if (skill.at("device_id") != spoke.id()) continue;
      const auto signature = skill.at("signature").get<std::string>();
      generations.insert(std::stoi(signature.substr(signature.find('=') + 1)));
      functions.insert(skill.at("function_name").get<std::string>());
      ++count;
    }
    const auto& registrations = registrations_[spoke.id()];
    if (generations.empty() && registrations.answered == 0) return;
    ASSERT_EQ(generations.size(), 1U) << spoke.id() << " has skills of several registrations";
    const auto generation = *generations.begin();
    EXPECT_GE(generation, registrations.answered) << spoke.id();
    EXPECT_LE(generation, registrations.sent) << spoke.id();
    EXPECT_EQ(count, skills_of(generation)) << spoke.id();
    EXPECT_EQ(static_cast<int>(functions.size()), count) << spoke.id() << " has a skill twice";
  }

  /// Counts how often each id is listed.
  static std::map<std::string, int> counted(const json& entries, const char* id) {
    std::map<std::string, int> times;
    for (const auto& entry : entries) ++times[entry.at(id).get<std::string>()];
    return times;
  }

  template <class Entries>
  static void check_listed(std::map<std::string, int> times, const Entries& entries) {
    for (const auto& [id, entry] : entries) {
      if (!entry.delete_sent) {
        EXPECT_EQ(times[id], 1) << id;
      } else if (entry.deleted) {
        EXPECT_EQ(times[id], 0) << id << " was deleted";
      }
    }
  }

  void check_sessions() {
    const auto listed = tablet_->result_of("sessions", {{"op", "list"}, {"limit", 500}});
    check_listed(counted(listed.at("sessions"), "session_id"), sessions_);
    for (const auto& [id, session] : sessions_) {
      if (session.delete_sent) continue;
      const auto page = tablet_->result_of("sessions", {{"op", "messages"}, {"session_id", id}, {"limit", 500}});
      std::vector<std::string> kept;
      for (const auto& message : page.at("messages")) kept.push_back(message.at("content").get<std::string>());
      // In the order of sending, which also excludes duplicates; with all confirmed ones.
      auto next = session.sent.begin();
      for (const auto& message : kept) {
        next = std::find(next, session.sent.end(), message);
        ASSERT_NE(next, session.sent.end()) << message << " in " << id << " is out of order or twice: " << json(kept);
        ++next;
      }
      for (const auto& message : session.answered) {
        EXPECT_NE(std::find(kept.begin(), kept.end(), message), kept.end()) << message << " of " << id << " is lost";
      }
    }
    for (std::size_t number = 0; number < uploads_answered_.size(); ++number) {
      if (!uploads_answered_[number]) continue;
      const auto id = "kept" + std::to_string(number) + "b";
      EXPECT_EQ(tablet_->code_of("sessions", {{"op", "get"}, {"session_id", id}}), "ok") << id << " is lost";
    }
    std::erase_if(sessions_, [](const auto& entry) { return entry.second.deleted; });
  }

  void check_devices() {
    const auto listed = admin_->result_of("devices", {{"op", "list"}, {"user_id", "carol"}});
    check_listed(counted(listed.at("devices"), "device_id"), devices_);
    if (const auto latest = devices_.find(latest_device_); latest != devices_.end() && !latest->second.delete_sent) {
      MqttTestClient::Options options;
      options.port = hub_.port();
      options.client_id = latest->first;
      options.password = latest->second.token;
      MqttTestClient client(options);
      EXPECT_EQ(client.connect(), 0) << "the token of a registered device";
    }
    std::erase_if(devices_, [](const auto& entry) { return entry.second.deleted; });
  }

  struct Awaited {
    std::string what;
    OnSuccess on_success;
    MayBeGone may_be_gone;
  };

  HubProcess hub_;
  std::vector<std::unique_ptr<Spoke>> spokes_;
  std::unique_ptr<Spoke> tablet_ = hub_.device("Tablet");
  std::unique_ptr<Spoke> admin_ = hub_.admin();
  std::map<std::string, Awaited> awaited_;  // by correlation id
  std::map<std::string, Registrations> registrations_;
  std::map<std::string, Session> sessions_;
  std::map<std::string, Device> devices_;
  std::vector<bool> uploads_answered_;
  std::string lasting_session_;
  std::string lasting_device_;
  std::string latest_device_;
  int named_ = 0;
  int answered_ = 0;
};

TEST_F(CrashSafety, WhatWasAnsweredIsThereOnceWhateverTheMomentOfTheCrash) {
  const char* wanted = std::getenv("STRAWBERRY_CRASHES");
  const int crashes = wanted != nullptr ? std::atoi(wanted) : 15;
  const char* given = std::getenv("STRAWBERRY_SEED");
  const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  SCOPED_TRACE("STRAWBERRY_SEED=" + std::to_string(seed));
  Random random(seed);
  int crash_number = 0;
  while (crash_number < crashes && !HasFailure()) {
    ++crash_number;
    SCOPED_TRACE("crash " + std::to_string(crash_number));
    try {
      crash(random);
      check_answered();
    } catch (const std::exception& failure) {
      ADD_FAILURE() << failure.what();  // reported here, with the seed
    }
  }
  EXPECT_EQ(hub_.stop_bridge(), 0);
  check_what_lies_on_disk();
  EXPECT_GT(answered_, crashes) << "hardly anything was written";
  EXPECT_FALSE(awaited_.empty()) << "no crash came in between";
  std::cout << crash_number << " crashes, " << answered_ << " writes answered, " << awaited_.size() << " not\n";
}

}  // namespace
}  // namespace strawberry::test
