#include "cli/key_document.h"

#include <openssl/crypto.h>

#include <utility>

#include "cli/identity.h"
#include "cli/text.h"
#include "common/text/ids.h"
#include "common/text/private_file.h"
#include "common/text/strict_json.h"

namespace strawberry::cli {
namespace {

using nlohmann::json;

void wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

}  // namespace

KeyDocument::KeyDocument(std::string path, FileDescriptor lock, KeySet before, json document)
    : path_(std::move(path)), lock_(std::move(lock)), before_(std::move(before)), document_(std::move(document)) {}

Outcome<KeyDocument> KeyDocument::open(const DataDir& dir, std::chrono::milliseconds patience) {
  // Fails with a remedy when there is no hub here, before anything is locked.
  if (auto there = load_keys(dir); !there) return tl::unexpected(there.error());
  auto lock = lock_directory(dir, patience);
  if (!lock) return tl::unexpected(lock.error());
  const auto give_up = [](const std::string& reason) { return cli_error(ExitCode::local, printable(reason, 400)); };
  auto file = read_private_file(dir.keys(), KeySet::file_bytes_max);
  if (!file) return give_up("key file " + dir.keys() + " " + file.error().message);
  auto set = KeySet::parse(file->content);
  auto document = parse_strict_object(file->content, /*depth_max=*/8);
  wipe(file->content);
  if (!set) return give_up("key file " + dir.keys() + ": " + set.error().message);
  if (!document) return give_up("key file " + dir.keys() + " is not one JSON object");
  for (json& key : document->at("keys")) {
    // A token without a kid is tried against every key: those that this key signed stay valid.
    if (key.value("kid", "").empty()) key["kid"] = new_id();
  }
  return KeyDocument(dir.keys(), std::move(*lock), std::move(*set), std::move(*document));
}

Outcome<KeySet> KeyDocument::save(const std::function<std::string(const KeySet&)>& objection) {
  std::string text = document_.dump(2) + "\n";
  auto set = KeySet::parse(text);
  std::string refusal = set ? std::string() : set.error().message;
  if (set && objection) refusal = objection(*set);
  if (!refusal.empty()) {
    wipe(text);
    return cli_error(ExitCode::usage, printable(refusal, 400) + "; nothing was changed");
  }
  auto written = replace_private_file(path_, text);
  wipe(text);
  if (!written) return cli_error(ExitCode::local, printable(written.error().message, 400));
  return std::move(*set);
}

}  // namespace strawberry::cli
