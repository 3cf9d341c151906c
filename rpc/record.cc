#include "rpc/record.h"

#include <algorithm>

namespace gatehouse::rpc {

RecordReader::Item RecordReader::next(Bytes& in) {
  for (;;) {
    switch (state_) {
      case State::mark:
        if (const Kind k = read_mark(in); k != Kind::head) return {k, {}, 0, false, false};
        break;
      case State::fragment:
        if (const Kind k = read_fragment(in); k != Kind::head) return {k, {}, 0, false, false};
        break;
      case State::head: {
        const Bytes here = in.first(std::min<std::size_t>(in.size(), length_));
        return {Kind::head, here, length_, here.size() == length_, false};
      }
      case State::gathered: return {Kind::head, gather_, length_, true, true};
      case State::body: {
        if (in.empty()) return {};
        const Bytes piece = in.first(std::min<std::size_t>(in.size(), remaining_));
        in = in.subspan(piece.size());
        skip(static_cast<std::uint32_t>(piece.size()));
        return {Kind::body, piece, 0, state_ == State::mark, false};
      }
    }
  }
}

// Kind::head here and in read_fragment means: go on, the state has moved.
RecordReader::Kind RecordReader::read_mark(Bytes& in) {
  if (in.size() < 4) return Kind::need_more;
  const std::uint32_t mark = XdrReader(in).u32();
  const std::uint32_t length = mark & ~kLastFragment;
  if (!gathering_) begin_record();
  if (++fragments_ > limits_.fragments) return Kind::too_many_fragments;
  if (length_ > limits_.bytes || length > limits_.bytes - length_) return Kind::too_long;
  in = in.subspan(4);
  last_ = (mark & kLastFragment) != 0;
  length_ += length;
  remaining_ = length;
  if (last_ && !gathering_) {
    state_ = State::head;
  } else {
    gathering_ = true;
    state_ = State::fragment;
  }
  return Kind::head;
}

RecordReader::Kind RecordReader::read_fragment(Bytes& in) {
  const std::size_t n = std::min<std::size_t>(in.size(), remaining_);
  gather_.insert(gather_.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(n));
  in = in.subspan(n);
  remaining_ -= static_cast<std::uint32_t>(n);
  if (remaining_ > 0) return Kind::need_more;
  state_ = last_ ? State::gathered : State::mark;
  return Kind::head;
}

void RecordReader::begin_record() {
  fragments_ = 0;
  length_ = 0;
  gather_.clear();
}

void RecordReader::take(Bytes& in, std::size_t n) {
  if (state_ == State::gathered) {
    gathering_ = false;
    state_ = State::mark;
    return;
  }
  in = in.subspan(n);
  remaining_ = length_ - static_cast<std::uint32_t>(n);
  state_ = remaining_ > 0 ? State::body : State::mark;
}

void RecordReader::gather() {
  gathering_ = true;
  remaining_ = length_;
  state_ = State::fragment;
}

void RecordReader::skip(std::uint32_t n) {
  remaining_ -= n;
  if (remaining_ == 0) state_ = State::mark;
}

}  // namespace gatehouse::rpc
