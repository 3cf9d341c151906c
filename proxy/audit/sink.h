// Where the audit log is written.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "proxy/audit/encode.h"
#include "proxy/config/config.h"

namespace gatehouse::audit {

/// Outcome: of one write.
enum class Outcome : std::uint8_t {
  written,
  later,    ///< there is no room, or nobody takes it, now: the same line again after a while
  refused,  ///< this line never
};

/// Sink: takes lines one at a time. Belongs to the writer's thread once it is given to the log.
class Sink {
 public:
  Sink() = default;
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// write: may block as long as who reads does not (a journal that is stopped). A line is there whole or not at all.
  virtual Outcome write(const Line& line) = 0;
  /// name: for the log: "journal", or the file.
  [[nodiscard]] virtual std::string name() const = 0;
  /// error: why the last write was not `written`.
  [[nodiscard]] virtual std::string error() const = 0;
};

/// Opened: a sink; null: nothing is written, because the configuration says so or, with a `warning`, because there is
/// no journal here.
struct Opened {
  std::unique_ptr<Sink> sink;
  std::string warning;
};

/// open_sink: the sink that the configuration names. An error says which file cannot be used, why, and what to do.
std::expected<Opened, std::string> open_sink(const config::Audit& conf);

/// open_file: lines of JSON are appended to `path`, a regular file or a FIFO; it is made with mode 0640. A symbolic
/// link, and a file that everybody may write to, is an error. Should the file be moved away, it is made anew.
std::expected<std::unique_ptr<Sink>, std::string> open_file(const std::string& path);

/// open_journal: entries with fields, by journald's native protocol; null: there is no journal here.
std::unique_ptr<Sink> open_journal();

/// journal_name: the journal's name of a field: GATEHOUSE_NAME, but for GUEST, CID, PEER, PRINCIPAL and RULE.
std::string journal_name(std::string_view field);

}  // namespace gatehouse::audit
