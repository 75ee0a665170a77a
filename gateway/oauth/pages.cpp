#include "gateway/oauth/pages.h"

#include <algorithm>

#include "common/text/base64url.h"
#include "common/text/sha256.h"
#include "gateway/oauth/redirects.h"
#include "gateway/oauth/scope.h"

namespace strawberry::gateway::oauth {
namespace {

constexpr std::string_view style =
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 "
    "1rem;color:#222;background:#fff}"
    "h1{font-size:1.4rem}code{overflow-wrap:anywhere}strong{overflow-wrap:anywhere}"
    "label{display:block;margin-top:.8rem}form+h2{margin-top:2.2rem}h2{font-size:1.05rem;margin-bottom:.3rem}"
    "input{display:block;width:100%;box-sizing:border-box;padding:.5rem;margin-top:.2rem;font:inherit;color:inherit;"
    "background:transparent;border:1px solid #888;border-radius:.3rem}.scope{color:#666;font-size:.85em}"
    "button{font:inherit;padding:.5rem 1.2rem;margin:.8rem .6rem 0 0;border:1px solid #b3003c;border-radius:.3rem;"
    "background:#b3003c;color:#fff}button.no{background:#fff;color:#b3003c}.wrong{color:#b3003c}"
    "@media(prefers-color-scheme:dark){body{color:#eee;background:#1c1c1c}.wrong{color:#ff7a9c}.scope{color:#aaa}}";

/// Returns the hash of the style in the form of a Content Security Policy.
std::string hash_of_style() {
  const Sha256 hash = sha256(style);
  std::string text = base64url_encode({reinterpret_cast<const char*>(hash.data()), hash.size()});
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return "'sha256-" + text + "='";
}

/// `form_target`: where the page's form may redirect, in addition to the door itself; may be empty.
Response page(const std::string& title, const std::string& body, const std::string& form_target, unsigned status) {
  static const std::string style_source = hash_of_style();
  Response response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.headers.emplace_back("Content-Security-Policy", "default-src 'none'; style-src " + style_source +
                                                               "; base-uri 'none'; form-action 'self'" +
                                                               (form_target.empty() ? "" : " ") + form_target +
                                                               "; frame-ancestors 'none'");
  response.headers.emplace_back("X-Frame-Options", "DENY");
  // With no-referrer a browser would send its own forms with `Origin: null`.
  response.headers.emplace_back("Referrer-Policy", "same-origin");
  response.body = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + escaped(title) +
                  " - Strawberry Hub</title><meta name=\"viewport\" content=\"width=device-width\"><style>" +
                  std::string(style) + "</style></head><body><h1>" + escaped(title) + "</h1>" + body + "</body></html>";
  return response;
}

std::string hidden(const char* name, const std::string& value) {
  return std::string("<input type=\"hidden\" name=\"") + name + "\" value=\"" + escaped(value) + "\">";
}

std::string paragraph(const std::string& html) { return "<p>" + html + "</p>"; }
std::string strong(std::string_view text) { return "<strong>" + escaped(text) + "</strong>"; }

/// Returns the text that explains a scope to users.
const char* words_for(Scope scope) {
  switch (scope) {
    case Scope::skills_read: return "see what your devices can do";
    case Scope::skills_call: return "call their skills";
    case Scope::chat: return "chat as you";
    case Scope::sessions: return "read and change your stored chats";
    case Scope::devices_read: return "see your devices";
    case Scope::mcp: return "use the hub's tools over MCP";
    default: return "more";
  }
}

std::string items_of(Scopes scopes) {
  std::string items;
  for (const std::string& word : words_of(scopes)) {
    const char* said = words_for(parse_scope(word).value_or(Scope::mcp));
    items += std::string("<li>") + said + " <span class=\"scope\">" + escaped(word) + "</span></li>";
  }
  return items;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

Response consent_page(const Question& question) {
  const std::string where = redirect_host(question.redirect_uri);
  const std::string body =
      paragraph(strong(question.client.name) + " asks to act for the user " + strong(question.user_id) + ".") +
      paragraph("The answer goes to " + strong(where) +
                ". The name is what the program says of itself; go on only if you have just started this there.") +
      "<p>It could</p><ul>" + items_of(question.scopes) +
      "</ul>"
      "<p>It could not add, rename or remove devices, nor make tokens. You can take it back at any time: "
      "<code>strawberryctl token list</code>, <code>token revoke</code>.</p>"
      "<form method=\"post\" action=\"/oauth/authorize\">" +
      hidden("ticket", question.ticket) +
      "<button name=\"decision\" value=\"allow\">Allow</button>"
      "<button name=\"decision\" value=\"deny\" class=\"no\">Deny</button></form>";
  return page("Allow this program?", body, redirect_source(question.redirect_uri), 200);
}

Response sign_in_page(const SignIn& what, unsigned status) {
  const std::string form = "<form method=\"post\" action=\"/oauth/login\">" + hidden("next", what.next);
  const std::string body =
      (what.problem.empty() ? "" : "<p class=\"wrong\" role=\"alert\">" + escaped(what.problem) + "</p>") + form +
      "<label>User<input type=\"text\" name=\"user\" autocomplete=\"username\" autocapitalize=\"none\" "
      "spellcheck=\"false\" maxlength=\"64\" required value=\"" +
      escaped(what.user) +
      "\"></label><label>Password<input type=\"password\" name=\"password\" autocomplete=\"current-password\" "
      "required></label><button>Sign in</button></form><h2>Without a password</h2>" +
      paragraph(
          "Have a login link made on the hub's machine, and paste it here: "
          "<code>strawberryctl login-link --user YOU</code>") +
      form +
      "<label>Login link<input type=\"text\" name=\"token\" autocomplete=\"off\" required></label>"
      "<button class=\"no\">Sign in by link</button></form>";
  return page("Sign in", body, "", status);
}

Response confirm_sign_in_page(const std::string& token, const std::string& user_id) {
  return page("Sign in",
              paragraph("This link signs you in as " + strong(user_id) + ", once, for a few minutes.") +
                  "<form method=\"post\" action=\"/oauth/login\">" + hidden("token", token) +
                  "<button>Sign in</button></form>",
              "", 200);
}

Response signed_in_page(const std::string& user_id) {
  return page("Signed in",
              paragraph("You are signed in as " + strong(user_id) +
                        " for a few minutes. Go back to the page that asked, and load it again."),
              "", 200);
}

Response error_page(const std::string& message, unsigned status) {
  return page("This does not work", "<p class=\"wrong\">" + escaped(message) + "</p>", "", status);
}

}  // namespace strawberry::gateway::oauth
