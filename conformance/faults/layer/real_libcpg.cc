#include "conformance/faults/layer/real_libcpg.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

namespace cpgcert::faults {
namespace {

[[noreturn]] void Die(const char* file, const char* why) {
  std::fprintf(stderr, "planted fault: no real libcpg in %s: %s\n", file, why);
  std::abort();
}

RealLibcpg Load() {
  const char* file = std::getenv("CPGCERT_REAL_LIBCPG");
  if (file == nullptr || *file == '\0') file = "libcpg.so.4";
  void* library = dlopen(file, RTLD_LOCAL | RTLD_NOW);
  if (library == nullptr) Die(file, dlerror());
  RealLibcpg real;
#define CPGCERT_RESOLVE(name) \
  real.name =                 \
      reinterpret_cast<decltype(real.name)>(dlsym(library, "cpg_" #name));
  CPGCERT_FOR_EACH_ENTRY_POINT(CPGCERT_RESOLVE)
#undef CPGCERT_RESOLVE
  if (real.dispatch == nullptr) Die(file, "it has no cpg_dispatch");
  // dlopen finds a loaded object by its name: a copy of this layer that was
  // named libcpg.so.4 would find itself, and recurse.
  Dl_info here, there;
  if (dladdr(reinterpret_cast<void*>(&Load), &here) != 0 &&
      dladdr(reinterpret_cast<void*>(real.dispatch), &there) != 0 &&
      here.dli_fbase == there.dli_fbase) {
    Die(file, "it is this layer itself");
  }
  return real;
}

}  // namespace

const RealLibcpg& Real() {
  static const RealLibcpg real = Load();
  return real;
}

}  // namespace cpgcert::faults
