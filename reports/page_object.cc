#include "reports/page_object.h"

#include <kainjow/mustache.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "reports/text.h"

namespace cpgcert::reports {

PageObject& PageObject::Text(const char* name, std::string_view text) {
  data_.set(name, Visible(text, Lines::kKeep));
  return *this;
}

PageObject& PageObject::Flag(const char* name, bool flag) {
  data_.set(name, flag);
  return *this;
}

PageObject& PageObject::Set(const char* name, const Data& value) {
  data_.set(name, value);
  return *this;
}

PageObject& PageObject::Texts(const char* name,
                              const std::vector<std::string>& texts) {
  Data list(Data::type::list);
  for (const std::string& text : texts) {
    list << PageObject().Text("text", text).value();
  }
  return Set(name, list);
}

PageObject& PageObject::Pairs(const char* name, const Rows& rows) {
  Data list(Data::type::list);
  for (const auto& [key, value] : rows) {
    list << PageObject()
                .Text("key", key)
                .Text("value", value.empty() ? "none" : value)
                .value();
  }
  return Set(name, list);
}

std::string RenderPage(std::string_view page_template, const char* name,
                       const PageObject& page) {
  kainjow::mustache::mustache renderer{std::string(page_template)};
  std::string html = renderer.render(page.value());
  if (!renderer.is_valid()) {
    throw std::logic_error(std::string(name) + ": " + renderer.error_message());
  }
  return html;
}

}  // namespace cpgcert::reports
