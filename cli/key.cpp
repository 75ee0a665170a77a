/// `strawberryctl key list|add|rotate|retire`: the keys that sign and verify tokens. Works offline; a running hub
/// reloads them.
#include <CLI/App.hpp>
#include <algorithm>
#include <iostream>

#include "cli/choices.h"
#include "cli/command_line.h"
#include "cli/connect_directory.h"
#include "cli/key_document.h"
#include "cli/key_material.h"
#include "cli/text.h"
#include "common/text/ids.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kid_shown_max = 128;

struct KeyOptions {
  std::string algorithm;
  std::string public_file;
  std::string kid;
  bool yes = false;
};

JwsAlgorithm algorithm_of(const std::string& name) {
  for (const auto algorithm : {JwsAlgorithm::rs256, JwsAlgorithm::es256}) {
    if (name == to_string(algorithm)) return algorithm;
  }
  return JwsAlgorithm::hs256;
}

const Key* find_key(const KeySet& keys, const std::string& kid) {
  const auto& all = keys.keys();
  const auto found = std::find_if(all.begin(), all.end(), [&kid](const Key& key) { return key.kid() == kid; });
  return found == all.end() ? nullptr : &*found;
}

bool signs(const KeySet& keys, const Key& key) { return keys.can_sign() && &keys.signing_key() == &key; }

std::string shown(const Key& key) { return printable(key.kid(), kid_shown_max); }

json describe(const KeySet& keys, const Key& key) {
  return {{"kid", key.kid()},
          {"algorithm", to_string(key.algorithm())},
          {"can_sign", key.can_sign()},
          {"signs", signs(keys, key)}};
}

Outcome<void> list_keys(const CommandLine& line) {
  const auto keys = load_keys(line.data_dir());
  if (!keys) return tl::unexpected(keys.error());
  json entries = json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Key& key : keys->keys()) {
    entries.push_back(describe(*keys, key));
    const std::string use = signs(*keys, key) ? "signs new tokens" : key.can_sign() ? "verifies" : "verifies (public)";
    rows.push_back({key.kid().empty() ? "(none)" : shown(key), std::string(to_string(key.algorithm())), use});
  }
  if (line.json) {
    std::cout << json{{"keys", entries}}.dump() << "\n";
  } else {
    std::cout << table({"KID", "ALGORITHM", "USE"}, rows);
  }
  return {};
}

Outcome<KeyDocument> open_document(const CommandLine& line) {
  auto timeout = line.timeout();
  if (!timeout) return tl::unexpected(timeout.error());
  return KeyDocument::open(line.data_dir(), *timeout);
}

/// Checks that one more key fits, and that its name is unused.
Outcome<void> check_room(const KeyDocument& document, const std::string& kid) {
  const KeySet& keys = document.before();
  if (keys.keys().size() >= KeySet::keys_max) {
    return cli_error(ExitCode::usage, "there are " + std::to_string(KeySet::keys_max) +
                                          " keys already, the most there can be: retire one first");
  }
  if (find_key(keys, kid) != nullptr) {
    return cli_error(ExitCode::usage, "there is a key " + in_quotes(kid) + " already: choose another --kid");
  }
  return {};
}

Outcome<json> wanted_key(const KeyOptions& options) {
  if (options.algorithm.empty() == options.public_file.empty()) {
    return cli_error(ExitCode::usage, "say either --algorithm, for a new key, or --public FILE, for another issuer's");
  }
  if (!options.public_file.empty()) return read_public_key(options.public_file, options.kid);
  return make_key(algorithm_of(options.algorithm), options.kid.empty() ? new_id() : options.kid);
}

Outcome<void> add_key(const CommandLine& line, const KeyOptions& options) {
  auto key = wanted_key(options);
  if (!key) return tl::unexpected(key.error());
  const json& name = key->at("kid");
  if (!name.is_string()) return cli_error(ExitCode::usage, "its `kid` is no string: name it with --kid");
  const std::string kid = name.get<std::string>();
  auto document = open_document(line);
  if (!document) return tl::unexpected(document.error());
  if (auto room = check_room(*document, kid); !room) return room;
  document->keys().push_back(std::move(*key));

  // The same key under two names would stay valid after one of them was retired.
  auto saved = document->save([&](const KeySet& set) -> std::string {
    const Key& added = set.keys().back();
    for (const Key& other : document->before().keys()) {
      if (other.fingerprint() == added.fingerprint()) return "this key is there already, as " + in_quotes(other.kid());
    }
    return "";
  });
  if (!saved) return tl::unexpected(saved.error());
  const Key& added = saved->keys().back();
  if (line.json) {
    std::cout << describe(*saved, added).dump() << "\n";
    return {};
  }
  std::cout << "added " << shown(added) << " (" << to_string(added.algorithm()) << "), which "
            << (signs(*saved, added) ? "signs new tokens" : "verifies tokens")
            << "; a running hub follows within 2 s\n";
  if (!added.can_sign()) {
    std::cout << "whoever has its private half can now issue tokens for anybody, admins included\n";
  }
  return {};
}

Outcome<void> rotate_keys(const CommandLine& line, const KeyOptions& options) {
  auto document = open_document(line);
  if (!document) return tl::unexpected(document.error());
  const KeySet& before = document->before();
  const std::string kid = options.kid.empty() ? new_id() : options.kid;
  if (auto room = check_room(*document, kid); !room) return room;
  JwsAlgorithm algorithm = before.can_sign() ? before.signing_key().algorithm() : JwsAlgorithm::hs256;
  if (!options.algorithm.empty()) algorithm = algorithm_of(options.algorithm);
  auto key = make_key(algorithm, kid);
  if (!key) return tl::unexpected(key.error());
  json& keys = document->keys();
  keys.insert(keys.begin(), std::move(*key));
  auto saved = document->save();
  if (!saved) return tl::unexpected(saved.error());
  if (line.json) {
    std::cout << describe(*saved, saved->signing_key()).dump() << "\n";
    return {};
  }
  std::cout << "new tokens are signed with " << shown(saved->signing_key()) << " (" << to_string(algorithm)
            << "); a running hub follows within 2 s\n"
            << "tokens signed before stay good until they expire, or until their key is retired\n";
  return {};
}

Outcome<void> check_retirement(const KeySet& keys, const Key& key, bool yes) {
  const auto& all = keys.keys();
  if (all.size() == 1) {
    return cli_error(ExitCode::usage, "this is the only key: run 'strawberryctl key rotate' first");
  }
  const auto signers = std::count_if(all.begin(), all.end(), [](const Key& other) { return other.can_sign(); });
  if (key.can_sign() && signers == 1) {
    return cli_error(ExitCode::usage, "no other key can sign: run 'strawberryctl key rotate' first");
  }
  if (yes) return {};
  return cli_error(ExitCode::usage, "every token that " + in_quotes(key.kid()) +
                                        " signed would stop being good within 2 s, and every "
                                        "connection made with one would end" +
                                        (signs(keys, key) ? ", also the newest: it is the key that signs now" : "") +
                                        "; there is no way back. Say --yes if that is meant");
}

/// Replaces the admin's token in DATA_DIR/clients, which scripts/run made for mosquitto_sub, when the retired key had
/// signed it. Returns true in that case. The other options in those files are kept.
Outcome<bool> renew_clients_token(const CommandLine& line, const KeySet& now, const KeySet& before,
                                  const std::string& kid) {
  const std::string directory = line.data_dir().path / "clients";
  std::error_code missing;
  if (!std::filesystem::exists(directory + "/mosquitto_sub", missing)) return false;
  auto found = read_connect_directory(directory);
  if (!found) return false;  // written by the user
  const auto claims = verify_token(before, found->token, SystemClock().wall_now());
  if (!claims || claims->kid != kid || claims->principal.type != PrincipalType::admin) return false;
  auto token = sign(now, admin(), token_lifetime_default);
  if (!token) return tl::unexpected(token.error());
  auto replaced = replace_token(directory, *token);
  if (!replaced) {
    return cli_error(replaced.error().code, "the key is retired, but the token in " + directory +
                                                " could not be renewed: " + replaced.error().message);
  }
  return true;
}

Outcome<void> retire_key(const CommandLine& line, const KeyOptions& options) {
  auto document = open_document(line);
  if (!document) return tl::unexpected(document.error());
  const KeySet& before = document->before();
  const Key* key = find_key(before, options.kid);
  if (key == nullptr) {
    return cli_error(ExitCode::usage, "there is no key " + in_quotes(options.kid) + ": see 'strawberryctl key list'");
  }
  if (auto checked = check_retirement(before, *key, options.yes); !checked) return checked;
  const DataDir dir = line.data_dir();
  const auto admin_claims = read_admin_token(dir, before);
  const bool renew_admin = admin_claims && admin_claims->kid == options.kid;
  document->keys().erase(static_cast<std::size_t>(key - before.keys().data()));
  auto saved = document->save();
  if (!saved) return tl::unexpected(saved.error());

  if (renew_admin) {
    auto renewed = write_admin_token(dir, *saved);
    if (!renewed) {
      return cli_error(renewed.error().code, "the key is retired, but its token in " + dir.admin_token() +
                                                 " could not be renewed: " + renewed.error().message);
    }
  }
  const auto renewed_clients = renew_clients_token(line, *saved, before, options.kid);
  if (!renewed_clients) return tl::unexpected(renewed_clients.error());
  if (line.json) {
    json done{{"kid", options.kid},
              {"retired", true},
              {"admin_token_renewed", renew_admin},
              {"clients_token_renewed", *renewed_clients}};
    if (saved->can_sign()) done["signing_kid"] = saved->signing_key().kid();
    std::cout << done.dump() << "\n";
    return {};
  }
  std::cout << "retired " << printable(options.kid, kid_shown_max) << ": tokens it signed are refused within 2 s\n";
  if (*renewed_clients) std::cout << "renewed the token in " << (line.data_dir().path / "clients").string() << "\n";
  if (renew_admin) std::cout << "renewed " << dir.admin_token() << ", " + admin_token_end(dir) + "\n";
  if (key->can_sign()) {
    std::cout << "a device that had one needs another: strawberryctl token issue --device DEVICE --output FILE\n";
  }
  return {};
}

void add_algorithm_option(CLI::App& command, KeyOptions& options, const std::string& what) {
  command.add_option("--algorithm", options.algorithm, what)->check(CLI::IsMember({"HS256", "RS256", "ES256"}));
}

}  // namespace

void add_key_command(CLI::App& app, CommandLine& line) {
  CLI::App* key = add_command(app, "key", "The keys that sign and verify tokens (offline)", "strawberryctl key list");
  key->require_subcommand(1);

  CLI::App* list = add_command(*key, "list", "Show the keys, without their secrets", "strawberryctl key list");
  list->callback([&line] { line.action = [&line] { return list_keys(line); }; });

  auto added = std::make_shared<KeyOptions>();
  CLI::App* add = add_command(*key, "add", "Add a key behind the others: it verifies tokens and signs none",
                              "strawberryctl key add --public issuer.pem --kid issuer-2025");
  add_algorithm_option(*add, *added, "Make a new key for HS256, RS256 or ES256");
  add->add_option("--public", added->public_file, "Take this public key, a JWK or PEM, of another issuer");
  add->add_option("--kid", added->kid, "Its name; default: its own, or a random one");
  add->callback([&line, added] { line.action = [&line, added] { return add_key(line, *added); }; });

  auto rotated = std::make_shared<KeyOptions>();
  CLI::App* rotate = add_command(*key, "rotate", "Sign with a new key from now on; old tokens stay good",
                                 "strawberryctl key rotate --algorithm ES256");
  add_algorithm_option(*rotate, *rotated, "HS256, RS256 or ES256; default: as the key that signs now");
  rotate->add_option("--kid", rotated->kid, "Its name; default: a random one");
  rotate->callback([&line, rotated] { line.action = [&line, rotated] { return rotate_keys(line, *rotated); }; });

  auto retired = std::make_shared<KeyOptions>();
  CLI::App* retire = add_command(*key, "retire", "Remove a key: tokens it signed stop being good",
                                 "strawberryctl key retire 5ad5f2a0-7d0c-4f3e-9f67-5f0f8b5dd1c6 --yes");
  retire->add_option("KID", retired->kid, "The key's name, as 'strawberryctl key list' shows it")->required();
  retire->add_flag("--yes", retired->yes, "Do it, though connections end");
  retire->callback([&line, retired] { line.action = [&line, retired] { return retire_key(line, *retired); }; });
}

}  // namespace strawberry::cli
