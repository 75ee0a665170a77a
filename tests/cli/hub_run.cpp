#include "tests/cli/hub_run.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/no_language_model.h"

namespace strawberry::test {
namespace {

ChildProcess::Options script_options(const std::filesystem::path& data_dir, int port,
                                     std::vector<std::string> options) {
  ChildProcess::Options child;
  child.argv = {STRAWBERRY_SOURCE_DIR "/scripts/run",
                "--data-dir",
                data_dir.string(),
                "--port",
                std::to_string(port),
                "--build-dir",
                STRAWBERRY_BUILD_DIR};
  child.argv.insert(child.argv.end(), options.begin(), options.end());
  child.environment = no_language_model();
  return child;
}

}  // namespace

HubRun::HubRun(std::filesystem::path data_dir, int port, std::vector<std::string> options)
    : data_dir_(std::move(data_dir)),
      script_(std::make_unique<ChildProcess>(script_options(data_dir_, port, std::move(options)))) {
  if (!script_->wait_for_output("Ctrl-C stops everything.", startup_timeout)) {
    throw std::runtime_error("the hub did not come up:\n" + output());
  }
}

Finished HubRun::refused(const std::filesystem::path& data_dir, int port, std::vector<std::string> options) {
  ChildProcess script(script_options(data_dir, port, std::move(options)));
  const auto code = script.wait_for_exit(startup_timeout);
  return {code.value_or(-1), script.output()};
}

int HubRun::port() const {
  std::istringstream endpoint(content_of(data_dir_ / "endpoint"));
  std::string host;
  int port = 0;
  endpoint >> host >> port;
  return port;
}

int HubRun::pid(const std::string& name) const {
  std::istringstream file(content_of(data_dir_ / (name + ".pid")));
  int pid = 0;
  file >> pid;
  return pid;
}

int HubRun::stop() {
  script_->signal(SIGTERM);
  return script_->wait_for_exit(std::chrono::seconds(20)).value_or(-1);
}

Finished control(std::vector<std::string> words, std::string input, std::map<std::string, std::string> environment) {
  ChildProcess::Options options;
  options.argv = {STRAWBERRYCTL_PATH};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  options.environment = std::move(environment);
  options.input = std::move(input);
  ChildProcess child(std::move(options));
  const auto code = child.wait_for_exit(std::chrono::seconds(20));
  return {code.value_or(-1), child.output()};
}

std::string content_of(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace strawberry::test
