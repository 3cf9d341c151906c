#pragma once

#include "tests/bench/dialect.h"
#include "tests/bench/gss_pool.h"

namespace gatehouse::bench {

// make_gss_data returns the dialect of data calls with a service. Connection `index` of `connections` goes through the
// pool's contexts in turn, beside the others. Every verifier is checked; results under integrity or privacy are opened
// and checked in one of `sample` replies. The pool outlives it.
std::unique_ptr<Dialect> make_gss_data(const Work& work, Service service, GssPool& pool, std::size_t index,
                                       std::size_t connections, std::uint32_t sample);

}  // namespace gatehouse::bench
