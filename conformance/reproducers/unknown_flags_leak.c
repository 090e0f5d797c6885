// Asks ten times for a flag that does not exist, and counts descriptors.
#include <corosync/cpg.h>
#include <fcntl.h>
#include <stdio.h>

static int Open(void) {
  int count = 0;
  for (int i = 0; i < 1000; ++i) count += fcntl(i, F_GETFD) != -1;
  return count;
}

int main(void) {
  cpg_model_v1_data_t model = {.model = CPG_MODEL_V1, .flags = 0x80};
  cpg_handle_t handle;
  if (cpg_initialize(&handle, NULL) != CS_OK) return 2;
  int before = Open();
  for (int i = 0; i < 10; ++i) {
    if (cpg_model_initialize(&handle, CPG_MODEL_V1, (cpg_model_data_t *)&model,
                             NULL) == CS_OK)
      cpg_finalize(handle);
  }
  int leaked = Open() - before;
  printf("10 calls with a bad flag: %d descriptors more\n", leaked);
  return leaked > 0;
}
