// Runs acceptors and a mapper for tests: a JSON object a line on standard input, one a line back.
//
//   {"do":"keytab","keytab":PATH,"service":S,"replay_cache":DIR}
//   {"do":"gssproxy","socket":PATH,"service":S,"connections":N}
//   {"do":"accept","token":HEX,"patience_ms":N}                     what the acceptor says; see result()
//   {"do":"accept_all","tokens":[HEX...],"threads":N,"patience_ms":N}  each token once, by N threads; a list of results
//   {"do":"accept_often","token":HEX,"times":N}                     {"accepted":N,"refused":N,"resident_kib":N}
//   {"do":"verify_mic","message":HEX,"mic":HEX}, {"do":"get_mic",...}  with the key of the last context
//   {"do":"mapper","rules":[...],"ttl_ms":N}  {"do":"map","principal":P}  {"do":"map_found","principal":P,"ids":...}
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "gss/acceptors/acceptor.h"
#include "gss/acceptors/mapper.h"
#include "gss/crypto/protection.h"

namespace {

using namespace gatehouse;
using nlohmann::json;
using std::chrono::milliseconds;
using Octets = std::vector<std::uint8_t>;

Octets unhex(const std::string& text) {
  Octets out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return out;
}

std::string hex(rpc::Bytes bytes) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t b : bytes) {
    out += kHex[b >> 4U];
    out += kHex[b & 15U];
  }
  return out;
}

json ids_json(const gss::Ids& ids) {
  return {{"uid", ids.uid}, {"gid", ids.gid}, {"groups", ids.groups}};
}

gss::Ids ids_of(const json& j) {
  return {.uid = j["uid"], .gid = j["gid"], .groups = j["groups"].get<std::vector<std::uint32_t>>()};
}

json result(const std::expected<gss::Accepted, gss::Refused>& r) {
  if (!r) {
    const gss::Refused& e = r.error();
    return {
        {"accepted", false}, {"major", e.major}, {"minor", e.minor}, {"text", e.text}, {"unavailable", e.unavailable}};
  }
  json out = {{"accepted", true},
              {"principal", r->principal},
              {"ticket_end", r->ticket_end_s},
              {"token", hex(r->token)},
              {"enctype", static_cast<std::uint32_t>(r->key.enctype)},
              {"key_size", r->key.size},
              {"subkey", r->key.acceptor_subkey},
              {"send_seq", r->key.send_seq},
              {"looked_up", r->looked_up},
              {"ids", nullptr}};
  if (r->ids) out["ids"] = ids_json(*r->ids);
  return out;
}

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      std::size_t kib = 0;
      status >> kib;
      return kib;
    }
  return 0;
}

std::vector<gss::PrincipalRule> rules_of(const json& list) {
  std::vector<gss::PrincipalRule> out;
  for (const json& j : list) {
    gss::PrincipalRule rule{.match = j["match"], .map = gss::PrincipalRule::Deny{}};
    if (j["map"].is_object())
      rule.map = ids_of(j["map"]);
    else if (j["map"] != "deny")
      rule.map = j["map"].get<std::string>();
    out.push_back(std::move(rule));
  }
  return out;
}

json mapping_json(const gss::Mapping& m) {
  static constexpr std::array kOutcomes = {"ids", "denied", "no_account", "lookup_failed"};
  return {{"outcome", kOutcomes.at(static_cast<std::size_t>(m.outcome))}, {"ids", ids_json(m.ids)}, {"how", m.how}};
}

class Driver {
 public:
  json run(const json& request) {
    const std::string what = request["do"];
    if (what == "keytab") {
      acceptor_ = gss::make_keytab_acceptor(request["keytab"], request["service"], request["replay_cache"]);
    } else if (what == "gssproxy") {
      acceptor_ = gss::make_gssproxy_acceptor(request["socket"], request["service"], request["connections"]);
    } else if (what == "accept") {
      return accept(request);
    } else if (what == "accept_all") {
      return accept_all(request);
    } else if (what == "accept_often") {
      return accept_often(request);
    } else if (what == "verify_mic") {
      return protection_ && protection_->verify_mic(unhex(request["message"]), unhex(request["mic"])).has_value();
    } else if (what == "get_mic") {
      Octets mic(protection_->mic_size());
      return protection_->get_mic(unhex(request["message"]), key_.send_seq, mic) ? hex(mic) : std::string();
    } else if (what == "mapper") {
      mapper_ = std::make_unique<gss::Mapper>(rules_of(request["rules"]), milliseconds(request["ttl_ms"].get<int>()));
    } else if (what == "map") {
      return mapping_json(mapper_->map(request["principal"]));
    } else if (what == "map_found") {
      const std::optional<gss::Ids> found =
          request["ids"].is_null() ? std::nullopt : std::optional(ids_of(request["ids"]));
      return mapping_json(mapper_->map(request["principal"], true, found));
    } else {
      return "unknown request";
    }
    return true;
  }

 private:
  json accept(const json& request) {
    const auto r = acceptor_->accept(unhex(request["token"]), milliseconds(request.value("patience_ms", 10000)));
    if (r) {
      key_ = r->key;
      protection_ = gss::Protection::make(key_, gss::Protection::Role::acceptor);
    }
    return result(r);
  }

  json accept_all(const json& request) {
    std::vector<Octets> tokens;
    for (const json& t : request["tokens"]) tokens.push_back(unhex(t));
    std::vector<json> results(tokens.size());
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < request["threads"].get<int>(); ++i)
      threads.emplace_back([&] {
        for (std::size_t n = next++; n < tokens.size(); n = next++)
          results[n] = result(acceptor_->accept(tokens[n], milliseconds(request.value("patience_ms", 10000))));
      });
    threads.clear();
    return results;
  }

  json accept_often(const json& request) {
    const Octets token = unhex(request["token"]);
    std::size_t accepted = 0;
    const std::size_t times = request["times"];
    for (std::size_t i = 0; i < times; ++i)
      accepted += acceptor_->accept(token, milliseconds(10000)).has_value() ? 1U : 0U;
    return {{"accepted", accepted}, {"refused", times - accepted}, {"resident_kib", resident_kib()}};
  }

  std::unique_ptr<gss::Acceptor> acceptor_;
  std::unique_ptr<gss::Mapper> mapper_;
  gss::SessionKey key_;
  std::unique_ptr<gss::Protection> protection_;
};

}  // namespace

int main() {
  Driver driver;
  for (std::string line; std::getline(std::cin, line);) std::cout << driver.run(json::parse(line)).dump() << std::endl;
}
