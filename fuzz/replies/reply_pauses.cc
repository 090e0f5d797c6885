// usleep(3) of a program in which no time passes: a library that asks a busy
// service again, after a pause, does so at once. Exported, so that a library
// which dlopen(3) loads finds it first.

#include <unistd.h>

extern "C" int usleep(useconds_t /*duration*/) {  // sleep: none, see above
  return 0;
}
