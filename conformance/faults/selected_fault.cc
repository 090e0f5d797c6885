// Chooses the layer of one shared object. CPGCERT_FAULT is the class of the
// fault, set by planted_fault() or hostile_library() in faults.bzl.

#define CPGCERT_JOIN_NAMES(a, b) a##b
#define CPGCERT_PLANT_OF(fault) CPGCERT_JOIN_NAMES(Plant, fault)

namespace cpgcert::faults {

class Layer;
Layer& CPGCERT_PLANT_OF(CPGCERT_FAULT)();

Layer& ThisLayer() {
  static Layer& layer = CPGCERT_PLANT_OF(CPGCERT_FAULT)();
  return layer;
}

}  // namespace cpgcert::faults
