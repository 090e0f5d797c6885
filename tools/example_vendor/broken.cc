// A libcpg with one defect: cpg_local_get says another node than the one on
// which the process runs. All else is the library behind it.

#include <corosync/cpg.h>
#include <dlfcn.h>

extern "C" cs_error_t cpg_local_get(cpg_handle_t handle,
                                    unsigned int* local_nodeid) {
  const auto behind = reinterpret_cast<decltype(&cpg_local_get)>(
      dlsym(RTLD_NEXT, "cpg_local_get"));
  const cs_error_t error = behind(handle, local_nodeid);
  if (error == CS_OK) {
    ++*local_nodeid;
  }
  return error;
}
