// Serves "cpg" on one node, in the foreground, until it is killed.

#include "harness/scripted_service/scripted_service.h"

int main() { cpgcert::harness::RunSingleNode(); }
