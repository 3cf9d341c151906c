#include <algorithm>

#include "proxy/config/guests.h"
#include "proxy/config/units.h"

namespace gatehouse::config {
namespace {

std::uint64_t size_or(const View& v, std::string_view key, std::uint64_t otherwise) {
  return static_cast<std::uint64_t>(v.size(key).value_or(static_cast<std::int64_t>(otherwise)));
}

// The node to point at for two limits that do not go together: `key`'s, or that of record_bytes where `key` is not
// written anywhere.
const Found& place_of(const Found& key, const Found& record) {
  return key.origin != Origin::builtin ? key : record;
}

void warn_buffered(Context& ctx, const View& v, const policy::Limits& l) {
  const Found buffered = v.find("buffered_bytes");
  const Found record = v.find("record_bytes");
  if (buffered && record && l.buffered_bytes < l.record_bytes)
    ctx.warn(place_of(buffered, record).node->place,
             "buffered_bytes is below record_bytes: a record of several fragments that is larger than "
             "buffered_bytes will be refused");
}

bool protected_bodies(const policy::Guest& g) {
  const auto has = [](policy::SecSet s) { return s.has(policy::Sec::krb5i) || s.has(policy::Sec::krb5p); };
  return has(g.sec) || std::ranges::any_of(g.sec_by_program, [&](const auto& by) { return has(by.second); });
}

// A krb5i or krb5p record takes its whole size of these budgets, or waits.
void check_room(Context& ctx, const View& v, const policy::Guest& g, std::string_view key, std::uint64_t value) {
  const Found room = v.find(key);
  const Found record = v.find("record_bytes");
  if (!room || !record || value >= g.limits.record_bytes) return;
  const auto show = [](std::uint64_t n) { return quote(format_size(static_cast<std::int64_t>(n))); };
  ctx.error(place_of(room, record).node->place,
            "limits of guest " + quote(g.name) + ": " + std::string(key) + " = " + show(value) +
                " is below record_bytes = " + show(g.limits.record_bytes) +
                ", and a krb5i or krb5p record of that size could never be received: raise " + std::string(key) +
                ", lower record_bytes, or leave krb5i and krb5p out of sec");
}

}  // namespace

void read_limits(Context& ctx, const GuestSource& src, policy::Guest& out) {
  const auto [stated, inherited] = src.policy().layers("limits");
  const View v(Section::limits, stated, inherited);
  policy::Limits& l = out.limits;
  l.connections = v.u32("connections", l.connections);
  l.in_flight = v.u32("in_flight", l.in_flight);
  l.record_bytes = static_cast<std::uint32_t>(size_or(v, "record_bytes", l.record_bytes));
  l.fragments = v.u32("fragments", l.fragments);
  l.buffered_bytes = size_or(v, "buffered_bytes", l.buffered_bytes);
  l.log_lines = v.u32("log_lines", l.log_lines);
  l.audit_lines = v.u32("audit_lines", l.audit_lines);
  l.contexts = v.u32("contexts", l.contexts);
  l.nascent_contexts = v.u32("nascent_contexts", l.nascent_contexts);
  l.inits_per_second = v.u32("inits_per_second", l.inits_per_second);
  l.gss_request_bytes = size_or(v, "gss_request_bytes", l.gss_request_bytes);
  l.gss_reply_bytes = size_or(v, "gss_reply_bytes", l.gss_reply_bytes);
  warn_buffered(ctx, v, l);
  if (src.is_defaults || !protected_bodies(out)) return;
  check_room(ctx, v, out, "gss_request_bytes", l.gss_request_bytes);
  check_room(ctx, v, out, "gss_reply_bytes", l.gss_reply_bytes);
}

}  // namespace gatehouse::config
