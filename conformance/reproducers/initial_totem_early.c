// A connection with the flag joins; a join of another group is just before it.
#include <corosync/cpg.h>
#include <err.h>
#include <stdio.h>

static cs_error_t error;
#define NEED(call) while ((error = (call)) != CS_OK) \
  if (error != CS_ERR_TRY_AGAIN) errx(2, "could not tell: " #call)
#pragma GCC diagnostic ignored "-Wunused-parameter"

static int changed, early;
static void Change(cpg_handle_t handle, const struct cpg_name *group,
                   const struct cpg_address *members, size_t member_count,
                   const struct cpg_address *left, size_t left_count,
                   const struct cpg_address *joined, size_t joined_count) {
  changed = 1;
}
static void Totem(cpg_handle_t handle, struct cpg_ring_id ring, uint32_t count,
                  const uint32_t *nodes) {
  early += !changed;
}

int main(void) {
  static char text[100000];
  struct iovec large = {text, sizeof text};
  struct cpg_name group = {.length = 1, .value = "g"};
  cpg_model_v1_data_t model = {CPG_MODEL_V1, NULL, Change, Totem, 1};
  cpg_handle_t sender, handle;
  NEED(cpg_initialize(&sender, NULL));
  NEED(cpg_join(sender, &group));
  for (int i = 0; i < 20 && !early; ++i) {
    for (int sent = changed = 0; sent < 20; ++sent)  // delays what is behind it
      cpg_mcast_joined(sender, CPG_TYPE_AGREED, &large, 1);
    ++group.value[0];
    NEED(cpg_initialize(&handle, NULL));
    NEED(cpg_join(handle, &group));
    ++group.value[0];
    NEED(cpg_model_initialize(&handle, CPG_MODEL_V1, (void *)&model, NULL));
    NEED(cpg_join(handle, &group));
    while (!changed) NEED(cpg_dispatch(handle, CS_DISPATCH_ONE));
    NEED(cpg_dispatch(sender, CS_DISPATCH_ALL));
  }
  printf("totem callbacks before the first change: %d\n", early);
  return early > 0;
}
