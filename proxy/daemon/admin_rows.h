// What the daemon says of itself to administrators, read from what is thread-safe.
#pragma once

#include "proxy/admin/control.h"
#include "proxy/runtime/snapshot.h"
#include "proxy/session/facts.h"

namespace gatehouse::daemon {

/// status_of: what a snapshot knows: its number, listeners, backends, totals but for strangers, and capabilities.
admin::Status status_of(const runtime::Snapshot& now);
/// guest_rows: as the snapshot has them.
admin::Rows<admin::Guest> guest_rows(const runtime::Snapshot& now);
/// row_of: a session, and a context.
admin::Session row_of(session::Facts facts, const std::string& guest, std::size_t worker);
admin::Context row_of(const gss::Context& c, const std::string& guest, const gss::Clock& now);

}  // namespace gatehouse::daemon
