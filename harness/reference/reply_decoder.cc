#include "harness/reference/reply_decoder.h"

namespace cpgcert::reference {

namespace {

bool IsErrorCode(int32_t code) {
  return (code > CS_OK && code <= CS_ERR_CONTEXT_NOT_FOUND) ||
         code == CS_ERR_TOO_MANY_GROUPS || code == CS_ERR_SECURITY;
}

}  // namespace

cs_error_t CheckReply(std::span<const std::byte> bytes, wire::ReplyId id,
                      size_t size) {
  if (bytes.size() < sizeof(wire::ReplyHeader)) return CS_ERR_MESSAGE_ERROR;
  const auto& header =
      *reinterpret_cast<const wire::ReplyHeader*>(bytes.data());
  const int32_t error = header.error.value;
  if (header.size.value < 0 ||
      static_cast<size_t>(header.size.value) != bytes.size()) {
    return CS_ERR_MESSAGE_ERROR;
  }
  if (error != CS_OK) {
    const bool is_ours =
        header.id.value == id || header.id.value == wire::kRefusalReply;
    return is_ours && IsErrorCode(error) ? static_cast<cs_error_t>(error)
                                         : CS_ERR_MESSAGE_ERROR;
  }
  if (header.id.value != id || bytes.size() != size)
    return CS_ERR_MESSAGE_ERROR;
  return CS_OK;
}

}  // namespace cpgcert::reference
