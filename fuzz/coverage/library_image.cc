#include "fuzz/coverage/library_image.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <gelf.h>
#include <libelf.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace cpgcert::fuzz::coverage {

namespace {

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};

// A table of a file: its section's header and its content.
struct Table {
  GElf_Shdr header{};
  Elf_Data* data = nullptr;

  int Count() const {
    return header.sh_entsize == 0
               ? 0
               : static_cast<int>(header.sh_size / header.sh_entsize);
  }
};

constexpr std::string_view kInstrumentation = "__sanitizer_cov_";
// Sections in which the compiler puts counters, guards and flags of blocks.
constexpr std::string_view kInstrumentedSections = "__sancov_";

void AddSection(const char* name, const Table& table, LibraryImage* image) {
  const GElf_Shdr& header = table.header;
  if (std::string_view(name).starts_with(kInstrumentedSections)) {
    image->instrumented = true;
  }
  if ((header.sh_flags & SHF_ALLOC) == 0) {
    return;
  }
  Section section;
  section.name = name;
  section.address = header.sh_addr;
  section.executable = (header.sh_flags & SHF_EXECINSTR) != 0;
  section.writable = (header.sh_flags & SHF_WRITE) != 0;
  if (header.sh_type != SHT_NOBITS && table.data->d_buf != nullptr) {
    const auto* bytes = static_cast<const uint8_t*>(table.data->d_buf);
    section.bytes.assign(bytes, bytes + table.data->d_size);
  }
  image->sections.push_back(std::move(section));
}

void AddSymbols(Elf* elf, const Table& table, LibraryImage* image) {
  for (int i = 0; i < table.Count(); ++i) {
    GElf_Sym symbol{};
    if (gelf_getsym(table.data, i, &symbol) == nullptr) {
      continue;
    }
    const char* name = elf_strptr(elf, table.header.sh_link, symbol.st_name);
    if (name != nullptr &&
        std::string_view(name).starts_with(kInstrumentation)) {
      image->instrumented = true;
    }
    const int type = GELF_ST_TYPE(symbol.st_info);
    if (symbol.st_shndx != SHN_UNDEF &&
        (type == STT_FUNC || type == STT_GNU_IFUNC)) {
      image->exported_functions.push_back(symbol.st_value);
    }
  }
}

void AddRelocations(Elf* elf, const Table& table, LibraryImage* image) {
  Elf_Scn* symbols_section = elf_getscn(elf, table.header.sh_link);
  Table symbols;
  const bool has_symbols =
      symbols_section != nullptr &&
      gelf_getshdr(symbols_section, &symbols.header) != nullptr &&
      (symbols.data = elf_getdata(symbols_section, nullptr)) != nullptr;
  for (int i = 0; i < table.Count(); ++i) {
    GElf_Rela relocation{};
    if (gelf_getrela(table.data, i, &relocation) == nullptr) {
      continue;
    }
    const auto type = GELF_R_TYPE(relocation.r_info);
    GElf_Sym symbol{};
    if (type == R_X86_64_RELATIVE) {
      image->pointers.push_back(static_cast<uint64_t>(relocation.r_addend));
    } else if ((type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) &&
               has_symbols &&
               gelf_getsym(symbols.data,
                           static_cast<int>(GELF_R_SYM(relocation.r_info)),
                           &symbol) != nullptr) {
      const char* name =
          elf_strptr(elf, symbols.header.sh_link, symbol.st_name);
      image->slots[relocation.r_offset] = name == nullptr ? "" : name;
    }
  }
}

void ReadSections(Elf* elf, size_t names, LibraryImage* image) {
  for (Elf_Scn* section = nullptr;
       (section = elf_nextscn(elf, section)) != nullptr;) {
    Table table;
    if (gelf_getshdr(section, &table.header) == nullptr ||
        (table.data = elf_getdata(section, nullptr)) == nullptr) {
      continue;
    }
    const char* name = elf_strptr(elf, names, table.header.sh_name);
    AddSection(name == nullptr ? "" : name, table, image);
    if (table.header.sh_type == SHT_DYNSYM) {
      AddSymbols(elf, table, image);
    } else if (table.header.sh_type == SHT_RELA) {
      AddRelocations(elf, table, image);
    }
  }
}

}  // namespace

const Section* LibraryImage::Find(std::string_view name) const {
  const auto found = std::ranges::find(sections, name, &Section::name);
  return found == sections.end() ? nullptr : &*found;
}

const Section* LibraryImage::At(uint64_t address) const {
  const auto found = std::ranges::find_if(
      sections,
      [address](const Section& section) { return section.Contains(address); });
  return found == sections.end() ? nullptr : &*found;
}

std::string ReadLibrary(const std::string& path, LibraryImage* image) {
  *image = {};
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) {
    return fmt::format("{}: {}", path, std::strerror(errno));
  }
  elf_version(EV_CURRENT);
  // Everything is read before the descriptor is closed.
  const std::unique_ptr<Elf, ElfEnd> elf(elf_begin(file, ELF_C_READ, nullptr));
  GElf_Ehdr header{};
  size_t names = 0;
  std::string error;
  if (elf == nullptr || gelf_getehdr(elf.get(), &header) == nullptr) {
    error = path + ": not an ELF file";
  } else if (header.e_machine != EM_X86_64 || header.e_type != ET_DYN ||
             gelf_getclass(elf.get()) != ELFCLASS64) {
    error = path + ": not a shared object for x86-64";
  } else if (elf_getshdrstrndx(elf.get(), &names) != 0) {
    error = path + ": has no section headers";
  } else {
    ReadSections(elf.get(), names, image);
  }
  close(file);
  return error;
}

}  // namespace cpgcert::fuzz::coverage
