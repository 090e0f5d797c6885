#include "conformance/reproducers/reproducers.h"

#include <algorithm>

namespace cpgcert::conformance {

const Reproducer* FindReproducer(std::string_view name) {
  const auto found = std::ranges::find(Reproducers(), name, &Reproducer::name);
  return found == Reproducers().end() ? nullptr : &*found;
}

}  // namespace cpgcert::conformance
