/// What the token commands share: the list of what was issued, and the names in it. A running hub is asked; the files
/// of one that does not run are opened.
///
/// Threading: one thread.   Errors: CliError; a missing, unreadable or older database is ExitCode::local.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "bridge/adapters/sqlite/issued_tokens.h"
#include "cli/command_line.h"
#include "cli/files.h"
#include "cli/outcome.h"
#include "common/identity/keys.h"

namespace strawberry::cli {

/// Refuses a name that could not be typed again: longer than 128 bytes, not UTF-8, with characters that do not show, or
/// with spaces at its ends. None at all is fine.
Outcome<void> check_token_name(const std::string& name);
std::set<std::string> kids_of(const KeySet& keys);
/// Of the tokens there is a record of, those that are asked for.
Outcome<bridge::TokenList> list_of_tokens(const CommandLine& line, const bridge::TokenQuery& query);
/// Of those that a hub's database lists, whether a hub runs or not.
Outcome<bridge::TokenList> list_of_tokens(const DataDir& dir, const bridge::TokenQuery& query);
/// `user alice`, `device lamp of alice`, `admin`, `a new device of alice`.
std::string whose_token(const bridge::IssuedToken& token);

}  // namespace strawberry::cli
