#include "gateway/oauth/pages.h"

#include <algorithm>

#include "common/text/base64url.h"
#include "common/text/sha256.h"
#include "gateway/oauth/parameters.h"
#include "gateway/oauth/redirects.h"
#include "gateway/oauth/scope.h"

namespace strawberry::gateway::oauth {
namespace {

/// In the colours of the dashboard (web/src/style/tokens.css).
constexpr std::string_view style =
    "*{box-sizing:border-box}"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;align-content:center;"
    "justify-items:center;padding:1.5rem 1rem;color:#211d1b;background:#f7f5f3;overflow-wrap:anywhere}"
    "main{width:min(30rem,100%);padding:2rem;background:#fff;border:1px solid #e4dfda;border-radius:18px;"
    "box-shadow:0 1px 2px rgb(40 20 10/5%),0 4px 16px rgb(40 20 10/4%)}"
    ".brand{margin:0 0 .2rem;color:#c41f4b;font-weight:650}"
    "h1{font-size:1.4rem;line-height:1.25;margin:0 0 1rem}h2{font-size:1.05rem;margin:0 0 .3rem}"
    "form+h2{margin-top:1.6rem;padding-top:1.4rem;border-top:1px solid #e4dfda}p,ul{margin:0 0 "
    "1rem}ul{padding-left:1.3rem}"
    "label{display:block;margin-top:.8rem;font-size:.9rem;font-weight:580}code{font-size:.9em}"
    "input{display:block;width:100%;padding:.5rem .75rem;margin-top:.25rem;font:inherit;font-weight:400;color:inherit;"
    "background:transparent;border:1px solid #928a82;border-radius:10px}.scope{color:#655f59;font-size:.85em}"
    "button{font:inherit;font-weight:560;padding:.5rem 1.2rem;margin:1rem .6rem 0 0;border:1px solid #c41f4b;"
    "border-radius:10px;background:#c41f4b;color:#fff;cursor:pointer}button.no{background:transparent;color:#c41f4b}"
    ":focus-visible{outline:2px solid #c41f4b;outline-offset:2px}"
    ".wrong{color:#b3261e;background:#fdecea;border-radius:10px;padding:.6rem .9rem}"
    "@media(prefers-color-scheme:dark){body{color:#f3efed;background:#141213}main{background:#1d1a1b;border-color:#"
    "353031}"
    "form+h2{border-color:#353031}input{border-color:#857c7d}.scope{color:#b0a8a4}.brand,button.no{color:#ff7c9c}"
    "button{background:#ff7c9c;border-color:#ff7c9c;color:#33070f}button.no{background:transparent}"
    ".wrong{color:#ff9b8f;background:#3d1815}:focus-visible{outline-color:#ff7c9c}}";

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
                  std::string(style) + "</style></head><body><main><p class=\"brand\">Strawberry Hub</p><h1>" +
                  escaped(title) + "</h1>" + body + "</main></body></html>";
  return response;
}

/// Where signing in may lead to in the end: the program, when its request is wrong, gets an error at once, and a
/// browser holds that redirect, too, against the policy of the page whose form began it. The program's registration is
/// checked before anybody is sent there. Empty when `next` names no such address.
std::string redirect_behind(std::string_view next) {
  Fields query;
  const std::size_t mark = next.find('?');
  if (mark == std::string_view::npos || !read_form(next.substr(mark + 1), query)) return {};
  const std::string uri = value_of(query, "redirect_uri");
  return is_redirect_uri(uri) ? redirect_source(uri) : std::string();
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
      "<p>It could not add, rename or remove devices, nor make tokens. You can take it back at any time: in the "
      "dashboard "
      "under Tokens, or with <code>strawberryctl token revoke</code>.</p>"
      "<form method=\"post\" action=\"/oauth/authorize\">" +
      hidden("ticket", question.ticket) +
      "<button name=\"decision\" value=\"allow\">Allow</button>"
      "<button name=\"decision\" value=\"deny\" class=\"no\">Deny</button></form>";
  return page("Allow this program?", body, redirect_source(question.redirect_uri), 200);
}

Response sign_in_page(const SignIn& what, unsigned status) {
  const std::string form = "<form method=\"post\" action=\"/oauth/login\">" + hidden("next", what.next);
  const std::string body =
      (what.problem.empty() ? "" : "<p class=\"wrong\" role=\"alert\">" + escaped(what.problem) + "</p>") +
      (what.next.empty() ? ""
                         : paragraph("A program asks to use the hub in your name. Sign in to see what it wants.")) +
      form +
      "<label>User<input type=\"text\" name=\"user\" autocomplete=\"username\" autocapitalize=\"none\" "
      "spellcheck=\"false\" maxlength=\"64\" required value=\"" +
      escaped(what.user) +
      "\"></label><label>Password<input type=\"password\" name=\"password\" autocomplete=\"current-password\" "
      "maxlength=\"1024\" required></label><button>Sign in</button></form><h2>Without a password</h2>" +
      paragraph(
          "Have a login link made on the hub's machine, and paste it here: "
          "<code>strawberryctl login-link --user YOU</code>") +
      form +
      "<label>Login link<input type=\"text\" name=\"token\" autocomplete=\"off\" required></label>"
      "<button class=\"no\">Sign in by link</button></form>";
  return page("Sign in", body, redirect_behind(what.next), status);
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
