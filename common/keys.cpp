#include "common/keys.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "common/base64url.h"
#include "common/ids.h"
#include "common/key_secret.h"
#include "common/strict_json.h"

namespace strawberry {
namespace {

constexpr std::size_t file_bytes_max = 64 * 1024;
constexpr std::size_t kid_bytes_max = 128;
constexpr std::size_t oct_key_bytes_min = 32;
constexpr std::size_t rsa_key_bits_min = 2048;
constexpr std::size_t rsa_key_bits_max = 8192;
constexpr std::size_t p256_signature_bytes = 64;
constexpr std::size_t hmac_sha256_bytes = 32;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string system_error() { return std::strerror(errno); }

/// A member that is a string; empty when there is none, nothing when it is something else.
std::optional<std::string> string_member(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end()) return std::string();
  if (!member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

std::optional<JwsAlgorithm> algorithm_of_type(std::string_view kty) {
  if (kty == "oct") return JwsAlgorithm::hs256;
  if (kty == "RSA") return JwsAlgorithm::rs256;
  if (kty == "EC") return JwsAlgorithm::es256;
  return std::nullopt;
}

std::string check_strength(const nlohmann::json& jwk, JwsAlgorithm algorithm) {
  switch (algorithm) {
    case JwsAlgorithm::hs256: {
      const auto text = string_member(jwk, "k");
      const auto bytes = text ? base64url_decode(*text) : std::nullopt;
      if (!bytes) return "`k` is not base64url without padding";
      if (bytes->size() < oct_key_bytes_min) return "an HS256 key needs at least 256 bits";
      return {};
    }
    case JwsAlgorithm::rs256: {
      const auto text = string_member(jwk, "n");
      const auto modulus = text ? base64url_decode(*text) : std::nullopt;
      if (!modulus || modulus->empty() || modulus->front() == '\0') return "`n` is no modulus in base64url";
      if (modulus->size() * 8 < rsa_key_bits_min) return "an RS256 key needs at least 2048 bits";
      if (modulus->size() * 8 > rsa_key_bits_max) return "an RS256 key has at most 8192 bits";
      return {};
    }
    case JwsAlgorithm::es256: return string_member(jwk, "crv") == "P-256" ? "" : "an ES256 key needs the curve P-256";
  }
  return "unknown algorithm";
}

std::size_t signature_bytes_of(const cjose_jwk_t* jwk, JwsAlgorithm algorithm) {
  if (algorithm == JwsAlgorithm::hs256) return hmac_sha256_bytes;
  if (algorithm == JwsAlgorithm::es256) return p256_signature_bytes;
  return (cjose_jwk_get_keysize(jwk, nullptr) + 7) / 8;
}

/// `which` names the key in messages: `key 2 ("old")`.
Result<Key> import_key(const nlohmann::json& jwk, std::size_t position) {
  std::string which = "key " + std::to_string(position + 1);
  if (!jwk.is_object()) return fail(which + " is not a JSON object");

  const auto kid = string_member(jwk, "kid");
  if (!kid || kid->size() > kid_bytes_max) return fail(which + ": `kid` is no string of at most 128 bytes");
  if (!kid->empty()) which += " (" + nlohmann::json(*kid).dump() + ")";

  const auto kty = string_member(jwk, "kty");
  const auto algorithm = kty ? algorithm_of_type(*kty) : std::nullopt;
  if (!algorithm) return fail(which + ": `kty` is none of oct, RSA, EC");
  if (jwk.contains("alg") && string_member(jwk, "alg") != to_string(*algorithm)) {
    return fail(which + ": the only `alg` for kty " + *kty + " is " + std::string(to_string(*algorithm)));
  }
  if (jwk.contains("use") && string_member(jwk, "use") != "sig") return fail(which + ": `use` is not \"sig\"");
  if (const std::string weakness = check_strength(jwk, *algorithm); !weakness.empty()) {
    return fail(which + ": " + weakness);
  }

  const std::string text = jwk.dump();
  auto secret = std::make_shared<Key::Secret>();
  secret->jwk.reset(cjose_jwk_import(text.data(), text.size(), nullptr));
  if (!secret->jwk) return fail(which + " is not a valid JSON Web Key");
  secret->signature_bytes = signature_bytes_of(secret->jwk.get(), *algorithm);
  secret->can_sign = *algorithm == JwsAlgorithm::hs256 || jwk.contains("d");
  return Key(*kid, *algorithm, std::move(secret));
}

/// Fails with the reason only; the caller knows the path.
Result<std::string> read_private_file(const std::string& path) {
  // O_NONBLOCK: a pipe in the file's place must not stop the broker.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) return fail(errno == ELOOP ? "is a symbolic link" : "cannot be opened: " + system_error());

  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail("cannot be examined: " + system_error());
  if (!S_ISREG(status.st_mode)) return fail("is not a regular file");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail("is open to other users: it must have mode 0600 or 0400");
  }

  std::string content(file_bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail("cannot be read: " + system_error());
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > file_bytes_max) return fail("is larger than 64 KiB");
  content.resize(size);
  return content;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(fd) == 0;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// Writes beside `path` and then links, which fails when `path` exists and never shows half a file.
Result<void> write_new_private_file(const std::string& path, std::string_view content) {
  const std::string draft = path + ".new-" + new_id();
  {
    const FileDescriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open()) return fail(path + " cannot be created: " + system_error());
    if (!write_all(file.get(), content)) {
      const std::string reason = system_error();
      ::unlink(draft.c_str());
      return fail(path + " cannot be written: " + reason);
    }
  }
  const bool linked = ::link(draft.c_str(), path.c_str()) == 0;
  const int link_errno = errno;
  ::unlink(draft.c_str());
  if (!linked) {
    if (link_errno == EEXIST) return fail(path + " exists; keys are never overwritten");
    return fail(path + " cannot be created: " + std::strerror(link_errno));
  }
  const FileDescriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) return fail(path + " may not be on disk: " + system_error());
  return {};
}

}  // namespace

std::string_view to_string(JwsAlgorithm algorithm) {
  switch (algorithm) {
    case JwsAlgorithm::hs256: return "HS256";
    case JwsAlgorithm::rs256: return "RS256";
    case JwsAlgorithm::es256: return "ES256";
  }
  return "unknown";
}

Key::Key(std::string kid, JwsAlgorithm algorithm, std::shared_ptr<const Secret> secret)
    : kid_(std::move(kid)), algorithm_(algorithm), secret_(std::move(secret)) {}

KeySet::KeySet(std::vector<Key> keys) : keys_(std::move(keys)) {}

Result<KeySet> KeySet::parse(std::string_view json) {
  if (json.size() > file_bytes_max) return fail("the JWK Set is larger than 64 KiB");
  const auto document = parse_strict_object(json, /*depth_max=*/8);
  if (!document) return fail("the JWK Set is not one JSON object without duplicate members");
  const auto members = document->find("keys");
  if (members == document->end() || !members->is_array()) return fail("the JWK Set has no array `keys`");
  if (members->empty()) return fail("the JWK Set has no keys");
  if (members->size() > keys_max) return fail("the JWK Set has more than " + std::to_string(keys_max) + " keys");

  std::vector<Key> keys;
  for (const auto& member : *members) {
    auto key = import_key(member, keys.size());
    if (!key) return tl::unexpected(key.error());
    if (members->size() > 1 && key->kid().empty()) {
      return fail("key " + std::to_string(keys.size() + 1) + ": with several keys, each needs a `kid`");
    }
    const bool known =
        std::any_of(keys.begin(), keys.end(), [&key](const Key& other) { return other.kid() == key->kid(); });
    if (known) return fail("key " + std::to_string(keys.size() + 1) + ": its `kid` is another key's, too");
    keys.push_back(std::move(*key));
  }
  return KeySet(std::move(keys));
}

Result<KeySet> KeySet::load(const std::string& path) {
  auto content = read_private_file(path);
  if (!content) return fail("key file " + path + " " + content.error().message);
  auto keys = parse(*content);
  OPENSSL_cleanse(content->data(), content->size());
  if (!keys) return fail("key file " + path + ": " + keys.error().message);
  return keys;
}

Result<void> KeySet::create(const std::string& path) {
  std::array<unsigned char, oct_key_bytes_min> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return fail("the system gives no random numbers");

  nlohmann::json key = nlohmann::json::object();
  key["kty"] = "oct";
  key["alg"] = to_string(JwsAlgorithm::hs256);
  key["use"] = "sig";
  key["kid"] = new_id();
  key["k"] = base64url_encode({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  OPENSSL_cleanse(bytes.data(), bytes.size());

  nlohmann::json document = nlohmann::json::object();
  document["keys"] = nlohmann::json::array();
  document["keys"].push_back(std::move(key));
  return write_new_private_file(path, document.dump(2) + "\n");
}

bool KeySet::can_sign() const {
  return std::any_of(keys_.begin(), keys_.end(), [](const Key& key) { return key.secret().can_sign; });
}

const Key& KeySet::signing_key() const {
  return *std::find_if(keys_.begin(), keys_.end(), [](const Key& key) { return key.secret().can_sign; });
}

}  // namespace strawberry
