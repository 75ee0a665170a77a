#include "common/runtime/request_log.h"

#include <utility>

namespace strawberry {
namespace {

thread_local LogFields line_fields;
thread_local std::string_view line_kind;

}  // namespace

LogLine::LogLine(const LogFields& fields, std::string_view kind)
    : outer_fields_(std::exchange(line_fields, fields)), outer_kind_(std::exchange(line_kind, kind)) {}

LogLine::~LogLine() {
  line_fields = outer_fields_;
  line_kind = outer_kind_;
}

const LogFields& fields_of_line() { return line_fields; }
std::string_view kind_of_line() { return line_kind; }

}  // namespace strawberry
