// A shared object that is no libcpg.

extern "C" __attribute__((visibility("default"))) int not_cpg_dispatch() {
  return 0;
}
