/// The supervisor's processes: how each is started and ended.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <iostream>
#include <set>

#include "cli/run/log_file.h"
#include "cli/run/supervisor.h"
#include "cli/text.h"

extern char** environ;

namespace strawberry::cli {
namespace {

using std::chrono::steady_clock;

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& changes) {
  std::vector<std::string> all;
  std::set<std::string, std::less<>> changed;
  for (const auto& [name, value] : changes) {
    all.push_back(name + "=" + value);
    changed.insert(name);
  }
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!changed.contains(text.substr(0, text.find('=')))) all.emplace_back(text);
  }
  return all;
}

}  // namespace

Task<void> Supervisor::pause(Duration time) {
  alarm_.expires_after(time);
  co_await alarm_.async_wait(asio::as_tuple(asio::use_awaitable));
}

/// These values override bridge.toml and gateway.toml, since the port may differ each time.
ChildOptions Supervisor::command_of(const Service& service) const {
  ChildOptions options;
  Variables variables;
  if (&service == broker_.get()) {
    options.argv = {installation_.broker, "-c", directory_.file("mosquitto.conf")};
    options.directory = directory_.path;
  } else if (&service == demo_.get()) {
    options.argv = {installation_.demo, "speaker", "--data-dir", directory_.path};
  } else {
    variables = {{"STRAWBERRY_DATA_DIR", directory_.path},
                 {"STRAWBERRY_BROKER_HOST", host_},
                 {"STRAWBERRY_BROKER_PORT", std::to_string(port_)},
                 {"STRAWBERRY_BROKER_TLS", options_.tls ? "true" : "false"},
                 {"STRAWBERRY_BROKER_CA_FILE", directory_.file("tls/ca.crt")}};
  }
  if (&service == bridge_.get()) {
    options.argv = {installation_.bridge, "--config", directory_.file("bridge.toml")};
  } else if (&service == gateway_.get()) {
    options.argv = {installation_.gateway,      "--config",   directory_.file("gateway.toml"), "--port",
                    std::to_string(http_port_), "--next-free"};
    variables.emplace_back("STRAWBERRY_HTTP_ENDPOINT_FILE", "auto");
    if (options_.tls) {
      variables.emplace_back("STRAWBERRY_HTTP_ADDRESS", options_.listen);
      variables.emplace_back("STRAWBERRY_HTTP_CERTIFICATE_FILE", directory_.file("tls/server.crt"));
      variables.emplace_back("STRAWBERRY_HTTP_KEY_FILE", directory_.file("tls/server.key"));
    }
  }
  options.environment = environment_with(variables);
  return options;
}

Outcome<void> Supervisor::launch(Service& service) {
  ChildOptions options = command_of(service);
  FileDescriptor log;
  if (&service == demo_.get()) {
    options.argv.emplace_back("--quiet");  // the supervisor prints what it plays
  } else {
    const std::string path = directory_.log(service.name());
    rotate_log(path, options_.logs);
    service.log_begin = size_of_log(path);
    log = FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!log.is_open()) return cli_error(ExitCode::refused, "cannot write " + path + ": " + std::strerror(errno));
    options.output = options.error = log.get();
  }
  const Result<void> started = service.start(std::move(options));
  if (!started) return cli_error(ExitCode::refused, started.error().message);
  return {};
}

Task<bool> Supervisor::ends_within(const Service& service, Duration time) {
  const auto deadline = steady_clock::now() + time;
  while (service.is_running() && steady_clock::now() < deadline) co_await pause(deadline - steady_clock::now());
  co_return !service.is_running();
}

Task<void> Supervisor::stop(Service& service) {
  if (service.is_running()) {
    service.send(SIGTERM);
    bool has_ended = co_await ends_within(service, stop_timeout);
    if (!has_ended && &service == broker_.get()) {
      std::cerr << "The broker is saving what it holds for its clients." << std::endl;
      has_ended = co_await ends_within(service, broker_saves_max);
    }
    if (!has_ended) {
      std::cerr << "The " + service.name() + " does not stop; killing it." << std::endl;
      service.send(SIGKILL);
      has_ended = co_await ends_within(service, stop_timeout);
    }
  }
  service.forget();
}

Task<void> Supervisor::stop_all() {
  co_await stop(*demo_);
  co_await stop(*gateway_);
  co_await stop(*bridge_);
  co_await stop(*broker_);
  ::unlink(directory_.file("endpoint").c_str());
  ::unlink(directory_.file("http-endpoint").c_str());
  if (!socket_.empty()) ::unlink(socket_.c_str());
}

Task<std::optional<CommandEnd>> Supervisor::command(Words argv, Duration timeout, std::function<bool()> unless) {
  Command wanted;
  wanted.argv = std::move(argv);
  wanted.environment = environment_with({});
  wanted.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(timeout);
  wanted.output_bytes_max = command_output_bytes_max;
  auto end = std::make_shared<std::optional<CommandEnd>>();
  auto started = CommandRun::start(loop_, std::move(wanted), [this, end](CommandEnd ended) {
    *end = std::move(ended);
    wake();
  });
  if (!started) {
    CommandEnd refused;
    refused.error = started.error().message;
    co_return refused;
  }
  while (!*end && !stopping_ && !(unless && unless())) co_await pause(timeout);
  if (!*end) {
    (*started)->stop();
  } else if (!(*end)->success && !(*end)->complaint.empty()) {
    // The complaint without the program's name in front.
    std::string words = (*end)->complaint;
    for (const std::string_view prefix : {"strawberryctl: ", "scripts/certificates: "}) {
      if (words.starts_with(prefix)) words.erase(0, prefix.size());
    }
    while (words.ends_with('\n')) words.pop_back();
    (*end)->error = printable_lines(words, 4'000);
  }
  co_return std::move(*end);
}

Task<std::optional<CommandEnd>> Supervisor::command(Words argv, Duration timeout) {
  return command(std::move(argv), timeout, nullptr);
}

Task<std::optional<CommandEnd>> Supervisor::make_certificates(bool ignore_names) {
  Words argv{installation_.certificates};
  if (ignore_names) argv.emplace_back("--ignore-names");
  argv.push_back(directory_.file("tls"));
  if (options_.listen == host_) argv.push_back(options_.listen);
  co_return co_await command(std::move(argv), command_timeout);
}

void Supervisor::show_last_words(const Service& service) const {
  if (&service == demo_.get()) return;  // it writes to this terminal, not to a log
  std::cerr << last_words(service.name(), written_since(directory_.log(service.name()), service.log_begin))
            << std::flush;
}

tl::unexpected<CliError> Supervisor::failed(const Service& service, const std::string& what) const {
  show_last_words(service);
  return cli_error(ExitCode::refused, "the " + service.name() + " " + what);
}

}  // namespace strawberry::cli
