#include "cli/doctor/judgements.h"
#include "common/text/private_file.h"

namespace strawberry::cli {
namespace {

constexpr std::chrono::hours token_rest_min{24};

struct Advice {
  std::string_view problem;
  const char* what;
  const char* todo;
};
constexpr const char* another_hub = "was signed with another hub's key, or with one that was retired";
constexpr Advice advices[] = {
    {"token_expired", "has expired", ""},
    {"token_not_yet_valid", "is not valid yet: it was issued in the future",
     "compare the clocks: date -u on both machines"},
    {"token_unknown_key", another_hub, ""},
    {"token_bad_signature", another_hub, ""},
    {"token_revoked", "was revoked", ""},
    {"device_inactive", "is of a device that was revoked", ""},
    {"unknown_device", "is of a device that this hub does not have", ""},
    {"not_the_owner", "is of a device that belongs to another user here", ""},
    {"id_is_a_device", "is of somebody who has the id of a device, which no hub accepts", ""},
    {"token_spent", "was good once, and has been used", ""},
    {"token_no_expiry", "never expires, which no hub accepts", ""},
};

std::string new_token(const Facts& f, const TokenFacts& token) {
  if (token.type == "admin" || &token == &f.admin_token) return f.command + " token issue --admin --output FILE";
  if (token.problem == "unknown_device" || token.problem == "device_inactive") {
    return f.command + " device add NAME --user USER";
  }
  if (token.type == "user") return f.command + " token issue --user USER --output FILE";
  return f.command + " token issue --device NAME --output FILE";
}

Finding token_finding(const Facts& f, const TokenFacts& token, const std::string& renew) {
  if (!token.file.problem.empty()) return bad("cannot read " + token.path + ": " + token.file.problem, renew);
  const std::string subject = token.path + (token.who.empty() ? "" : " (" + token.who + ")");
  if (!token.problem.empty()) {
    for (const Advice& advice : advices) {
      if (advice.problem != token.problem) continue;
      return bad(subject + " " + advice.what, *advice.todo == '\0' ? renew : advice.todo);
    }
    return bad(subject + " is no good token: " + token.problem, renew);
  }
  if (!is_private(token.file.mode, token.file.owner)) {
    return bad(subject + " may be read by other users (mode " + octal(token.file.mode) + ")",
               (f.is_package && &token == &f.gateway_token ? "chmod 640 " : "chmod 600 ") + shell_word(token.path));
  }
  if (token.type.empty()) {
    return warn(subject + " was not looked at, for want of the hub's keys",
                f.command + " doctor, once those are there");
  }
  const std::string until = token.expires_at ? " until " + format_rfc3339(*token.expires_at) : "";
  if (token.expires_at && *token.expires_at - f.now < token_rest_min) {
    return warn(subject + " is good only" + until, renew);
  }
  return good(subject + " is good" + until);
}

Maybe admin_token(const Facts& f) {
  if (!f.admin_token.file.exists) return std::nullopt;
  if (is_permission_denied(f.admin_token.file))
    return std::nullopt;                                                        // belongs to root when a group shares
                                                                                // the hub
  if (f.admin_token.file.problem.empty() && !has_keys(f)) return std::nullopt;  // reported for the keys
  return token_finding(f, f.admin_token, f.command + " init");
}

/// Only for a hub that has a web door.
Maybe gateway_token(const Facts& f) {
  const TokenFacts& token = f.gateway_token;
  if (f.web_door.file.empty() || is_permission_denied(token.file)) return std::nullopt;
  const std::string renew = f.is_package ? "systemctl restart strawberry-gateway" : f.command + " init";
  if (!token.file.exists) return warn("there is no " + token.path + ": nobody can sign in with a password", renew);
  if (token.file.problem.empty() && !has_keys(f)) return std::nullopt;
  if (token.problem.empty() && !token.type.empty() && token.type != "gateway")
    return bad(token.path + " is no token of a web door, but of " + token.who,
               "rm " + shell_word(token.path) + "; " + renew);
  return token_finding(f, token, renew);
}

Maybe clients_token(const Facts& f) {
  if (!f.clients_token.file.exists || is_permission_denied(f.clients_token.file)) return std::nullopt;
  if (f.clients_token.file.problem.empty() && !has_keys(f)) return std::nullopt;
  return token_finding(f, f.clients_token,
                       f.command + " token issue --admin --name scripts/run --replace --mosquitto " +
                           shell_word(f.data_dir + "/clients"));
}

Maybe given_token(const Facts& f) {
  if (!f.token) return std::nullopt;
  if (!f.token->file.exists)
    return bad("there is no " + f.token->path, "name a file that holds a token, or make one: " + f.command +
                                                   " token issue --device NAME --output FILE");
  return token_finding(f, *f.token, new_token(f, *f.token));
}

}  // namespace

std::vector<Check> token_checks() {
  return {{"admin token", admin_token},
          {"web door's token", gateway_token},
          {"mosquitto_sub's token", clients_token},
          {"token", given_token}};
}

}  // namespace strawberry::cli
