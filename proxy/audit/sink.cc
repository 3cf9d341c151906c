#include "proxy/audit/sink.h"

namespace gatehouse::audit {

std::expected<Opened, std::string> open_sink(const config::Audit& conf) {
  if (conf.log == config::Audit::kNone) return Opened{};
  if (conf.log != config::Audit::kJournal) {
    auto file = open_file(conf.log);
    if (!file) return std::unexpected(std::move(file.error()));
    return Opened{std::move(*file), {}};
  }
  Opened out{open_journal(), {}};
  if (out.sink == nullptr)
    out.warning =
        "there is no journal here, and so no audit log: say in [audit] log = \"/var/log/gatehouse/audit.log\", or "
        "\"none\"";
  return out;
}

}  // namespace gatehouse::audit
