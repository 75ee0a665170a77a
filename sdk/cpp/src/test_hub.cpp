// A library of its own that uses only the standard library and the system: it is linked into its users' tests.
#include "sdk/cpp/include/strawberry/test_hub.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

extern char** environ;

namespace strawberry {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* is_ready = "Ctrl-C stops everything.";
constexpr milliseconds look_again_after{10};
constexpr milliseconds stop_within{10'000};
constexpr int cannot_start = 127;

std::string system_error(const std::string& what) { return what + ": " + std::strerror(errno); }

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Returns a port that is free now; if another process takes it first, the hub uses the next one.
int free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool is_bound = listener >= 0 && ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                        ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (listener >= 0) ::close(listener);
  if (!is_bound) throw std::runtime_error(system_error("TestHub: no free port"));
  return ntohs(address.sin_port);
}

/// Starts a program whose output goes to `output`. Between fork and exec only async-signal-safe functions are called.
pid_t start_program(const std::vector<std::string>& words, const std::vector<std::string>& environment, int output,
                    bool ends_with_us) {
  std::vector<char*> argv;
  std::vector<char*> envp;
  for (const auto& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  for (const auto& line : environment) envp.push_back(const_cast<char*>(line.c_str()));
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error(system_error("TestHub: fork"));
  if (pid != 0) return pid;
  if (ends_with_us && (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || ::getppid() != parent)) ::_exit(cannot_start);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execvpe(argv[0], argv.data(), envp.data());
  ::_exit(cannot_start);
}

/// Returns false while it runs; else sets its status.
bool has_ended(pid_t pid, int& status) { return ::waitpid(pid, &status, WNOHANG) == pid; }

bool ends_within(pid_t pid, milliseconds timeout) {
  int status = 0;
  const auto deadline = steady_clock::now() + timeout;
  while (!has_ended(pid, status)) {
    if (steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(look_again_after);
  }
  return true;
}

std::string file_name(std::string name) {
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

}  // namespace

TestHub::TestHub(Options options) : options_(std::move(options)) {
  if (options_.strawberryctl.empty()) {
    const char* named = std::getenv("STRAWBERRYCTL");
    options_.strawberryctl = named != nullptr && *named != '\0' ? named : "strawberryctl";
  }
  std::string pattern = (fs::temp_directory_path() / "strawberry-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error(system_error("TestHub: no directory " + pattern));
  directory_ = pattern;
  try {
    port_ = free_port();
    start();
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
    throw;
  }
}

TestHub::~TestHub() {
  try {
    stop();
  } catch (const std::exception&) {  // already gone
  }
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

std::vector<std::string> TestHub::environment() const {
  std::map<std::string, std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string line = *each;
    variables[line.substr(0, line.find('='))] = line.substr(std::min(line.size(), line.find('=') + 1));
  }
  for (const char* name : {"OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY",
                           "OLLAMA_HOST", "DEFAULT_MODEL", "STRAWBERRY_DATA_DIR"})
    variables.erase(name);
  variables["STRAWBERRY_FIND_LOCAL"] = "false";
  for (const auto& [name, value] : options_.environment) variables[name] = value;
  std::vector<std::string> lines;
  for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
  return lines;
}

void TestHub::start() {
  if (pid_ > 0) return;
  const std::string path = directory_ + "/log";
  const int log_file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (log_file < 0) throw std::runtime_error(system_error("TestHub: " + path));
  std::vector<std::string> words = {options_.strawberryctl, "run", "--data-dir", data_dir(), "--no-http", "--port",
                                    std::to_string(port_)};
  words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
  pid_ = start_program(words, environment(), log_file, /*ends_with_us=*/true);
  ::close(log_file);
  const auto deadline = steady_clock::now() + options_.start_within;
  int status = 0;
  while (log().find(is_ready) == std::string::npos) {
    if (has_ended(pid_, status)) {
      pid_ = -1;
      const bool is_missing = WIFEXITED(status) && WEXITSTATUS(status) == cannot_start;
      throw std::runtime_error("TestHub: " + (is_missing ? "there is no program " + options_.strawberryctl +
                                                               " (install strawberry-hub, or set STRAWBERRYCTL)"
                                                         : "the hub has ended: " + log()));
    }
    if (steady_clock::now() >= deadline) {
      const std::string said = log();
      stop();
      throw std::runtime_error("TestHub: the hub does not start: " + said);
    }
    std::this_thread::sleep_for(look_again_after);
  }
  std::istringstream endpoint(content_of(data_dir() + "/endpoint"));
  std::string host;
  std::string kind;
  endpoint >> host >> port_ >> kind;
  tls_ = kind == "tls";
}

void TestHub::stop() {
  if (pid_ <= 0) return;
  const int pid = std::exchange(pid_, -1);
  ::kill(pid, SIGTERM);
  if (ends_within(pid, stop_within)) return;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  throw std::runtime_error("TestHub: the hub did not stop: " + log());
}

std::string TestHub::ctl(const std::vector<std::string>& arguments) const {
  std::string path = directory_ + "/ctl-XXXXXX";
  const int output = ::mkstemp(path.data());
  if (output < 0) throw std::runtime_error(system_error("TestHub: " + path));
  std::vector<std::string> words = {options_.strawberryctl, "--data-dir", data_dir()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const pid_t pid = start_program(words, environment(), output, /*ends_with_us=*/false);
  ::close(output);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  const std::string said = content_of(path);
  ::unlink(path.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
  std::string command = "strawberryctl";
  for (const auto& word : arguments) command += " " + word;
  throw std::runtime_error("TestHub: " + command + ": " + said);
}

SpokeOptions TestHub::device(const std::string& name, const std::string& user) {
  SpokeOptions options;
  options.connect_directory = directory_ + "/device-" + std::to_string(++tokens_) + "-" + file_name(name);
  ctl({"device", "add", name, "--user", user, "--mosquitto", options.connect_directory});
  return options;
}

SpokeOptions TestHub::user(const std::string& id) {
  SpokeOptions options;
  options.port = static_cast<std::uint16_t>(port_);
  if (tls_) options.ca_file = data_dir() + "/tls/ca.crt";
  options.token_file = directory_ + "/user-" + std::to_string(++tokens_) + "-" + file_name(id) + ".token";
  ctl({"token", "issue", "--user", id, "--name", "test-" + std::to_string(tokens_), "--output", options.token_file});
  return options;
}

std::string TestHub::log() const { return content_of(directory_ + "/log"); }

}  // namespace strawberry
