// Values for the Mustache templates of the pages.
#ifndef CPGCERT_REPORTS_PAGE_OBJECT_H_
#define CPGCERT_REPORTS_PAGE_OBJECT_H_

#include <kainjow/mustache.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cpgcert::reports {

// One object. Every name that a section of the template uses is set in each of
// its objects: Mustache would look further out otherwise.
class PageObject {
 public:
  using Data = kainjow::mustache::data;
  using Rows = std::vector<std::pair<std::string, std::string>>;

  // Made visible; escaped by the template.
  PageObject& Text(const char* name, std::string_view text);
  PageObject& Flag(const char* name, bool flag);
  PageObject& Set(const char* name, const Data& value);
  // Objects of one "text" each.
  PageObject& Texts(const char* name, const std::vector<std::string>& texts);
  // Objects of a "key" and a "value"; "none" for an empty one.
  PageObject& Pairs(const char* name, const Rows& rows);

  const Data& value() const { return data_; }

 private:
  Data data_;
};

// The page; `name` is the template's for the message of std::logic_error.
std::string RenderPage(std::string_view page_template, const char* name,
                       const PageObject& page);

}  // namespace cpgcert::reports

#endif  // CPGCERT_REPORTS_PAGE_OBJECT_H_
