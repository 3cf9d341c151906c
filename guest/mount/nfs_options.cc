#include "guest/mount/nfs_options.h"

#include <array>
#include <optional>
#include <utility>

namespace gatehouse::guest {
namespace {

constexpr std::array<std::pair<std::string_view, NfsVersion>, 6> kVersions = {{{"3", NfsVersion::v3},
                                                                               {"4", NfsVersion::newest4},
                                                                               {"4.0", NfsVersion::v40},
                                                                               {"4.1", NfsVersion::v41},
                                                                               {"4.2", NfsVersion::v42},
                                                                               {"", NfsVersion::newest4}}};

std::optional<NfsVersion> named(std::string_view text) {
  for (const auto& [name, version] : kVersions)
    if (name == text) return version;
  return std::nullopt;
}

std::unexpected<std::string> unknown(const std::string& option) {
  return std::unexpected(option + " is no version that can be mounted: write vers=3, 4, 4.0, 4.1 or 4.2");
}

}  // namespace

std::expected<NfsVersion, std::string> version_of(const OptionList& options) {
  NfsVersion out = NfsVersion::newest4;
  for (const char* name : {"vers", "nfsvers"}) {
    const auto text = options.value(name);
    if (!text) continue;
    const auto version = text->empty() ? std::nullopt : named(*text);
    if (!version) return unknown(std::string(name) + '=' + *text);
    out = *version;
  }
  for (const auto& option : options.all())
    if (option.size() > 1 && option[0] == 'v' && named(option.substr(1))) out = *named(option.substr(1));
  if (const auto minor = options.value("minorversion"); minor && out == NfsVersion::newest4) {
    const auto version = named("4." + *minor);
    if (!version) return unknown("minorversion=" + *minor);
    out = *version;
  }
  return out;
}

OptionList with_relay(const OptionList& options, NfsVersion version, const RelayPort& relay) {
  OptionList out = options;
  out.take("proto");
  const std::string number = std::to_string(relay.port);
  const std::string netid = relay.ipv6 ? "tcp6" : "tcp";
  out.add("proto=" + netid);
  out.add("port=" + number);
  if (version == NfsVersion::v3) {
    out.add("mountproto=" + netid);
    out.add("mountport=" + number);
    if (!options.has("nolock") && !options.has("lock") && !options.has("local_lock")) out.add("nolock");
    return out;
  }
  if (!options.has("clientaddr")) out.add("clientaddr=0.0.0.0");
  if (version == NfsVersion::newest4 && !options.has("vers") && !options.has("nfsvers") && !options.has("v4"))
    out.add("vers=4");
  return out;
}

}  // namespace gatehouse::guest
