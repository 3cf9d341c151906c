// Reading the files of a configuration.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "proxy/config/config.h"

namespace gatehouse::config {

/// read_file: the content of a configuration file that nobody but root and the user running this could have written;
/// else nothing, and a problem. Checks the file it has open, not the name.
std::optional<std::string> read_file(const std::filesystem::path& file, std::vector<Problem>& problems);

/// drop_ins: the `*.conf` of the folder conf.d beside `file` in the order of their names; none when there is no such
/// folder.
std::vector<std::filesystem::path> drop_ins(const std::filesystem::path& file, std::vector<Problem>& problems);

}  // namespace gatehouse::config
