#include "tests/enemy/scenarios.h"

#include "tests/bench/wire.h"

namespace strawberry::enemy {
namespace {

namespace wire = bench::wire;

constexpr int packets_in_a_block = 200;
constexpr std::size_t large_bytes = 1024 * 1024;
constexpr std::size_t status_bytes = 16 * 1024;

/// The same message repeatedly; at QoS 1 with a packet id for each.
void repeat(Attacker::Options& options, const std::string& topic, const std::string& payload, int qos, int packets) {
  options.packets = packets;
  for (int i = 1; i <= packets; ++i) {
    std::string packet = wire::publish(topic, payload, qos);
    if (qos > 0) {  // the packet id stands behind the topic
      const std::size_t id = packet.find(topic) + topic.size();
      packet[id] = static_cast<char>(i >> 8);
      packet[id + 1] = static_cast<char>(i & 0xff);
    }
    options.block += packet;
  }
}

void requests(Attacker::Options& options, const std::string& id, int) {
  repeat(options, "skills/" + id + "/request", R"({"op":"list"})", 1, packets_in_a_block);
}
/// Ten clients without pauses would leave broker and bridge no processor time.
void requests_of_a_crowd(Attacker::Options& options, const std::string& id, int) {
  requests(options, id, 0);
  options.pause = std::chrono::milliseconds(10);
}
void rubbish(Attacker::Options& options, const std::string& id, int) {
  repeat(options, "skills/" + id + "/request", "rubbish", 0, packets_in_a_block);
}
void results(Attacker::Options& options, const std::string& id, int) {
  const std::string result = R"({"correlation_id":"nobody-asked","success":true,"result":1,"error":null})";
  repeat(options, "skills/" + id + "/result", result, 1, packets_in_a_block);
}
void large_results(Attacker::Options& options, const std::string& id, int) {
  const std::string result = R"({"correlation_id":"nobody-asked","success":true,"error":null,"result":")";
  repeat(options, "skills/" + id + "/result", result + std::string(large_bytes, 'x') + "\"}", 1, 1);
}
void statuses(Attacker::Options& options, const std::string& id, int) {
  const std::string status = R"({"state":"online","filler":")";
  repeat(options, "devices/" + id + "/status", status + std::string(status_bytes - 64, 'x') + "\"}", 1, 20);
}
void forbidden(Attacker::Options& options, const std::string&, int) {
  repeat(options, "skills/tablet/request", R"({"op":"list"})", 0, packets_in_a_block);
}
void appends(Attacker::Options& options, const std::string& id, int) {
  const std::string session = R"({"op":"sync","sessions":[{"id":"s","title":"t","created_at":"2020-01-01T00:00:00Z",)";
  const std::string message = R"("messages":[{"id":"m","role":"user","created_at":"2020-01-01T00:00:00Z","content":")";
  repeat(options, "sessions/" + id + "/request", session + message + std::string(32 * 1024, 'x') + "\"}]}]}", 1, 10);
}
void connects(Attacker::Options&, const std::string&, int) {}

/// One packet of a megabyte, of filters of 190 levels.
void filters(Attacker::Options& options, const std::string& id, int) {
  std::vector<std::string> deep;
  for (int number = 0; number < 2'000; ++number) {
    std::string filter = "skills/" + id + "/response/" + std::to_string(number);
    for (int level = 4; level < 190; ++level) filter += "/a";
    deep.push_back(std::move(filter));
  }
  options.block = wire::subscribe(deep, 1);
}

/// Subscribes to what it publishes and reads nothing.
void unread(Attacker::Options& options, const std::string& id, int) {
  options.first = wire::subscribe({"devices/+/status"}, 1);
  options.reads = false;
  statuses(options, id, 0);
}

/// At the allowed rate: clients that exceed it are paused.
void paced_statuses(Attacker::Options& options, const std::string& id) {
  statuses(options, id, 0);
  options.pause = std::chrono::milliseconds(70);
}

/// The first connection publishes, all others subscribe and do not read: half of them at QoS 0, where nothing has to be
/// acknowledged.
void unread_by_many(Attacker::Options& options, const std::string& id, int connection) {
  if (connection == 0) return paced_statuses(options, id);
  options.first = wire::subscribe({"devices/+/status"}, connection % 2);
  options.then = Attacker::Options::Then::stays;
  options.reads = false;
}

/// The first connection publishes, all others leave a session for which its messages are queued.
void hoard(Attacker::Options& options, const std::string& id, int connection) {
  if (connection == 0) return paced_statuses(options, id);
  options.first = wire::subscribe({"devices/+/status"}, 1);
  options.then = Attacker::Options::Then::leaves;
  options.is_clean = false;
}

/// Leaves sessions with as many filters as possible, as long and deep as possible.
void stored_filters(Attacker::Options& options, const std::string& id, int connection) {
  constexpr int filters_of_a_session = 100;
  std::vector<std::string> deep;
  for (int number = 0; number < filters_of_a_session; ++number) {
    std::string filter = "skills/" + id + "/response/" + std::to_string(connection) + "-" + std::to_string(number);
    for (int level = 4; level < 32; ++level) filter += "/" + std::string(14, 'a');
    deep.push_back(std::move(filter));
  }
  options.first = wire::subscribe(deep, 1);
  options.then = Attacker::Options::Then::leaves;
  options.is_clean = false;
}

/// Requests long answers at the allowed rate: clients that exceed it are paused. Reads them all.
void long_answers(Attacker::Options& options, const std::string& id, int) {
  constexpr int skills = 200;
  std::string request = R"({"op":"register","skills":[)";
  for (int number = 0; number < skills; ++number) {
    const std::string name = "f" + std::to_string(number);
    request += std::string(number > 0 ? "," : "") + R"({"class_name":"C","function_name":")" + name +
               R"(","signature":")" + name + R"_(()","docstring":")_" + std::string(1'000, 'x') + "\"}";
  }
  options.first = wire::subscribe({"skills/" + id + "/response"}, 1) +
                  wire::publish("skills/" + id + "/request", request + "]}", 1);
  repeat(options, "skills/" + id + "/request", R"({"op":"list"})", 1, packets_in_a_block);
  options.pause = std::chrono::milliseconds(110);
}

/// As fast as possible, without reading the answers.
void answers_flood(Attacker::Options& options, const std::string& id, int) {
  long_answers(options, id, 0);
  options.reads = false;
  options.pause = std::chrono::milliseconds(0);
}

/// A hundred a second, without reading the answers.
void unread_answers(Attacker::Options& options, const std::string& id, int) {
  long_answers(options, id, 0);
  options.reads = false;
  options.block.clear();
  options.pause = std::chrono::milliseconds(50);
  repeat(options, "skills/" + id + "/request", R"({"op":"list"})", 1, 5);
}

/// Small messages with a megabyte beside the payload.
void properties(Attacker::Options& options, const std::string& id, int) {
  constexpr std::size_t text_bytes = 60'000;
  std::string all;
  for (int number = 0; number < 16; ++number) {
    all += '\x26';
    all += std::string("\x00\x01n", 3);
    all += static_cast<char>(text_bytes >> 8);
    all += static_cast<char>(text_bytes & 0xff);
    all += std::string(text_bytes, 'x');
  }
  options.block = wire::publish("skills/" + id + "/request", R"({"op":"list"})", 1, all);
}

/// At QoS 2 and never released, with a packet id for each.
void unreleased(Attacker::Options& options, const std::string& id, int) {
  repeat(options, "skills/" + id + "/result", std::string(32 * 1024, 'x'), 2, 400);
  options.pause = std::chrono::milliseconds(50);
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      {"requests", "small valid requests at QoS 1", 1, requests},
      {"rubbish", "requests at QoS 0 that are none", 1, rubbish},
      {"results", "results that nobody awaits", 1, results},
      {"large-results", "the same, of 1 MiB each", 1, large_results, false, 1, 64},
      {"statuses", "statuses of 16 KiB", 1, statuses},
      {"forbidden", "messages on topics of another user", 1, forbidden},
      {"uploads", "sessions of 32 KiB to be stored", 1, appends},
      {"connects", "connecting again and again", 1, connects},
      {"filters", "SUBSCRIBE packets of 1 MB, 2 000 filters of 190 levels", 1, filters},
      {"unread", "statuses of 16 KiB for a subscriber that does not read", 1, unread},
      {"unread-many", "the same, twenty subscribers, half of them at QoS 0", 1, unread_by_many, false, 21},
      {"long-answers", "requests with answers of 250 KiB", 1, long_answers},
      {"answers-flood", "the same at full speed, of a device that does not read", 1, answers_flood},
      {"answers", "a hundred of them a second, of a device that does not read", 1, unread_answers},
      {"hoard", "statuses of 16 KiB for forty stored sessions", 1, hoard, false, 41},
      {"stored-filters", "stored sessions full of deep filters, bridge and broker restarted", 1, stored_filters, true,
       40},
      {"properties", "small requests with 1 MB of properties", 1, properties},
      {"unreleased", "messages at QoS 2 that are never released, of ten connections", 1, unreleased, false, 10},
      {"crowd", "small valid requests from ten devices of one user", 10, requests_of_a_crowd, false, 1, 128},
      {"hoard-crowd", "statuses of 16 KiB for stored sessions of five devices of one user", 5, hoard, false, 5, 128},
      {"restart", "small valid requests while bridge and broker are restarted", 1, requests, true},
  };
  return all;
}

std::vector<std::unique_ptr<Attacker>> attack(test::HubProcess& hub, const Scenario& scenario,
                                              std::chrono::seconds time_max) {
  const auto admin = hub.admin();
  std::vector<Attacker::Options> armed;
  for (int number = 0; number < scenario.devices; ++number) {
    Attacker::Options options;
    options.client_id = "enemy-" + std::to_string(number);
    admin->result_of(
        "devices",
        {{"op", "register"}, {"user_id", enemy_user}, {"name", options.client_id}, {"device_id", options.client_id}});
    options.port = hub.port();
    options.token = hub.files().device_token(options.client_id, enemy_user);
    options.time_max = time_max;
    const std::string id = options.client_id;
    for (int connection = 0; connection < scenario.connections; ++connection) {
      Attacker::Options armed_one = options;
      if (connection > 0) armed_one.client_id += "-" + std::to_string(connection);
      scenario.arm(armed_one, id, connection);
      armed.push_back(std::move(armed_one));
    }
  }
  std::vector<std::unique_ptr<Attacker>> attackers;
  for (auto& options : armed) attackers.push_back(std::make_unique<Attacker>(std::move(options)));
  return attackers;
}

}  // namespace strawberry::enemy
