#include "proxy/session/context_cache.h"

#include <algorithm>

namespace gatehouse::session {

void GssMemo::store(const rpc::CallHeader& call, rpc::GssService service, const policy::Decision& d,
                    std::string_view machine, const NfsNote& note) {
  program_ = call.program;
  version_ = call.version;
  procedure_ = call.procedure;
  service_ = service;
  note_ = note;
  forwarding_.set(d, machine);
}

std::shared_ptr<gss::Context> ContextCache::find(rpc::Bytes handle) {
  for (Entry& e : kept_)
    if (std::ranges::equal(e.context->handle(), handle)) return e.context->retired() ? nullptr : e.context;
  std::shared_ptr<gss::Context> found = table_.find(handle);
  if (found == nullptr) return nullptr;
  if (kept_.size() < kKept) {
    kept_.push_back({found, {}});
  } else {
    kept_[next_] = {found, {}};
    next_ = (next_ + 1) % kKept;
  }
  return found;
}

GssMemo* ContextCache::memo(const gss::Context& context) {
  const auto at = std::ranges::find_if(kept_, [&](const Entry& e) { return e.context.get() == &context; });
  return at == kept_.end() ? nullptr : &at->memo;
}

void ContextCache::drop_retired() {
  std::erase_if(kept_, [](const Entry& e) { return e.context->retired(); });
  next_ = 0;
}

}  // namespace gatehouse::session
