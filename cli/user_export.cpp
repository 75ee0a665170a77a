/// `strawberryctl user export USER FILE`, `strawberryctl user import FILE`: all data of one user as JSON lines, from
/// one hub to another.
#include <sys/stat.h>

#include <CLI/App.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>

#include "cli/command_line.h"
#include "cli/text.h"
#include "common/text/ids.h"
#include "common/text/json_depth.h"
#include "common/text/json_text.h"
#include "common/text/private_file.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

/// For one request: below the hub's limit, including its envelope.
constexpr std::size_t import_bytes_max = 180 * 1024;
constexpr std::size_t import_records_max = 1'000;
/// A longer line is not a record.
constexpr std::size_t line_bytes_max = 220 * 1024;
constexpr std::size_t record_levels_max = 60;  // of a request's 64

struct ExportOptions {
  std::string user;
  std::string file;
  bool overwrite = false;
};

Outcome<void> export_user(const CommandLine& line, const ExportOptions& options) {
  std::string text;
  std::int64_t records = 0;
  json query{{"op", "export"}, {"user_id", options.user}};
  for (;;) {
    auto part = ask_hub(line, admin(), Service::users, query);
    if (!part) return tl::unexpected(part.error());
    for (const json& record : part->value("records", json::array())) {
      text += record.dump() + "\n";
      ++records;
    }
    if (!part->contains("next_cursor")) break;
    query["cursor"] = part->at("next_cursor");
  }
  if (auto written = write_secret_file(options.file, text, /*replace=*/false); !written) return written;
  const json done{{"file", options.file}, {"user_id", options.user}, {"records", records}, {"bytes", text.size()}};
  if (line.json) {
    std::cout << done.dump() << "\n";
  } else {
    std::cout << "exported " << printable(options.user, 64) << " to " << printable(options.file, 256) << ": " << records
              << " records, readable by you alone\n";
  }
  return {};
}

struct Sum {
  std::int64_t added = 0;
  std::int64_t already_there = 0;
  std::int64_t left_out = 0;
};

Outcome<void> send_records(const CommandLine& line, const ExportOptions& options, json& records, Sum& sum) {
  if (records.empty()) return {};
  json body{{"op", "import"}, {"user_id", options.user}, {"records", std::move(records)}};
  if (options.overwrite) body["overwrite"] = true;
  records = json::array();
  auto result = ask_hub(line, admin(), Service::users, std::move(body));
  if (!result) return tl::unexpected(result.error());
  sum.added += result->value("added", std::int64_t{0});
  sum.already_there += result->value("already_there", std::int64_t{0});
  sum.left_out += result->value("left_out", std::int64_t{0});
  return {};
}

/// A record of the export, or why its line is none. `number` counts records from 0.
Outcome<json> read_line(const std::string& text, std::size_t number) {
  if (text.size() > line_bytes_max) return cli_error(ExitCode::local, "this line is too long for a record");
  const bool is_deep = json_nests_deeper_than(text, record_levels_max);
  auto record = is_deep ? json() : json_from(text);
  if (!record.is_object())
    return cli_error(ExitCode::local, "not a JSON object (is this a file of strawberryctl user export?)");
  if ((number == 0) != (text_member(record, "kind") == "user"))
    return cli_error(ExitCode::local, number == 0
                                          ? "not the head of an export (is this a file of strawberryctl user export?)"
                                          : "the head of another export (one file is one user)");
  return record;
}

/// Calls `take` with each record of the file.
Outcome<void> read_export(const std::string& path, const std::function<Outcome<void>(json, std::size_t bytes)>& take) {
  std::ifstream file(path);
  if (!file) return cli_error(ExitCode::local, "cannot read the export: " + printable(path, 256));
  std::size_t number = 0, records = 0;
  for (std::string text; std::getline(file, text);) {
    ++number;
    if (text.empty()) continue;
    auto record = read_line(text, records);
    if (!record)
      return cli_error(record.error().code,
                       printable(path, 256) + ":" + std::to_string(number) + ": " + record.error().message);
    ++records;
    if (auto taken = take(std::move(*record), text.size()); !taken) return taken;
  }
  if (file.bad()) return cli_error(ExitCode::local, "cannot read the export: " + printable(path, 256));
  if (records == 0) return cli_error(ExitCode::local, "the export is empty: " + printable(path, 256));
  return {};
}

/// Read twice: nothing is sent of a file that has a line which is no record.
Outcome<void> import_user(const CommandLine& line, ExportOptions options) {
  std::string user;
  const auto look = [&user](const json& record, std::size_t) -> Outcome<void> {
    if (user.empty()) user = text_member(record, "user_id");
    return {};
  };
  if (auto whole = read_export(options.file, look); !whole) return whole;
  if (options.user.empty()) options.user = user;
  if (!is_valid_id(options.user)) return cli_error(ExitCode::local, "not a user id: " + printable(options.user, 64));
  json records = json::array();
  std::size_t bytes = 0;
  Sum sum;
  const auto add = [&](json record, std::size_t size) -> Outcome<void> {
    if (bytes + size > import_bytes_max || records.size() >= import_records_max) {
      if (auto sent = send_records(line, options, records, sum); !sent) return sent;
      bytes = 0;
    }
    bytes += size;
    records.push_back(std::move(record));
    return {};
  };
  if (auto sent = read_export(options.file, add); !sent) return sent;
  if (auto sent = send_records(line, options, records, sum); !sent) return sent;
  if (line.json) {
    std::cout << json{{"user_id", options.user},
                      {"added", sum.added},
                      {"already_there", sum.already_there},
                      {"left_out", sum.left_out}}
                     .dump()
              << "\n";
    return {};
  }
  std::cout << "imported " << printable(options.user, 64) << ": " << sum.added << " records are new, "
            << sum.already_there << " were there already";
  if (sum.left_out > 0) std::cout << ", " << sum.left_out << " were left out (only an admin may bring them in)";
  std::cout << "\n";
  return {};
}

}  // namespace

void add_user_export_commands(CLI::App& app, CommandLine& line) {
  const auto known = app.get_subcommands([](const CLI::App* command) { return command->get_name() == "user"; });
  CLI::App& user = known.empty() ? *add_command(app, "user", "Move a user to another hub",
                                                "strawberryctl user export alice alice.jsonl")
                                 : *known.front();
  user.require_subcommand(1);
  auto exported = std::make_shared<ExportOptions>();
  CLI::App* save = add_command(user, "export", "Write everything of a user to a file, readable by you alone",
                               "strawberryctl user export alice alice.jsonl");
  save->add_option("USER", exported->user, "The user")->required();
  save->add_option("FILE", exported->file, "The file, which must not be there yet")->required();
  save->callback([&line, exported] { line.action = [&line, exported] { return export_user(line, *exported); }; });

  auto imported = std::make_shared<ExportOptions>();
  CLI::App* load = add_command(user, "import", "Bring a user in from such a file; what is there already stays",
                               "strawberryctl user import alice.jsonl");
  load->add_option("FILE", imported->file, "The file that 'user export' wrote")->required();
  load->add_option("--user", imported->user, "Under another id than the file says");
  load->add_flag("--overwrite", imported->overwrite,
                 "Names, rooms, titles and limits become those of the file, also where there are others");
  load->callback([&line, imported] { line.action = [&line, imported] { return import_user(line, *imported); }; });
}

}  // namespace strawberry::cli
