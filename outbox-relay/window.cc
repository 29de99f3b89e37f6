#include "outbox-relay/window.h"

#include <algorithm>

namespace ordersaga::relay {

void Window::begin(const ResumePoint& point) {
  *this = Window();
  confirmed_ = added_ = point.confirmed;
  base_ = added_.next().value;
  on_topic_ = point.on_topic;
  on_topic_offset_ = point.on_topic_offset;
  last_offset_ = point.last_offset;
  if (confirmed_ == on_topic_ && on_topic_offset_ >= 0) mark_ = Mark{confirmed_, on_topic_offset_};
}

std::size_t Window::readable(Position taken, std::size_t limit) const {
  if (taken < on_topic_) return std::min(limit, static_cast<std::size_t>(on_topic_.value - taken.value));
  if (start_ == Start::running) return limit;
  // Until the first event is acknowledged no second one may follow it.
  return start_ == Start::nothing_sent && taken == added_ ? std::min<std::size_t>(limit, 1) : 0;
}

void Window::add(Position position, Timestamp recorded_at, std::size_t messages, std::size_t bytes) {
  added_ = position;
  records_.push({recorded_at, position == on_topic_ ? on_topic_offset_ : -1, bytes, messages});
  open_messages_ += messages;
  bytes_ += bytes;
  advance();
}

void Window::event_sent() {
  if (start_ == Start::nothing_sent) start_ = Start::first_sent;
}

bool Window::confirm_event(Position position, std::int64_t offset) {
  if (offset <= last_offset_) return false;
  last_offset_ = offset;
  start_ = Start::running;
  Record& record = at(position);
  record.offset = offset;
  settle(record);
  return true;
}

void Window::settle_other(Position position) {
  settle(at(position));
}

void Window::settle(Record& record) {
  --record.open;
  --open_messages_;
  advance();
}

void Window::advance() {
  while (!records_.empty() && records_.front().open == 0) {
    confirmed_ = confirmed_.next();
    if (records_.front().offset >= 0) mark_ = Mark{confirmed_, records_.front().offset};
    bytes_ -= records_.front().bytes;
    records_.pop();
  }
}

}  // namespace ordersaga::relay
