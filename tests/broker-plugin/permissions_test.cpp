// Every cell of the matrix of permissions against the contract, and docs/permissions.md, which shows it to people.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <sstream>

#include "broker-plugin/topic_policy.h"
#include "tests/broker-plugin/contract_rights.h"
#include "tests/broker-plugin/policy_matrix.h"
#include "tests/support/permissions_doc.h"

namespace strawberry::test {
namespace {

constexpr int disagreements_shown_max = 40;

bool policy_allows(const Principal& who, Access access, const std::string& topic, bool retain = false) {
  return check_topic(who, access, read_topic(topic), retain, CastOwners()) == Verdict::allowed;
}

TEST(Permissions, AreWhatTheContractPromises) {
  int disagreements = 0;
  std::size_t cells = 0;
  for (const Principal& who : cast()) {
    for (const std::string& topic : matrix_topics()) {
      for (const Access access : {Access::read, Access::write, Access::will, Access::subscribe}) {
        for (const bool retain : {false, true}) {
          ++cells;
          const bool promised = contract_allows(who, access, topic, retain);
          if (policy_allows(who, access, topic, retain) == promised) continue;
          if (++disagreements > disagreements_shown_max) continue;
          ADD_FAILURE() << describe(who) << " · " << to_string(access) << (retain ? " retained" : "") << " · "
                        << printable(topic) << ": contract says " << (promised ? "yes" : "no") << ", policy says "
                        << to_string(check_topic(who, access, read_topic(topic), retain, CastOwners()));
        }
      }
    }
  }
  EXPECT_EQ(disagreements, 0);
  EXPECT_GT(cells, 50'000u);
}

// --- docs/permissions.md ---

/// For the table: the owner of a row's id, as seen by each principal.
struct Viewer {
  Principal principal;
  std::string mine;  // a device of the same user; admin and bridge have none
};
const std::array<Viewer, 7> viewers = {{
    {{PrincipalType::device, "speaker", "alice"}, "tablet"},
    {{PrincipalType::user, "alice", "alice"}, "tablet"},
    {{PrincipalType::admin, std::string(admin_principal_id), ""}, "tablet"},
    {{PrincipalType::bridge, std::string(bridge_principal_id), ""}, "tablet"},
    {{PrincipalType::enroll, "once", "alice"}, "tablet"},
    {{PrincipalType::grant, "sign-in-1", "alice"}, "tablet"},
    {{PrincipalType::gateway, std::string(gateway_principal_id), ""}, "tablet"},
}};
constexpr std::array<const char*, 6> relations = {"{me}", "{mine}", "{other}", "{unknown}", "+", "#"};

std::string id_of(const Viewer& viewer, const std::string& relation) {
  if (relation == "{me}") return viewer.principal.id;
  if (relation == "{mine}") return viewer.mine;
  if (relation == "{other}") return "lamp";
  return relation == "{unknown}" ? "unknown" : relation;
}

std::string cell(const Principal& who, const std::string& topic) {
  std::string letters;
  const auto write_letter = [&](Access access, char plain, char retained) {
    if (policy_allows(who, access, topic, false)) letters += plain;
    if (policy_allows(who, access, topic, true)) letters += retained;
  };
  write_letter(Access::write, 'p', 'P');
  write_letter(Access::will, 'w', 'W');
  if (policy_allows(who, Access::subscribe, topic)) letters += 's';
  if (policy_allows(who, Access::read, topic)) letters += 'r';
  return letters;
}

/// The cells of one row; empty when they equal the rule for all topics.
std::string cells_of(const std::string& shape, const std::string& relation) {
  std::string cells;
  bool worth_a_row = false;
  for (const Viewer& viewer : viewers) {
    const std::string letters = cell(viewer.principal, with_id(shape, id_of(viewer, relation)));
    cells += " " + letters + " |";
    const bool is_admin = viewer.principal.type == PrincipalType::admin;
    worth_a_row = worth_a_row || (is_admin ? letters.find_first_not_of("sr") != std::string::npos : !letters.empty());
  }
  return worth_a_row ? cells : std::string();
}

/// `topics` has all that share these cells.
struct Row {
  std::string services;  // `skills\\|chat`, or empty for topics without a service
  std::string ids;       // `{mine\\|other}`, a wildcard, or empty
  std::string shape;     // with {id}, without the service
  std::string cells;
};

std::string topic_of(const Row& row) {
  const std::string shape = with_id(row.shape, row.ids);
  std::string topic = row.services;
  for (const char c : shape.size() <= 80 ? shape : shape.substr(0, 30)) {
    const auto byte = static_cast<unsigned char>(c);
    static constexpr std::string_view digits = "0123456789abcdef";
    if (byte >= 0x20 && byte < 0x7f) {
      topic += c;
    } else {
      topic += std::string("\\x") + digits[byte >> 4] + digits[byte & 0x0f];
    }
  }
  return shape.size() <= 80 ? topic : topic + "… (" + std::to_string(shape.size()) + " bytes)";
}

std::string first_level(const std::string& shape) { return shape.substr(0, shape.find('/')); }
bool is_service(const std::string& name) {
  return name == "skills" || name == "chat" || name == "sessions" || name == "devices" || name == "users";
}

/// One row for all ids that have the same cells.
std::vector<Row> rows_of(const std::string& shape) {
  std::vector<Row> rows;
  for (const std::string relation : relations) {
    const std::string cells = cells_of(shape, relation);
    if (cells.empty()) continue;
    const bool is_word = relation.front() == '{';
    if (is_word && !rows.empty() && rows.back().cells == cells) {
      std::string& ids = rows.back().ids;
      ids = ids.substr(0, ids.size() - 1) + "\\|" + relation.substr(1);
    } else {
      const bool service = is_service(first_level(shape));
      rows.push_back(
          {service ? first_level(shape) : "", relation, service ? shape.substr(shape.find('/')) : shape, cells});
    }
  }
  return rows;
}

/// Merges rows that differ only in the service.
void add(std::vector<Row>& rows, const Row& added) {
  for (Row& row : rows) {
    if (added.services.empty() || row.services.empty() || row.shape != added.shape || row.ids != added.ids ||
        row.cells != added.cells) {
      continue;
    }
    row.services += "\\|" + added.services;
    return;
  }
  rows.push_back(added);
}

std::string write_permissions() {
  std::vector<Row> rows;
  for (const std::string& shape : shapes_with_id()) {
    for (const Row& row : rows_of(shape)) add(rows, row);
  }
  for (const std::string& shape : other_shapes()) {
    if (const std::string cells = cells_of(shape, ""); !cells.empty()) rows.push_back({"", "", shape, cells});
  }

  std::ostringstream text;
  text << "# Permissions\n\n"
          "Who may do what on the broker, as the plugin's policy really decides it: written by `permissions_test` from "
          "the\n"
          "code, and compared with it in every test run. The promises behind it are in [contract.md](contract.md), "
          "section 2.\n"
          "After a change of rights, run `STRAWBERRY_WRITE_PERMISSIONS=1 permissions_test` and review the "
          "difference.\n\n"
          "`p` publish, `P` also retained; `w` as a will, `W` also retained; `s` subscribe to this filter; `r` have a "
          "message\n"
          "with this topic delivered. `me` is one's own id, `mine` a device of the same user (admin and bridge have "
          "none),\n"
          "`other` somebody else's device, `unknown` nobody's id.\n\n"
          "**For all other topics and filters: nothing.** Only an admin may also subscribe to and receive everything "
          "that is\n"
          "canonical and not below `$CONTROL` or `users`. Canonical is: at most 512 bytes and 32 levels, no empty "
          "level, no "
          "control characters,\n"
          "wildcards alone in their level.\n\n"
          "| topic or filter | device | user | admin | bridge | enroll | grant | gateway "
          "|\n|---|---|---|---|---|---|---|---|\n";
  for (const Row& row : rows) text << "| `" << topic_of(row) << "` |" << row.cells << "\n";
  text << "\nAsked about " << shapes_with_id().size() * relations.size() + other_shapes().size() << " shapes.\n\n";
  return text.str();
}

TEST(Permissions, AreShownInTheDocumentation) {
  const std::string now = write_permissions();
  const std::string shown = PermissionsDoc::part(PermissionsDoc::Part::topics, now);
  EXPECT_EQ(shown, now) << "The rights have changed. If that is meant, run this test with "
                           "STRAWBERRY_WRITE_PERMISSIONS=1 and review the difference.";
}

}  // namespace
}  // namespace strawberry::test
