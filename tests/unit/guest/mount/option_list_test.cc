#include "guest/mount/option_list.h"

#include "tests/support/catch.h"

using gatehouse::guest::OptionList;
using Strings = std::vector<std::string>;

TEST_CASE("options are split at commas, but not inside quotes or behind a backslash") {
  CHECK(OptionList::parse("vers=4.2,sec=krb5p,ro")->all() == Strings{"vers=4.2", "sec=krb5p", "ro"});
  CHECK(OptionList::parse(R"(context="a:b,c",ro)")->all() == Strings{R"(context="a:b,c")", "ro"});
  CHECK(OptionList::parse(R"(sec="krb5,krb5i")")->all() == Strings{R"(sec="krb5,krb5i")"});
  CHECK(OptionList::parse(R"(x-note=a\,b,ro)")->all() == Strings{R"(x-note=a\,b)", "ro"});
  CHECK(OptionList::parse(",,a,,b,")->all() == Strings{"a", "b"});
  CHECK(OptionList::parse("")->all().empty());
  CHECK(OptionList::parse("a=b=c")->value("a") == "b=c");
}

TEST_CASE("options that end in a quote or have no name are refused") {
  CHECK(OptionList::parse("context=\"a,b").error() == "the options end inside a quote: context=\"a,b");
  CHECK_FALSE(OptionList::parse("=x"));
  CHECK_FALSE(OptionList::parse("a,=x"));
}

TEST_CASE("the last of several options of a name counts, and taking one takes all") {
  auto list = OptionList::parse("relay=a,ro,relay=b,relayx=c").value();
  CHECK(list.value("relay") == "b");
  CHECK(list.value("ro") == "");
  CHECK_FALSE(list.value("r"));
  CHECK(list.take("relay") == "b");
  CHECK_FALSE(list.take("relay"));
  CHECK(list.str() == "ro,relayx=c");
}
