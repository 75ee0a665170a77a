#include "cli/spoke/discovery_run/discovery_options.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "cli/spoke/discovery_run/discovery_spoke.h"
#include "cli/text.h"

namespace strawberry::cli::discovery {
namespace {

constexpr std::size_t prefix_bytes_max = 128;

tl::unexpected<CliError> misuse(const std::string& what) { return cli_error(ExitCode::usage, what); }

/// Raises the limit of open files: each device has a connection, which takes two.
void allow_many_devices() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = files.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &files);
}

bool is_topic_prefix(const std::string& text) {
  const auto is_plain = [](unsigned char c) { return c > ' ' && c != '+' && c != '#' && c != 0x7f; };
  return !text.empty() && text.size() <= prefix_bytes_max && text.front() != '/' && text.back() != '/' &&
         text.front() != '$' && std::all_of(text.begin(), text.end(), is_plain);
}

/// Obtains the tokens of devices, and the user who gets the devices.
struct Registrar {
  std::unique_ptr<Enrollment> enrollment;
  std::string user_id;
};

Outcome<Registrar> choose_registrar(const CommandLine& line, const std::string& user_option,
                                    const EnrollmentOptions& enrollment) {
  auto login = line.login();
  if (!login) return tl::unexpected(login.error());
  if (!*login) {
    if (user_option.empty()) return misuse("--discovery needs to know whose the devices become: say --user NAME");
    auto who = user(user_option);
    if (!who) return tl::unexpected(who.error());
    if (auto keys = load_keys(line.data_dir()); !keys) return tl::unexpected(keys.error());
    return Registrar{enroll_with_keys(enrollment, line.data_dir(), user_option), user_option};
  }
  if (auto fits = check_login(**login, user_option, ""); !fits) return tl::unexpected(fits.error());
  const Principal& principal = (*login)->who.principal;
  const bool may_register = principal.type == PrincipalType::user || principal.type == PrincipalType::device;
  if (!may_register) {
    return misuse("--discovery registers devices as a user, or as a device of that user: " + in_words(principal) +
                  " (give another --connect or --token-file)");
  }
  return Registrar{enroll_with_login(enrollment, (*login)->who, (*login)->token), principal.user_id};
}

using Ended = OneShot<Outcome<void>>;

Task<Outcome<void>> serve_until(Ended& ended, DiscoverySpoke& spoke) {
  co_await ended.wait();
  co_await spoke.close();
  co_return Outcome<void>{};
}

}  // namespace

void add_discovery_options(CLI::App& command, DiscoveryOptions& options) {
  command.add_option("--discovery", options.broker,
                     "Each device that Home Assistant would discover at this broker is a device: mqtt://HOST:PORT, "
                     "or mqtts:// with TLS");
  command.add_option("--login-file", options.login_file,
                     "With --discovery: the broker's login, lines 'user: NAME' and 'password: PASSWORD' of a file that "
                     "only you can read");
  command.add_option("--discovery-ca-file", options.ca_file,
                     "The CA of that broker's certificate (PEM); default: the CAs this system trusts");
  command.add_option("--discovery-prefix", options.prefix, "The first part of the topics that devices announce")
      ->capture_default_str();
  command.add_option("--state-dir", options.state_dir,
                     "Where the devices' tokens are kept, for you alone; default: "
                     "~/.local/state/strawberry/discovery-USER");
}

Outcome<void> check_no_discovery_options(const DiscoveryOptions& options) {
  const std::pair<const char*, const std::string&> given[] = {{"--login-file", options.login_file},
                                                              {"--discovery-ca-file", options.ca_file},
                                                              {"--state-dir", options.state_dir}};
  for (const auto& [name, value] : given) {
    if (!value.empty()) return misuse(std::string(name) + " goes with --discovery");
  }
  return {};
}

Outcome<void> be_discovered_devices(const CommandLine& line, const DiscoveryOptions& options,
                                    const std::string& user_option, std::function<void(const std::string&)> say) {
  auto address = parse_broker_url(options.broker);
  if (!address) return tl::unexpected(address.error());
  if (!is_topic_prefix(options.prefix))
    return misuse("no prefix of topics: " + in_quotes(options.prefix, 100) + " (write for example homeassistant)");
  if (!options.ca_file.empty() && !address->tls) return misuse("--discovery-ca-file goes with mqtts://");
  auto timeout = line.timeout();
  if (!timeout) return tl::unexpected(timeout.error());
  auto endpoint = line.endpoint();
  if (!endpoint) return tl::unexpected(endpoint.error());
  asio::io_context loop;
  auto registrar = choose_registrar(line, user_option, {loop, *endpoint, *timeout});
  if (!registrar) return tl::unexpected(registrar.error());
  const std::string directory =
      options.state_dir.empty() ? default_state_directory(registrar->user_id) : options.state_dir;
  if (directory.empty()) return misuse("there is no home directory for the devices' tokens: say --state-dir DIR");
  auto files = DeviceFiles::open(directory, registrar->user_id);
  if (!files) return tl::unexpected(files.error());
  allow_many_devices();

  DiscoverySpoke::Options spoke_options;
  spoke_options.broker.address = *address;
  spoke_options.broker.ca_file = options.ca_file;
  spoke_options.broker.login_file = options.login_file;
  spoke_options.home.prefix = options.prefix;
  spoke_options.fleet.endpoint = *endpoint;
  spoke_options.fleet.connect_timeout = *timeout;
  spoke_options.say = std::move(say);
  DiscoverySpoke spoke(loop, **files, *registrar->enrollment, std::move(spoke_options));
  if (auto opened = spoke.open(); !opened) return opened;
  Ended ended(loop.get_executor());
  asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&ended](const boost::system::error_code& cancelled, int) {
    if (!cancelled) ended.set(Outcome<void>{});
  });
  return run(loop, serve_until(ended, spoke));
}

}  // namespace strawberry::cli::discovery
