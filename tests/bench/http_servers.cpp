#include "tests/bench/http_servers.h"

#include <httplib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "common/text/ids.h"
#include "tests/support/free_port.h"

namespace strawberry::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds door_start_max{10};
constexpr std::chrono::seconds nginx_start_max{10};
constexpr std::chrono::seconds litellm_start_max{120};  // it reads some hundred Python modules
constexpr std::size_t output_shown_max = 500;

/// Returns whether it answers GET `path`, with any status, before `start_max` is over.
bool answers(test::ChildProcess& process, int port, const char* path, std::chrono::seconds start_max) {
  const auto give_up = steady_clock::now() + start_max;
  while (process.is_running() && steady_clock::now() < give_up) {
    httplib::Client client("127.0.0.1", port);
    if (client.Get(path)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

std::string end_of(const std::string& output) {
  return output.substr(output.size() - std::min(output.size(), output_shown_max));
}

std::string nginx_config(int port, int model_port) {
  // Without a master process no second user is needed, and no file outside of the prefix.
  return "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr warn;\n"
         "events { worker_connections 1024; }\n"
         "http {\n"
         "  access_log off;\n"
         "  client_body_temp_path body;\n  proxy_temp_path proxy;\n  fastcgi_temp_path fastcgi;\n"
         "  uwsgi_temp_path uwsgi;\n  scgi_temp_path scgi;\n"
         "  keepalive_requests 1000000;\n"
         "  upstream model {\n    server 127.0.0.1:" +
         std::to_string(model_port) +
         ";\n    keepalive 64;\n    keepalive_requests 1000000;\n  }\n"
         "  server {\n    listen 127.0.0.1:" +
         std::to_string(port) +
         ";\n    location / {\n"
         "      proxy_pass http://model;\n      proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n"
         "      proxy_buffering off;\n    }\n  }\n}\n";
}

}  // namespace

HttpServer open_door(const std::string& data_dir, int broker_port) {
  test::ChildProcess::Options options;
  options.argv = {STRAWBERRY_BIN_DIR "/strawberry-gateway", "--port", "0"};
  options.environment = {{"STRAWBERRY_DATA_DIR", data_dir}, {"STRAWBERRY_BROKER_PORT", std::to_string(broker_port)}};
  HttpServer door;
  door.process = std::make_unique<test::ChildProcess>(std::move(options));
  if (!door.process->wait_for_output("the web door is at", door_start_max))
    throw std::runtime_error(door.process->output());
  const std::string output = door.process->output();
  door.port = std::stoi(output.substr(output.find("127.0.0.1:") + 10));
  return door;
}

Result<HttpServer> start_nginx(int model_port) {
  constexpr const char* program = "/usr/sbin/nginx";
  if (::access(program, X_OK) != 0) return fail("not installed (Debian: apt-get install nginx-light)");
  HttpServer server;
  server.directory = std::make_unique<test::TempDir>();
  server.port = test::free_port();
  const std::string config = server.directory->file("nginx.conf");
  std::ofstream(config) << nginx_config(server.port, model_port);
  test::ChildProcess::Options options;
  // Before it has read its configuration it would write errors to the system's log.
  options.argv = {program, "-e", "stderr", "-p", server.directory->path().string(), "-c", config};
  server.process = std::make_unique<test::ChildProcess>(std::move(options));
  if (!answers(*server.process, server.port, "/requests", nginx_start_max))
    return fail("does not start: " + end_of(server.process->output()));
  return server;
}

Result<HttpServer> start_litellm(int model_port) {
  const char* program = std::getenv("STRAWBERRY_BENCH_LITELLM");
  if (program == nullptr || *program == '\0') return fail("not installed (scripts/bench http --peers does it)");
  if (::access(program, X_OK) != 0) return fail("no such program: " + std::string(program));
  HttpServer server;
  server.directory = std::make_unique<test::TempDir>();
  server.port = test::free_port();
  server.token = "sk-" + new_id();  // it does not start without one
  const std::string config = server.directory->file("litellm.yaml");
  std::ofstream(config) << "model_list:\n"
                           "  - model_name: stub\n"
                           "    litellm_params:\n"
                           "      model: openai/stub\n"
                           "      api_base: http://127.0.0.1:"
                        << model_port
                        << "/v1\n"
                           "      api_key: none\n"
                           "general_settings:\n"
                           "  master_key: "
                        << server.token << "\n";
  test::ChildProcess::Options options;
  options.argv = {program,         "--config", config, "--host", "127.0.0.1", "--port", std::to_string(server.port),
                  "--num_workers", "1"};
  options.environment = {{"LITELLM_LOCAL_MODEL_COST_MAP", "True"}, {"LITELLM_LOG", "ERROR"}};
  options.working_directory = server.directory->path().string();
  server.process = std::make_unique<test::ChildProcess>(std::move(options));
  if (!answers(*server.process, server.port, "/health/liveliness", litellm_start_max))
    return fail("does not start: " + end_of(server.process->output()));
  return server;
}

}  // namespace strawberry::bench
