#include "bridge/protocol/request_log.h"

namespace strawberry {
namespace {

thread_local LogFields line_fields;

}  // namespace

RequestLog::Line::Line(const LogFields& fields) { line_fields = fields; }
RequestLog::Line::~Line() { line_fields = {}; }

const LogFields& fields_of_line() { return line_fields; }

}  // namespace strawberry
