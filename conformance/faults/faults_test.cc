// Table, build and sources of the planted faults must agree: a fault that is
// not built, does not load or exports too little would seem to be caught.
// Whether the suite catches each is for the gate test to say.

#include "conformance/faults/faults.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gelf.h>
#include <gtest/gtest.h>
#include <libelf.h>
#include <link.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace cpgcert::faults {
namespace {

const std::string kFolder = "conformance/faults/";

std::string FileOf(const Fault& fault) {
  return kFolder + fault.folder + fault.name + ".so";
}

std::string FileOf(const Hostile& hostile) {
  return kFolder + "hostile/" + hostile.name + ".so";
}

// The names of the dynamic symbols that a shared object defines.
std::set<std::string> Exports(const std::string& file) {
  std::set<std::string> names;
  elf_version(EV_CURRENT);
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  Elf* elf = elf_begin(descriptor, ELF_C_READ, nullptr);
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
       section = elf_nextscn(elf, section)) {
    GElf_Shdr header;
    if (gelf_getshdr(section, &header) == nullptr) continue;
    if (header.sh_type != SHT_DYNSYM) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    for (size_t i = 0; i < header.sh_size / header.sh_entsize; ++i) {
      GElf_Sym symbol;
      gelf_getsym(data, static_cast<int>(i), &symbol);
      // Defined in a section: not undefined, not the name of a version.
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS) continue;
      names.insert(elf_strptr(elf, header.sh_link, symbol.st_name));
    }
  }
  elf_end(elf);
  close(descriptor);
  return names;
}

// The file that the dynamic linker finds for libcpg.so.4, or "".
std::string RealLibrary() {
  void* library = dlopen("libcpg.so.4", RTLD_LOCAL | RTLD_NOW);
  link_map* map = nullptr;
  if (library == nullptr || dlinfo(library, RTLD_DI_LINKMAP, &map) != 0) {
    return "";
  }
  return map->l_name;
}

// Loads `file` in a child process and looks up `symbols`. Returns what went
// wrong, or "". The child is ended after ten seconds.
std::string LoadInChild(const std::string& file,
                        const std::set<std::string>& symbols) {
  constexpr int kLoaded = 42;
  constexpr int kNoLibrary = 43;
  constexpr int kNoSymbol = 44;
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);
    // A sanitizer would turn the signal into an exit status.
    signal(SIGSEGV, SIG_DFL);
    void* library = dlopen(file.c_str(), RTLD_LOCAL | RTLD_NOW);
    if (library == nullptr) _exit(kNoLibrary);
    for (const std::string& symbol : symbols) {
      if (dlsym(library, symbol.c_str()) == nullptr) _exit(kNoSymbol);
    }
    _exit(kLoaded);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return "no child";
  if (WIFSIGNALED(status)) {
    return "signal " + std::to_string(WTERMSIG(status));
  }
  switch (WEXITSTATUS(status)) {
    case kLoaded:
      return "";
    case kNoLibrary:
      return "does not load";
    case kNoSymbol:
      return "lacks a symbol";
    default:
      return "exit status " + std::to_string(WEXITSTATUS(status));
  }
}

// The classes that a source file plants, in snake_case.
std::set<std::string> Planted(const std::string& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  const std::string source = text.str();
  const std::regex plant("CPGCERT_PLANT\\((\\w+)\\)");
  const std::regex start_of_word("(?!^)([A-Z]|[0-9]+)");
  std::set<std::string> names;
  for (std::sregex_iterator i(source.begin(), source.end(), plant), end;
       i != end; ++i) {
    std::string name = std::regex_replace((*i)[1].str(), start_of_word, "_$1");
    for (char& c : name) c = static_cast<char>(std::tolower(c));
    names.insert(name);
  }
  return names;
}

template <typename Entries>
std::set<std::string> NamesOf(const Entries& entries) {
  std::set<std::string> names;
  for (const auto& entry : entries) names.insert(entry.name);
  return names;
}

template <typename Entries>
std::set<std::string> SentencesOf(const Entries& entries) {
  std::set<std::string> sentences;
  for (const auto& entry : entries) sentences.insert(entry.does);
  return sentences;
}

TEST(FaultTable, NamesAreUnique) {
  EXPECT_EQ(NamesOf(kFaults).size(), std::size(kFaults));
  EXPECT_EQ(NamesOf(kHostile).size(), std::size(kHostile));
}

TEST(FaultTable, SentencesAreUnique) {
  EXPECT_EQ(SentencesOf(kFaults).size(), std::size(kFaults));
  EXPECT_EQ(SentencesOf(kHostile).size(), std::size(kHostile));
}

TEST(FaultTable, EveryEntryIsWellFormed) {
  const std::regex requirement("[A-Z]{2,}-[0-9]{2}");
  // Several of them in this order.
  const std::regex verdicts("fail(\\|crash)?(\\|hang)?|crash(\\|hang)?|hang");
  for (const Fault& fault : kFaults) {
    SCOPED_TRACE(fault.name);
    EXPECT_TRUE(std::regex_match(fault.requirement, requirement))
        << fault.requirement;
    EXPECT_TRUE(std::string(fault.does).ends_with('.')) << fault.does;
    const bool equivalent = std::string(fault.verdicts) == "equivalent";
    EXPECT_TRUE(equivalent || std::regex_match(fault.verdicts, verdicts))
        << fault.verdicts;
    EXPECT_EQ(std::string(fault.why_equivalent).ends_with('.'), equivalent)
        << fault.why_equivalent;
  }
  for (const WithoutFault& without : kWithoutFault) {
    EXPECT_TRUE(std::regex_match(without.requirement, requirement) ||
                std::string(without.requirement).starts_with("WIRE-"))
        << without.requirement;
    EXPECT_TRUE(std::string(without.why).ends_with('.')) << without.why;
  }
}

TEST(FaultTable, EveryFaultIsInTheTableAndEveryEntryHasAFault) {
  std::set<std::string> planted;
  for (const char* area :
       {"call", "connection", "dispatch", "group", "handle", "membership",
        "message", "order", "send", "service", "waiting"}) {
    planted.merge(Planted(kFolder + "layer/" + area + "_faults.cc"));
  }
  EXPECT_EQ(planted.erase("unfaulted"), 1U);
  std::set<std::string> layers;
  for (const Fault& fault : kFaults) {
    if (*fault.folder == '\0') layers.insert(fault.name);
  }
  EXPECT_EQ(planted, layers);
}

TEST(HostileTable, EveryHostileLayerIsInTheTable) {
  std::set<std::string> planted = Planted(kFolder + "hostile/endings.cc");
  planted.merge(Planted(kFolder + "hostile/side_effects.cc"));
  // Files of their own kind, which no class makes.
  for (const char* name : {"missing_symbol", "no_cpg_symbols", "not_a_library",
                           "wrong_architecture"}) {
    EXPECT_TRUE(planted.insert(name).second) << name;
  }
  EXPECT_EQ(planted, NamesOf(kHostile));
}

TEST(PlantedFault, ExportsWhatTheRealLibraryExports) {
  const std::string real = RealLibrary();
  ASSERT_NE(real, "") << "libcpg4 is not installed";
  const std::set<std::string> symbols = Exports(real);
  ASSERT_GE(symbols.size(), 17U);
  std::vector<std::string> files = {kUnfaulted};
  for (const Fault& fault : kFaults) files.push_back(FileOf(fault));
  for (const std::string& file : files) {
    SCOPED_TRACE(file);
    EXPECT_EQ(LoadInChild(file, symbols), "");
    const std::set<std::string> exports = Exports(file);
    for (const std::string& name : symbols) {
      EXPECT_TRUE(exports.contains(name)) << name;
    }
    // Nothing that could take the place of a symbol of the suite.
    for (const std::string& name : exports) {
      EXPECT_TRUE(name.starts_with("cpg_")) << name;
    }
  }
}

TEST(HostileLibrary, IsBuilt) {
  for (const Hostile& hostile : kHostile) {
    EXPECT_EQ(access(FileOf(hostile).c_str(), R_OK), 0) << FileOf(hostile);
  }
}

TEST(HostileLibrary, LoadsExactlyIfItsAttackComesLater) {
  const std::set<std::string> dispatch = {"cpg_dispatch"};
  for (const Hostile& hostile : kHostile) {
    const std::string name = hostile.name;
    SCOPED_TRACE(name);
    std::string expected;
    if (name == "constructor_crashes") expected = "signal 11";
    if (name == "constructor_exits_zero") expected = "exit status 0";
    if (name == "not_a_library") expected = "does not load";
    if (name == "wrong_architecture") expected = "does not load";
    if (name == "missing_symbol") expected = "lacks a symbol";
    if (name == "no_cpg_symbols") expected = "lacks a symbol";
    if (name == "constructor_hangs") continue;  // Only time could tell.
    EXPECT_EQ(LoadInChild(FileOf(hostile), dispatch), expected);
  }
}

}  // namespace
}  // namespace cpgcert::faults
