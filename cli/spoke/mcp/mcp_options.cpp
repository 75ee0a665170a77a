#include "cli/spoke/mcp/mcp_options.h"

#include <algorithm>
#include <utility>

#include "bridge/adapters/curl/curl_client.h"
#include "cli/spoke/mcp/http_transport.h"
#include "cli/spoke/mcp/process_transport.h"
#include "cli/text.h"
#include "common/contract/python_name.h"

namespace strawberry::cli {
namespace {

constexpr std::size_t class_name_bytes_max = 128;

tl::unexpected<CliError> misuse(const std::string& what) { return cli_error(ExitCode::usage, what); }

Outcome<ConfirmTools> read_confirm(const std::string& word) {
  if (word == "never") return ConfirmTools::never;
  if (word == "destructive") return ConfirmTools::destructive;
  if (word == "writing") return ConfirmTools::writing;
  return misuse("--confirm " + in_quotes(word, 40) + ": write destructive, writing or never");
}

}  // namespace

void add_mcp_options(CLI::App& command, McpOptions& options) {
  command.add_flag("--mcp", options.is_command, "The skills are the tools of an MCP server: the command behind --");
  command.add_option("command", options.command, "With --mcp: the server's program and its arguments, behind --");
  command.add_option("--mcp-env", options.environment,
                     "A variable that the server gets beside PATH, HOME, USER, LANG, LC_ALL and TZ; again for more");
  command.add_option("--mcp-url", options.url, "The skills are the tools of the MCP server at this URL");
  command.add_option("--mcp-headers", options.header_file,
                     "Headers for that URL, 'Name: value' lines of a file that only you can read");
  command.add_option("--class-name", options.class_name,
                     "The class of an MCP server's skills, instead of its own name");
  command
      .add_option("--confirm", options.confirm,
                  "Which tools the user is asked about first: destructive (those that say so), writing (all but those "
                  "that only read) or never")
      ->capture_default_str();
}

Outcome<void> check_mcp_options(const McpOptions& options, bool has_skill_file) {
  const int sources = (has_skill_file ? 1 : 0) + (options.is_command ? 1 : 0) + (options.url.empty() ? 0 : 1);
  if (sources != 1)
    return misuse("say where the skills are: --skills FILE, --mcp -- COMMAND…, --mcp-url URL, or --discovery URL");
  if (options.is_command && options.command.empty())
    return misuse("--mcp: the server's command is missing: write it behind --");
  if (!options.is_command && !options.command.empty())
    return misuse("a command goes with --mcp: " + in_quotes(options.command.front(), 60));
  if (!options.is_command && !options.environment.empty()) return misuse("--mcp-env goes with --mcp");
  if (options.url.empty() && !options.header_file.empty()) return misuse("--mcp-headers goes with --mcp-url");
  if (!options.url.empty() && bridge::printable_url(options.url).empty())
    return misuse("--mcp-url: no http or https URL");
  if (!options.class_name.empty() &&
      (options.class_name.size() > class_name_bytes_max ||
       python_identifier(options.class_name) != options.class_name || is_python_keyword(options.class_name)))
    return misuse("--class-name must be an identifier, as MusicSkill");
  if (auto confirm = read_confirm(options.confirm); !confirm) return tl::unexpected(confirm.error());
  return {};
}

Outcome<McpSkills::Options> mcp_skills_options(const McpOptions& options, asio::io_context& loop,
                                               bridge::HttpClient& http) {
  auto confirm = read_confirm(options.confirm);
  if (!confirm) return tl::unexpected(confirm.error());
  McpSkills::Options made;
  made.confirm = *confirm;
  made.class_name = options.class_name;
  if (options.is_command) {
    made.name = "the MCP server";
    const ProcessTransport::Options server{options.command, environment_for_commands(options.environment)};
    made.connect = [&loop, server]() -> Result<std::unique_ptr<McpTransport>> {
      return std::make_unique<ProcessTransport>(loop, server);
    };
    return made;
  }
  made.name = "the MCP server at " + bridge::printable_url(options.url);
  // Read again each time: a token in it may have been renewed.
  const auto headers = [path = options.header_file]() -> Result<HttpTransport::Headers> {
    return path.empty() ? HttpTransport::Headers{} : read_header_file(path);
  };
  if (const auto now = headers(); !now) return cli_error(ExitCode::local, now.error().message);
  made.connect = [&loop, &http, headers, url = options.url]() -> Result<std::unique_ptr<McpTransport>> {
    auto now = headers();
    if (!now) return tl::unexpected(now.error());
    return std::make_unique<HttpTransport>(loop, http, HttpTransport::Options{url, std::move(*now)});
  };
  return made;
}

}  // namespace strawberry::cli
