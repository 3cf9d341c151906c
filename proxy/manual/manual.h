// gatehouse.conf(5), made from the table of settings.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "proxy/config/settings.h"

namespace gatehouse::manual {

/// entry: one setting as an item of an mdoc(7) list: key, type, default, bounds and what it does.
std::string entry(const config::Setting& s);

/// fill: `page`, mdoc(7) text, with each line "@SECTION@" (gateway, principal, ...: the names in config::Section)
/// replaced by the list of that section's settings. Fails with what is wrong when a line names no section, or a section
/// with settings is named nowhere or twice: no key can be left out.
std::expected<std::string, std::string> fill(std::string_view page, std::span<const config::Setting> settings);

}  // namespace gatehouse::manual
