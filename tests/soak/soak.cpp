#include "tests/soak/soak.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "tests/soak/verdict.h"

namespace strawberry::soak {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr milliseconds stall_min = 15ms;

StubAnswer model_answer(const StubRequest& request) {
  const auto& messages = request.body.at("messages");
  std::string text;
  for (const auto& message : messages) {
    if (message.at("role") == "user") text = message.at("content").get<std::string>();
  }
  if (text.rfind("perform ", 0) == 0) {
    return stub_calling("anywhere", {{"n", std::stoi(text.substr(8))}, {"how", 0}})(request);
  }
  return stub_echo(request);
}

test::HubProcess::Options hub_options(const SoakOptions& options, const StubLlm& model) {
  test::HubProcess::Options hub;
  hub.start_bridge = false;
  hub.broker_persistence = true;
  if (options.forgetful) hub.config = "[limits]\ndedup_requests_max = 100\n";
  hub.config +=
      "[llm]\n[[llm.provider]]\nname = \"stub\"\nbase_url = \"" + model.base_url() + "\"\nmodel = \"stub-1\"\n";
  return hub;
}

/// Returns how long a process's main thread was ready to run without running.
std::chrono::nanoseconds waited_for_cpu(pid_t pid) {
  std::ifstream schedule("/proc/" + std::to_string(pid) + "/schedstat");
  std::int64_t ran = 0;
  std::int64_t waited = 0;
  schedule >> ran >> waited;
  return std::chrono::nanoseconds(waited);
}

/// Mixes kills and restarts evenly: `b` for the bridge, `B` for the broker.
std::string plan(int kills, int restarts) {
  std::string order;
  for (double kill = 0, restart = 0; kill < kills || restart < restarts;) {
    const bool is_kill = restart >= restarts || (kill < kills && (kill + 0.5) / kills <= (restart + 0.5) / restarts);
    order += is_kill ? 'b' : 'B';
    (is_kill ? kill : restart) += 1;
  }
  return order;
}

}  // namespace

Soak::Soak(const SoakOptions& options)
    : options_(options), stage_(options.seed), faults_(plan(options.kills, options.broker_restarts)) {
  model_.otherwise(model_answer);
  hub_ = std::make_unique<test::HubProcess>(hub_options(options_, model_));
  add_parties();
  hub_->start_bridge();
  figures_.rss_begin = resident_bytes(hub_->bridge().pid());
}

void Soak::say(const std::string& what) const {
  if (!options_.quiet) std::fprintf(stderr, "%s  %s\n", at(stage_.ledger, now()).c_str(), what.c_str());
}

void Soak::add_parties() {
  std::vector<Party*> all;
  const auto add = [&](const Principal& principal, int version) {
    parties_.push_back(std::make_unique<Party>(
        stage_, Party::Options{hub_->port(), principal, hub_->files().token(principal, 2h), version}));
    all.push_back(parties_.back().get());
  };
  for (int user = 0; user < options_.users; ++user) {
    const auto user_id = "user" + std::to_string(user);
    for (int device = 0; device < options_.devices_per_user; ++device) {
      const auto id = "d" + std::to_string(user) + "_" + std::to_string(device);
      hub_->files().add_device(id, user_id, id);
      add({PrincipalType::device, id, user_id}, device == 0 ? 4 : 5);
      if (device > 0) all[all.size() - 2]->set_peer(all.back());
    }
    add({PrincipalType::user, user_id, user_id}, 5);
  }
  workload_ = std::make_unique<Workload>(stage_, all, options_.forgetful);

  test::wire::Connect connect;
  connect.client_id = "observer";
  connect.user_name = "";
  connect.password = hub_->files().token({PrincipalType::admin, "admin", ""}, 2h);
  observer_ = std::make_unique<Line>(
      hub_->port(), connect, std::vector<std::string>{"devices/+/status", "hub/+"},
      Line::Handlers{
          [this](const Incoming& message) { status_arrived(message); }, {}, [this] { observer_since_ = now(); }, {}});
}

// --- time ---

void Soak::turn(milliseconds at_most) {
  std::vector<Line*> lines;
  std::vector<pollfd> sockets;
  const auto add = [&](Line& line) {
    if (!line.is_open()) return;
    lines.push_back(&line);
    sockets.push_back(line.wanted());
  };
  for (const auto& party : parties_) add(party->line());
  add(*observer_);
  const auto wait = stage_.until_next(at_most);
  if (const auto worked = now() - turned_; worked > stall_min) stage_.ledger.stalls.push_back({turned_, now()});
  const auto asleep = now();
  const int ready = ::poll(sockets.data(), sockets.size(), static_cast<int>(wait.count()));
  turned_ = now();
  if (const auto due = asleep + wait; turned_ - due > stall_min) stage_.ledger.stalls.push_back({due, turned_});
  for (std::size_t i = 0; ready > 0 && i < lines.size(); ++i) {
    // A handler may have cut another line, or opened it again.
    if (sockets[i].revents != 0 && lines[i]->wanted().fd == sockets[i].fd) lines[i]->handle(sockets[i].revents);
  }
  stage_.do_what_is_due();
}

/// Delays by other load on the machine are not the hub's fault, if it was the machine.
void Soak::look_for_starvation() {
  for (const auto pid : {hub_->bridge().pid(), hub_->broker().process().pid()}) {
    const auto waited = waited_for_cpu(pid);
    auto& before = waited_for_cpu_.try_emplace(pid, waited).first->second;
    if (const auto more = waited - before; more > stall_min) stage_.ledger.stalls.push_back({now() - more, now()});
    before = waited;
  }
  stage_.after(20ms, [this] { look_for_starvation(); });
}

// --- the run ---

void Soak::run() {
  auto& ledger = stage_.ledger;
  ledger.started = now();
  turned_ = now();
  say("the hub serves at port " + std::to_string(hub_->port()));
  observer_->open();
  for (const auto& party : parties_) party->come();
  const auto all = [this](auto is_so) {
    return [this, is_so] {
      return std::all_of(parties_.begin(), parties_.end(), [&](const auto& party) { return is_so(*party); });
    };
  };
  if (!live(all([](Party& party) { return party.is_up(); }), 20s)) throw std::runtime_error("not everybody is let in");
  for (const auto& party : parties_) workload_->begin(*party);
  if (!live(all([this](Party& party) { return workload_->has_begun(party) && party.unanswered() == 0; }), 20s)) {
    throw std::runtime_error("not everybody could begin");
  }
  say("everybody is there");
  watch_presence();
  look_for_starvation();

  asking_ = true;
  asked_ = 0;
  ask_as_planned();
  cut_somebody();
  const auto much_too_long = milliseconds(options_.requests * 1000 / options_.requests_per_s) * 3 + 120s;
  if (!live([this] { return asked_ >= options_.requests && !faults_pending_; }, much_too_long)) {
    throw std::runtime_error("the run does not come to its end");
  }
  asking_ = false;
  say("all is asked");
  for (const auto& party : parties_) party->come();
  const auto is_settled = [this] {
    return std::all_of(parties_.begin(), parties_.end(),
                       [](const auto& party) { return party->is_up() && party->unanswered() == 0; });
  };
  live(is_settled, 20s);
  live([] { return false; }, 2'500ms);  // for repetitions and late answers
  look_at_the_end();
  figures_.took = std::chrono::duration_cast<milliseconds>(now() - ledger.started);
  for (const auto& party : parties_) {
    if (!party->is_up()) ledger.away[party->id()].push_back({party->since(), now()});
  }
  bridge_log_ = hub_->bridge().output();
  hub_->stop_bridge();
}

void Soak::ask_as_planned() {
  if (!asking_) return;
  const int burst = stage_.one_in(20) ? stage_.between(10, 40) : stage_.between(1, 3);
  for (int i = 0; i < burst && asked_ < options_.requests; ++i) {
    if (workload_->ask_something()) ++asked_;
  }
  const auto faults = static_cast<int>(faults_.size());
  // The last fifth of the run has no faults.
  if (!faults_pending_ && faults_done_ < faults &&
      asked_ >= options_.requests * (faults_done_ + 1) / (faults + 1) * 4 / 5) {
    next_fault();
  }
  stage_.after(milliseconds(burst * 1000 / options_.requests_per_s), [this] { ask_as_planned(); });
}

void Soak::cut_somebody() {
  if (!asking_) return;
  auto& party = *parties_[static_cast<std::size_t>(stage_.between(0, static_cast<int>(parties_.size()) - 1))];
  if (party.is_up()) {
    if (party.is_device() && stage_.one_in(6)) {
      party.lie_about_status();
    } else {
      ++figures_.cuts;
      party.go(stage_.one_in(2), stage_.ms_between(50, stage_.one_in(6) ? 8'000 : 1'500));
    }
  }
  stage_.after(stage_.ms_between(options_.cut_every_ms / 2, options_.cut_every_ms * 3 / 2), [this] { cut_somebody(); });
}

void Soak::next_fault() {
  faults_pending_ = true;
  hub_up_ = false;
  faults_[static_cast<std::size_t>(faults_done_++)] == 'b' ? kill_bridge() : restart_broker();
}

void Soak::kill_bridge() {
  say("the bridge is killed");
  const auto down_since = now();
  const auto first = stage_.ledger.requests.size();
  hub_->kill_bridge();
  stage_.ledger.kills.push_back(down_since);
  stage_.after(stage_.ms_between(100, 1'500), [this, down_since, first] {
    hub_->launch_bridge();
    figures_.rss_begin = 0;
    figures_.answers_bytes = 0;
    wait_for_service(0, down_since);
    stage_.after(1s, [this, down_since, first] { ask_again(down_since, first); });
  });
}

void Soak::restart_broker() {
  say("the broker is restarted");
  const auto from = hub_->bridge().output().size();
  const auto down_since = now();
  hub_->broker().stop();
  stage_.ledger.broker_stops.push_back(down_since);
  stage_.after(stage_.ms_between(50, 800), [this, from, down_since] {
    hub_->broker().start();
    broker_since_ = now();
    stage_.ledger.broker_down.push_back({down_since, now()});
    wait_for_service(from, down_since);
  });
}

void Soak::wait_for_service(std::size_t from, Time down_since) {
  if (!hub_->bridge().wait_for_output("serving at", 0ms, from)) {
    if (now() - down_since > 30s) throw std::runtime_error("the bridge does not serve:\n" + hub_->bridge().output());
    return stage_.after(20ms, [this, from, down_since] { wait_for_service(from, down_since); });
  }
  serving_since_ = now();
  stage_.ledger.bridge_down.push_back({down_since, serving_since_});
  say("serving again after " +
      std::to_string(std::chrono::duration_cast<milliseconds>(serving_since_ - down_since).count()) + " ms");
  if (figures_.rss_begin == 0) figures_.rss_begin = resident_bytes(hub_->bridge().pid());
  hub_up_ = true;
  faults_pending_ = false;
}

/// Like a Spoke that has seen hub/state come back: repeats unanswered requests under their ids.
void Soak::ask_again(Time killed_at, std::size_t first) {
  if (!hub_up_) return stage_.after(200ms, [this, killed_at, first] { ask_again(killed_at, first); });
  bool is_somebody_away = false;
  for (std::size_t i = 0; i < first; ++i) {
    auto& request = stage_.ledger.requests[i];
    if (!request.answers.empty() || (request.asked_again && *request.asked_again > killed_at)) continue;
    const auto asker = std::find_if(parties_.begin(), parties_.end(),
                                    [&](const auto& party) { return party->id() == request.sender; });
    if ((*asker)->is_up()) {
      request.asked_again = now();
      (*asker)->send_again(static_cast<int>(i));
    } else {
      is_somebody_away = true;
    }
  }
  // Once for all of them: one more round for each would double with every round.
  if (is_somebody_away) stage_.after(300ms, [this, killed_at, first] { ask_again(killed_at, first); });
}

// --- presence ---

void Soak::status_arrived(const Incoming& message) {
  if (message.retained) retained_[message.topic] = message.payload;
  if (message.topic == "hub/health") {
    health_ = json::parse(message.payload, nullptr, false);
    health_at_ = now();
  }
  if (message.topic.rfind("devices/", 0) != 0) return;
  const auto id = message.topic.substr(8, message.topic.size() - 8 - 7);
  const auto body = json::parse(message.payload, nullptr, false);
  statuses_[id] = {body.is_object() ? body.value("state", "nothing") : message.payload, now()};
}

void Soak::watch_presence() {
  if (!observer_->is_open()) observer_->open();
  const auto wait = presence_max + 300ms;
  const auto is_old = [&](Time since) { return now() - since > wait; };
  for (const auto& party : parties_) {
    if (!party->is_device() || !observer_->is_up()) continue;
    if (!is_old(party->since()) || !is_old(observer_since_) || !is_old(broker_since_)) continue;
    ++stage_.ledger.checked[presence];
    const auto& seen = statuses_[party->id()];
    const std::string truth = party->is_up() ? "online" : "offline";
    if (seen.state == truth || !is_old(seen.at) || complained_[party->id()] == seen.at) continue;
    complained_[party->id()] = seen.at;
    stage_.report(presence, party->id() + " is " + truth + " since " + at(stage_.ledger, party->since()) +
                                ", its status says " + seen.state + " since " + at(stage_.ledger, seen.at));
  }
  stage_.after(200ms, [this] { watch_presence(); });
}

bool Soak::is_presence_right() const {
  return std::all_of(parties_.begin(), parties_.end(), [this](const auto& party) {
    if (!party->is_device()) return true;
    const auto seen = statuses_.find(party->id());
    return seen != statuses_.end() && seen->second.state == (party->is_up() ? "online" : "offline");
  });
}

}  // namespace strawberry::soak
