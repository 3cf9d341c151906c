#include "proxy/admin/trace_client.h"

namespace gatehouse::admin {

bool TraceClient::show(const std::vector<runtime::TraceRecord>& records, Connection& to, std::uint64_t now) {
  for (const runtime::TraceRecord& r : records) {
    if (r.guest != guest_.get()) continue;
    if (most_ && shown_ == *most_) break;
    tell_dropped(to, now);
    // Where there is no room for the count, which is shorter, there is none for a call: it stands where they are
    // missing.
    if (to.append(trace_row(r, name_), now)) {
      ++shown_;
    } else {
      ++behind_;
    }
  }
  tell_dropped(to, now);
  return guest_->gone.load() || (most_ && shown_ == *most_) || (until_ && now >= *until_);
}

void TraceClient::tell_dropped(Connection& to, std::uint64_t now) {
  const std::uint64_t all = dropped();
  if (all > told_ && to.append(dropped_row(all - told_), now)) told_ = all;
}

}  // namespace gatehouse::admin
