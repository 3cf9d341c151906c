// The table of settings: parser, defaults, the check of conf/gatehouse.conf and the manual are made from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gatehouse::config {

/// Section: a table of the configuration file.
enum class Section : std::uint8_t {
  gateway,
  admin,
  audit,
  kerberos,
  principal,      ///< [[principal]]
  principal_ids,  ///< the table that `map` of a principal may be
  trust,
  listener,  ///< [[listener]]
  backend,   ///< [[backend]]
  policy,    ///< keys of [defaults] and of [[guest]]
  guest,     ///< keys of [[guest]] alone
  limits,    ///< the table `limits` of [defaults] and [[guest]]
};

/// Type: what a value may be. Nothing is converted: the string "true" is no boolean.
enum class Type : std::uint8_t {
  boolean,
  integer,
  text,
  time,           ///< a string with unit: "500ms", "30s", "6min", "24h"
  size,           ///< a string with unit, "2MiB", or an integer: bytes
  mode,           ///< a string of octal digits: "0660"
  texts,          ///< a list of strings
  text_or_texts,  ///< a string or a list of strings
  integers,       ///< a list of integers
  flavors_table,  ///< a table of program = list of strings
  limits_table,   ///< a table of Section::limits
  principal_map,  ///< a string or a table of Section::principal_ids
};

/// Setting: one row. `fallback` is the default as TOML; empty: there is none (the key is required, or its absence means
/// what `doc` says). `low` and `high` bound integers, times (milliseconds) and sizes (bytes), and the elements of
/// `integers`.
struct Setting {
  Section section;
  std::string_view key;
  Type type;
  std::string_view fallback;
  bool required;
  std::int64_t low;
  std::int64_t high;
  std::string_view doc;  ///< one sentence
};

/// settings: every row, in the order of the manual.
std::span<const Setting> settings();

/// find_setting: the row of a key; null when the section has no such key.
const Setting* find_setting(Section section, std::string_view key);

/// section_title: how the section is written in a file: "[gateway]", "[[guest]]", "limits".
std::string_view section_title(Section section);

/// type_hint: what to write for a value of this type, for errors: "a time with its unit, for example \"30s\"".
std::string_view type_hint(Type type);

}  // namespace gatehouse::config
