#include "outbox-relay/window.h"

namespace ordersaga::relay {

namespace {

std::size_t size_of(const runtime::kafka::OutgoingMessage& m) {
  std::size_t bytes = m.value.size() + (m.key ? m.key->size() : 0);
  for (const runtime::kafka::Header& h : m.headers) bytes += h.name.size() + h.value.size();
  return bytes;
}

}  // namespace

void Window::begin(const ResumePoint& point) {
  *this = Window();
  confirmed_ = read_up_to_ = point.confirmed;
  on_topic_ = point.on_topic;
  on_topic_offset_ = point.on_topic_offset;
  last_offset_ = point.last_offset;
  if (confirmed_ == on_topic_ && on_topic_offset_ >= 0) mark_ = Mark{confirmed_, on_topic_offset_};
}

void Window::add(const events::RecordedEvent& record, std::vector<Message> messages) {
  read_up_to_ = record.position;
  Record& added = records_.emplace_back(Record{record.position, record.recorded_at, 0, -1});
  if (record.position == on_topic_) added.offset = on_topic_offset_;
  for (Message& m : messages) {
    if (m.kind == Kind::event && record.position <= on_topic_) continue;
    const std::size_t bytes = size_of(m.out);
    waiting_.push_back({record.position, m.kind, bytes, std::move(m.out)});
    ++added.open;
    ++open_messages_;
    open_bytes_ += bytes;
  }
  advance();
}

const Window::Waiting* Window::next() const {
  return waiting_.empty() || start_ == Start::first_sent ? nullptr : &waiting_.front();
}

void Window::sent() {
  if (waiting_.front().kind == Kind::event && start_ == Start::nothing_sent) start_ = Start::first_sent;
  waiting_.pop_front();
}

bool Window::confirm_event(Position position, std::int64_t offset, std::size_t bytes) {
  if (offset <= last_offset_) return false;
  last_offset_ = offset;
  start_ = Start::running;
  records_[static_cast<std::size_t>(position.value - records_.front().position.value)].offset = offset;
  settle(position, bytes);
  return true;
}

void Window::settle_other(Position position, std::size_t bytes) {
  settle(position, bytes);
}

void Window::settle(Position position, std::size_t bytes) {
  --records_[static_cast<std::size_t>(position.value - records_.front().position.value)].open;
  --open_messages_;
  open_bytes_ -= bytes;
  advance();
}

void Window::advance() {
  while (!records_.empty() && records_.front().open == 0) {
    confirmed_ = records_.front().position;
    if (records_.front().offset >= 0) mark_ = Mark{confirmed_, records_.front().offset};
    records_.pop_front();
  }
}

}  // namespace ordersaga::relay
