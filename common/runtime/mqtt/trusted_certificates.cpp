#include "common/runtime/mqtt/trusted_certificates.h"

#include <openssl/err.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>

#include "common/text/printable.h"
#include "common/text/private_file.h"

namespace strawberry {
namespace {

constexpr std::chrono::seconds shared_for{60};

struct SharedStore {
  std::weak_ptr<X509_STORE> store;
  FileState file;
  std::chrono::steady_clock::time_point read_at;
};

/// Returns the state of the file that `path` leads to, links followed.
FileState state_of(const std::string& path) {
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  return look_at_file(error ? path : target.string());
}

std::string why_not_read() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
  ERR_clear_error();
  const std::string said = text.data();
  const auto colon = said.rfind(':');
  return colon == std::string::npos ? said : said.substr(colon + 1);
}

Result<std::shared_ptr<X509_STORE>> read_certificates(const std::string& ca_file) {
  std::shared_ptr<X509_STORE> store(X509_STORE_new(), &X509_STORE_free);
  if (!store) return fail("no TLS: " + why_not_read());
  const int is_read =
      ca_file.empty() ? X509_STORE_set_default_paths(store.get()) : X509_STORE_load_file(store.get(), ca_file.c_str());
  if (is_read != 1) return fail("cannot use the CA certificates in " + printable(ca_file) + ": " + why_not_read());
  ERR_clear_error();
  return store;
}

}  // namespace

Result<std::shared_ptr<X509_STORE>> trusted_certificates(const std::string& ca_file) {
  static std::mutex mutex;
  static std::map<std::string, SharedStore> shared;
  const std::lock_guard lock(mutex);
  const auto now = std::chrono::steady_clock::now();
  const FileState file = ca_file.empty() ? FileState{} : state_of(ca_file);
  std::erase_if(shared,
                [&](const auto& one) { return one.second.store.expired() || now >= one.second.read_at + shared_for; });
  if (const auto found = shared.find(ca_file); found != shared.end() && found->second.file == file) {
    if (auto store = found->second.store.lock()) return store;
  }
  auto store = read_certificates(ca_file);
  if (store && !is_recent(file)) shared[ca_file] = {*store, file, now};
  return store;
}

}  // namespace strawberry
