#include "harness/identity/library_identity.h"

#include <dlfcn.h>
#include <elf.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "harness/cpg_api.h"
#include "harness/forked_call.h"

namespace cpgcert::harness {
namespace {

namespace fs = std::filesystem;

const char kNoCpg[] = ": exports no function of libcpg, such as cpg_dispatch";
const char kCutShort[] = ": cut short: it ends before its section headers";
const char kForeign[] = ": built for another architecture than this machine's";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The library under test in most tests here.
const std::string& SystemLibrary() {
  static const std::string path = FindSystemLibrary().path;
  return path;
}

// The library that holds a function of this process.
std::string LibraryOf(const void* function) {
  Dl_info info{};
  return dladdr(function, &info) != 0 ? info.dli_fname : "";
}

bool IsHexadecimal(const std::string& text) {
  return std::ranges::all_of(text, [](char digit) {
    return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f');
  });
}

class LibraryIdentityTest : public testing::Test {
 protected:
  LibraryIdentityTest() : folder_(testing::TempDir() + "identity-XXXXXX") {
    if (mkdtemp(folder_.data()) == nullptr) {
      abort();
    }
  }
  ~LibraryIdentityTest() override { fs::remove_all(folder_); }

  // A file with `content`, and its path.
  std::string Write(const std::string& content) {
    std::string path = folder_ + "/file";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    return path;
  }

  // What is said of a file with `content`, without its name.
  std::string ErrorOf(const std::string& content) {
    const std::string path = Write(content);
    const std::string error = Identify(path, &identity_);
    return error.starts_with(path) ? error.substr(path.size()) : error;
  }

  // The system's library with `value` at the byte `at`.
  template <typename Value>
  static std::string Patched(size_t at, Value value) {
    std::string content = ReadAll(SystemLibrary());
    std::memcpy(content.data() + at, &value, sizeof(value));
    return content;
  }

  std::string folder_;
  LibraryIdentity identity_;
};

TEST_F(LibraryIdentityTest, TheSystemsLibraryIsIdentified) {
  const FoundLibrary found = FindSystemLibrary();
  ASSERT_EQ(found.error, "");
  ASSERT_EQ(Identify(found.path, &identity_), "");
  EXPECT_EQ(identity_.path, fs::canonical(found.path));
  EXPECT_EQ(identity_.sha256.size(), 64U);
  EXPECT_TRUE(IsHexadecimal(identity_.sha256)) << identity_.sha256;
  EXPECT_EQ(identity_.build_id.size(), 40U);
  EXPECT_TRUE(IsHexadecimal(identity_.build_id)) << identity_.build_id;
  EXPECT_TRUE(std::ranges::is_permutation(identity_.cpg_symbols, CpgSymbols()));
}

TEST_F(LibraryIdentityTest, ItIsNotLoadedInThisProcess) {
  EXPECT_EQ(Identify(FindSystemLibrary().path, &identity_), "");
  EXPECT_EQ(dlopen("libcpg.so.4", RTLD_NOLOAD | RTLD_NOW), nullptr);
}

TEST_F(LibraryIdentityTest, LookingForItLeavesTheCallersChildrenAlone) {
  const pid_t child = fork();
  if (child == 0) {
    while (true) {
      pause();
    }
  }
  EXPECT_EQ(FindSystemLibrary().error, "");
  EXPECT_EQ(waitpid(child, nullptr, WNOHANG), 0);
  kill(child, SIGKILL);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST_F(LibraryIdentityTest, LinksAndRelativePathsAreResolved) {
  const std::string link = folder_ + "/link.so";
  fs::create_symlink(SystemLibrary(), link);
  EXPECT_EQ(Identify(link, &identity_), "");
  EXPECT_EQ(identity_.path, fs::canonical(SystemLibrary()));
  EXPECT_EQ(Identify(fs::relative(SystemLibrary()), &identity_), "");
  EXPECT_EQ(identity_.path, fs::canonical(SystemLibrary()));
}

TEST_F(LibraryIdentityTest, TheSha256IsThatOfTheWholeFile) {
  // FIPS 180-4, and its examples.
  ErrorOf("");
  EXPECT_EQ(identity_.sha256,
            "e3b0c44298fc1c149afbf4c8996fb924"
            "27ae41e4649b934ca495991b7852b855");
  ErrorOf("abc");
  EXPECT_EQ(identity_.sha256,
            "ba7816bf8f01cfea414140de5dae2223"
            "b00361a396177a9cb410ff61f20015ad");
  ErrorOf(std::string(1'000'000, 'a'));
  EXPECT_EQ(identity_.sha256,
            "cdc76e5c9914fb9281a1c7e284d73e67"
            "f1809a48a497200e046d39ccc7112cd0");
}

TEST_F(LibraryIdentityTest, AnythingThatFollowsChangesOnlyTheSha256) {
  ASSERT_EQ(Identify(SystemLibrary(), &identity_), "");
  const LibraryIdentity original = identity_;
  EXPECT_EQ(ErrorOf(ReadAll(SystemLibrary()) + "x"), "");
  EXPECT_NE(identity_.sha256, original.sha256);
  EXPECT_EQ(identity_.build_id, original.build_id);
  EXPECT_EQ(identity_.cpg_symbols, original.cpg_symbols);
}

TEST_F(LibraryIdentityTest, NothingIsLeftOfTheFileBefore) {
  ASSERT_EQ(Identify(SystemLibrary(), &identity_), "");
  ASSERT_EQ(Identify(SystemLibrary(), &identity_), "");
  EXPECT_EQ(identity_.cpg_symbols.size(), CpgSymbols().size());
  EXPECT_NE(ErrorOf("text"), "");
  EXPECT_EQ(identity_.build_id, "");
  EXPECT_TRUE(identity_.cpg_symbols.empty());
}

TEST_F(LibraryIdentityTest, AMissingFileIsSaidToBeMissing) {
  EXPECT_EQ(Identify("/nowhere/lib.so", &identity_),
            "/nowhere/lib.so: No such file or directory");
  EXPECT_EQ(Identify("", &identity_), ": No such file or directory");
  const std::string dangling = folder_ + "/dangling";
  fs::create_symlink("/nowhere/lib.so", dangling);
  EXPECT_EQ(Identify(dangling, &identity_),
            dangling + ": No such file or directory");
}

TEST_F(LibraryIdentityTest, WhatIsNotARegularFileIsNotRead) {
  EXPECT_EQ(Identify(folder_, &identity_), folder_ + ": not a regular file");
  EXPECT_EQ(Identify("/dev/zero", &identity_), "/dev/zero: not a regular file");
  const std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(Identify(fifo, &identity_), fifo + ": not a regular file");
}

TEST_F(LibraryIdentityTest, AnUnreadableFileIsSaidToBeSo) {
  const std::string path = Write(ReadAll(SystemLibrary()));
  ASSERT_EQ(chmod(path.c_str(), 0), 0);
  const ForkedCallResult result = RunInForkedChild(
      [&]() -> std::string {
        // root, too, becomes one who may not read everything.
        __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct none[2] = {};
        if (syscall(SYS_capset, &header, &none) != 0) {
          return "capset failed";
        }
        return Identify(path, &identity_);
      },
      std::chrono::minutes(1));
  EXPECT_EQ(result.text, path + ": Permission denied") << result.end;
}

TEST_F(LibraryIdentityTest, AFileThatCannotBeReadToItsEndIsSaidToBeSo) {
  EXPECT_EQ(Identify("/proc/self/mem", &identity_),
            "/proc/self/mem: Input/output error");
}

TEST_F(LibraryIdentityTest, WhatIsNotElfIsSaidToBeSo) {
  EXPECT_EQ(ErrorOf(""), ": not an ELF file");
  EXPECT_EQ(ErrorOf("INPUT ( libcpg.so.4 )\n"), ": not an ELF file");
  EXPECT_EQ(ErrorOf("\x7f"
                    "ELF"),
            ": not an ELF file");
  EXPECT_EQ(ErrorOf("!<arch>\n"), ": not an ELF file");
}

TEST_F(LibraryIdentityTest, ATruncatedLibraryIsSaidToBeCut) {
  const std::string whole = ReadAll(SystemLibrary());
  EXPECT_EQ(ErrorOf(whole.substr(0, sizeof(Elf64_Ehdr) - 1)),
            ": not an ELF file");
  EXPECT_EQ(ErrorOf(whole.substr(0, sizeof(Elf64_Ehdr))), kCutShort);
  EXPECT_EQ(ErrorOf(whole.substr(0, whole.size() / 2)), kCutShort);
  EXPECT_EQ(ErrorOf(whole.substr(0, whole.size() - 1)), kCutShort);
  for (const uint64_t offset : {~uint64_t{0}, ~uint64_t{0} - 1000}) {
    EXPECT_EQ(ErrorOf(Patched(offsetof(Elf64_Ehdr, e_shoff), offset)),
              kCutShort);
  }
}

TEST_F(LibraryIdentityTest, AForeignLibraryIsSaidToBeForeign) {
  for (const uint16_t machine : {EM_386, EM_S390, EM_NONE, 0xffff}) {
    EXPECT_EQ(ErrorOf(Patched(offsetof(Elf64_Ehdr, e_machine), machine)),
              kForeign);
  }
}

TEST_F(LibraryIdentityTest, WhatCannotBeLoadedIsNoSharedObject) {
  for (const uint16_t type : {ET_EXEC, ET_REL, ET_CORE, ET_NONE}) {
    EXPECT_EQ(ErrorOf(Patched(offsetof(Elf64_Ehdr, e_type), type)),
              ": not a shared object");
  }
}

TEST_F(LibraryIdentityTest, AnotherLibraryExportsNothingOfLibcpg) {
  const std::string libc = LibraryOf(reinterpret_cast<const void*>(&getpid));
  EXPECT_EQ(Identify(libc, &identity_), libc + kNoCpg);
  EXPECT_NE(identity_.build_id, "");
  EXPECT_EQ(Identify("/bin/sh", &identity_), std::string("/bin/sh") + kNoCpg);
}

TEST_F(LibraryIdentityTest, AProgramThatCallsLibcpgDoesNotExportIt) {
  const std::string program = "/usr/sbin/corosync-cpgtool";
  EXPECT_EQ(Identify(program, &identity_), program + kNoCpg);
}

TEST_F(LibraryIdentityTest, ASymbolThatIsMissingIsLeftOut) {
  std::string content = ReadAll(SystemLibrary());
  const std::string symbol("\0cpg_iteration_next", 19);
  for (size_t at = content.find(symbol); at != std::string::npos;
       at = content.find(symbol)) {
    content[at + 3] = 'X';
  }
  EXPECT_EQ(ErrorOf(content), "");
  EXPECT_EQ(identity_.cpg_symbols.size(), CpgSymbols().size() - 1);
  EXPECT_EQ(std::ranges::count(identity_.cpg_symbols, "cpg_iteration_next"), 0);
}

TEST_F(LibraryIdentityTest, ANoteOfAnotherOwnerIsNoBuildId) {
  std::string content = ReadAll(SystemLibrary());
  const std::string note("\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0", 16);
  const size_t at = content.find(note);
  ASSERT_NE(at, std::string::npos);
  content[at + 12] = 'g';
  EXPECT_EQ(ErrorOf(content), "");
  EXPECT_EQ(identity_.build_id, "");
}

TEST_F(LibraryIdentityTest, DamagedLibrariesGiveOneLineOrNone) {
  std::mt19937 random(3);
  const std::string whole = ReadAll(SystemLibrary());
  uint64_t tables_at = 0;
  std::memcpy(&tables_at, whole.data() + offsetof(Elf64_Ehdr, e_shoff),
              sizeof(tables_at));
  for (int i = 0; i < 400; ++i) {
    std::string content = whole;
    for (int change = 0; change < 4; ++change) {
      // Half of them where the headers of the file and its sections lie.
      const size_t at = random() % 2 == 0
                            ? random() % sizeof(Elf64_Ehdr)
                            : tables_at + random() % (whole.size() - tables_at);
      content.at(change % 2 == 0 ? at : random() % whole.size()) =
          static_cast<char>(random());
    }
    const std::string error = ErrorOf(content);
    ASSERT_EQ(error.find('\n'), std::string::npos) << error;
    ASSERT_EQ(error.empty(), !identity_.cpg_symbols.empty()) << error;
  }
}

}  // namespace
}  // namespace cpgcert::harness
