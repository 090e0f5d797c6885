#include "harness/identity/library_identity.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <gelf.h>
#include <libelf.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "harness/cpg_api.h"
#include "harness/identity/sha256.h"
#include "harness/isolated_run.h"
#include "harness/process_tree.h"

namespace cpgcert::harness {

namespace {

// The architecture of this program, which is the only one that it can load.
#if defined(__x86_64__)
constexpr int kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr int kMachine = EM_AARCH64;
#elif defined(__riscv)
constexpr int kMachine = EM_RISCV;
#else
#error "name this architecture's ELF machine here"
#endif

class File {
 public:
  explicit File(const std::string& path)
      // Does not wait for the writer of a FIFO.
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

std::string Hexadecimal(const unsigned char* bytes, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    text += fmt::format("{:02x}", bytes[i]);
  }
  return text;
}

constexpr std::string_view kGnuOwner("GNU", sizeof("GNU"));

void ReadBuildId(Elf_Data* data, LibraryIdentity* identity) {
  GElf_Nhdr note{};
  size_t name_at = 0;
  size_t text_at = 0;
  for (size_t at = 0;
       (at = gelf_getnote(data, at, &note, &name_at, &text_at)) > 0;) {
    const auto* bytes = static_cast<const unsigned char*>(data->d_buf);
    const std::string_view owner(
        static_cast<const char*>(data->d_buf) + name_at, note.n_namesz);
    // Other owners use the number for something else: "stapsdt", for one.
    if (note.n_type == NT_GNU_BUILD_ID && owner == kGnuOwner) {
      identity->build_id = Hexadecimal(bytes + text_at, note.n_descsz);
    }
  }
}

void ReadSymbols(Elf* elf, const GElf_Shdr& section, Elf_Data* data,
                 LibraryIdentity* identity) {
  const size_t count =
      section.sh_entsize == 0 ? 0 : section.sh_size / section.sh_entsize;
  for (size_t i = 0; i < count; ++i) {
    GElf_Sym symbol{};
    if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr ||
        symbol.st_shndx == SHN_UNDEF) {
      continue;
    }
    const char* name = elf_strptr(elf, section.sh_link, symbol.st_name);
    if (name != nullptr &&
        std::ranges::find(CpgSymbols(), std::string_view(name)) !=
            CpgSymbols().end()) {
      identity->cpg_symbols.emplace_back(name);
    }
  }
}

void ReadSections(Elf* elf, LibraryIdentity* identity) {
  for (Elf_Scn* section = nullptr;
       (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header{};
    Elf_Data* data = elf_getdata(section, nullptr);
    if (gelf_getshdr(section, &header) == nullptr || data == nullptr) {
      continue;
    }
    if (header.sh_type == SHT_NOTE) {
      ReadBuildId(data, identity);
    } else if (header.sh_type == SHT_DYNSYM) {
      ReadSymbols(elf, header, data, identity);
    }
  }
}

std::string ErrnoLine(const std::string& path) {
  return fmt::format("{}: {}", path, std::strerror(errno));
}

}  // namespace

std::string Identify(const std::string& path, LibraryIdentity* identity) {
  *identity = {};
  const std::unique_ptr<char, decltype(&std::free)> resolved(
      realpath(path.c_str(), nullptr), std::free);
  const File file(path);
  if (resolved == nullptr || file.get() < 0) {
    return ErrnoLine(path);
  }
  identity->path = resolved.get();
  struct stat status{};
  if (fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return path + ": not a regular file";
  }
  identity->sha256 = Sha256OfFile(file.get());
  if (identity->sha256.empty()) {
    return ErrnoLine(path);
  }
  elf_version(EV_CURRENT);
  const ElfHandle elf(elf_begin(file.get(), ELF_C_READ, nullptr));
  GElf_Ehdr header{};
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF ||
      gelf_getehdr(elf.get(), &header) == nullptr) {
    return path + ": not an ELF file";
  }
  const auto size = static_cast<size_t>(status.st_size);
  if (header.e_shoff > size ||
      size_t{header.e_shnum} * header.e_shentsize > size - header.e_shoff) {
    return path + ": cut short: it ends before its section headers";
  }
  if (header.e_machine != kMachine ||
      gelf_getclass(elf.get()) !=
          (sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32)) {
    return path + ": built for another architecture than this machine's";
  }
  if (header.e_type != ET_DYN) {
    return path + ": not a shared object";
  }
  ReadSections(elf.get(), identity);
  if (identity->cpg_symbols.empty()) {
    return path + ": exports no function of libcpg, such as cpg_dispatch";
  }
  return "";
}

FoundLibrary FindSystemLibrary() {
  FoundLibrary found;
  IsolatedOptions options;
  options.keep = Children();
  const IsolatedResult result =
      RunIsolated(options, [](ReportWriter& writer, uint64_t nonce) {
        void* library = dlopen("libcpg.so.4", RTLD_NOW | RTLD_LOCAL);
        link_map* map = nullptr;
        if (library != nullptr && dlinfo(library, RTLD_DI_LINKMAP, &map) == 0) {
          writer.Finish(map->l_name, nonce);
        } else {
          writer.Finish("", nonce);
        }
      });
  if (result.verdict != Verdict::kPass || result.report.empty()) {
    found.error =
        "this machine has no libcpg: install the package libcpg4, or name a "
        "library with --libcpg";
  } else {
    found.path = result.report;
  }
  return found;
}

}  // namespace cpgcert::harness
