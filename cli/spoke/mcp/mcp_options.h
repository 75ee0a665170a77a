/// `strawberryctl spoke --mcp …`: what the command line says of an MCP server.
///
/// Pure but for the file of headers.   Errors: CliError.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "bridge/ports/http.h"
#include "cli/outcome.h"
#include "cli/spoke/mcp/mcp_skills.h"

namespace strawberry::cli {

struct McpOptions {
  bool is_command = false;           // --mcp
  std::vector<std::string> command;  // behind `--`
  std::vector<std::string> environment;
  std::string url;
  std::string header_file;
  std::string class_name;
  std::string confirm = "destructive";
};

/// `options` must outlive `app`.
void add_mcp_options(CLI::App& command, McpOptions& options);

/// There is one source of skills, and nothing is said that does not go with it.
Outcome<void> check_mcp_options(const McpOptions& options, bool has_skill_file);

/// Without `say` and `on_skills`. `loop` and `http` outlive what is made of them.
Outcome<McpSkills::Options> mcp_skills_options(const McpOptions& options, asio::io_context& loop,
                                               bridge::HttpClient& http);

}  // namespace strawberry::cli
