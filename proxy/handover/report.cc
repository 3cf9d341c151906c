#include "proxy/handover/handover.h"
#include "proxy/log/log.h"

namespace gatehouse::handover {
namespace {

using gatehouse::log::Level;
using gatehouse::log::Line;

constexpr const char* kRebuild = "Kerberos clients make new contexts by themselves";

void add_unless_0(Line& line, std::string_view key, std::size_t n) {
  if (n > 0) line.add(key, n);
}

}  // namespace

void log(const SaveReport& r) {
  using Outcome = SaveReport::Outcome;
  switch (r.outcome) {
    case Outcome::nothing: return;
    case Outcome::kept: {
      Line line(r.left_out == 0 ? Level::info : Level::warning, "contexts-saved");
      line.add("guests", r.guests).add("contexts", r.contexts).add("bytes", r.bytes);
      add_unless_0(line, "left_out", r.left_out);
      return line.write();
    }
    case Outcome::no_manager:
      return Line(Level::info, "contexts-not-saved")
          .add("error", "there is no service manager to keep them")
          .add("hint", kRebuild)
          .write();
    case Outcome::no_store:
      return Line(Level::warning, "contexts-not-saved")
          .add("error", "the service manager keeps no two descriptors: set FileDescriptorStoreMax=2 in the unit")
          .add("hint", kRebuild)
          .write();
    case Outcome::not_kept:
      return Line(Level::warning, "contexts-not-saved").add("error", r.error).add("hint", kRebuild).write();
  }
}

void log(const RestoreReport& r) {
  using Outcome = RestoreReport::Outcome;
  if (r.outcome == Outcome::nothing) return;
  if (r.outcome == Outcome::refused)
    return Line(Level::warning, "contexts-refused").add("error", r.error).add("hint", kRebuild).write();
  Line line(Level::info, "contexts-restored");
  line.add("guests", r.guests).add("contexts", r.contexts);
  add_unless_0(line, "expired", r.expired);
  add_unless_0(line, "guest_gone", r.no_guest);
  add_unless_0(line, "guest_changed", r.other);
  add_unless_0(line, "trust_lost", r.untrusted);
  add_unless_0(line, "principal_changed", r.not_allowed);
  add_unless_0(line, "over_limit", r.over_cap);
  line.write();
}

}  // namespace gatehouse::handover
