// The keys that the seeds of rfc4121 were recorded with, for enctypes 17 to 20. Written by
// tests/gssapi/record_seeds.py.
#pragma once

namespace gatehouse::fuzz::rfc4121 {

inline constexpr const char* kKeys[] = {
    "07d9098050498643f96132a07575c18a",
    "bfbe6775abd5fe2c56d44eee28e40f9a658e1ed6c416cbea3c9bcdd61ec0f250",
    "9d567fd1438e61a63515814dccc0e8d6",
    "0acfc5bf71cead63e4ddf4e3186ee763f7a0dc91ebc36db1e93927503cb63fab",
};

}  // namespace gatehouse::fuzz::rfc4121
