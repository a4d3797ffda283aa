// Node loads addons after libstdc++ and out of each other's sight, so that a function of the same name in an addon is never
// found. What is left is the table of addresses through which a library calls what it imports.
#include "relink.h"

#if defined(__linux__) && defined(__x86_64__) && defined(__GLIBC__)
#include <elf.h>
#include <link.h>

#include <atomic>
#include <cstring>

namespace cardinal {
namespace {

struct Task {
  const char* prefix;
  std::initializer_list<Replacement> replacements;
  bool is_done;
};

// Whether a table is read-only: the linker was asked to resolve all of a library's imports when it is loaded.
bool IsSealed(const dl_phdr_info& library, ElfW(Addr) table) {
  for (int i = 0; i < library.dlpi_phnum; ++i) {
    const auto& segment = library.dlpi_phdr[i];
    const auto start = library.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_GNU_RELRO && table >= start && table < start + segment.p_memsz) return true;
  }
  return false;
}

const ElfW(Dyn)* DynamicSection(const dl_phdr_info& library) {
  for (int i = 0; i < library.dlpi_phnum; ++i) {
    const auto& segment = library.dlpi_phdr[i];
    if (segment.p_type == PT_DYNAMIC) {
      return reinterpret_cast<const ElfW(Dyn)*>(library.dlpi_addr + segment.p_vaddr);
    }
  }
  return nullptr;
}

int RelinkOne(dl_phdr_info* library, size_t, void* data) {
  auto& task = *static_cast<Task*>(data);
  const char* slash = std::strrchr(library->dlpi_name, '/');
  const char* file = slash == nullptr ? library->dlpi_name : slash + 1;
  if (std::strncmp(file, task.prefix, std::strlen(task.prefix)) != 0) return 0;
  const ElfW(Rela)* imports = nullptr;
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  size_t bytes = 0;
  const auto* entry = DynamicSection(*library);
  // glibc has made addresses of these offsets when it loaded the library.
  for (; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    if (entry->d_tag == DT_JMPREL) imports = reinterpret_cast<const ElfW(Rela)*>(entry->d_un.d_ptr);
    if (entry->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(entry->d_un.d_ptr);
    if (entry->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(entry->d_un.d_ptr);
    if (entry->d_tag == DT_PLTRELSZ) bytes = entry->d_un.d_val;
  }
  if (imports == nullptr || symbols == nullptr || names == nullptr) return 0;
  for (const auto* import = imports; import != imports + bytes / sizeof(*imports); ++import) {
    const auto& symbol = symbols[ELF64_R_SYM(import->r_info)];
    if (ELF64_R_TYPE(import->r_info) != R_X86_64_JUMP_SLOT || symbol.st_shndx != SHN_UNDEF) continue;
    const auto address = library->dlpi_addr + import->r_offset;
    for (const auto& replacement : task.replacements) {
      if (std::strcmp(names + symbol.st_name, replacement.name) != 0 || IsSealed(*library, address)) continue;
      // Other threads may be calling through it.
      reinterpret_cast<std::atomic<void*>*>(address)->store(replacement.function, std::memory_order_release);
      task.is_done = true;
    }
  }
  return 0;
}

}  // namespace

bool Relink(const char* prefix, std::initializer_list<Replacement> replacements) {
  Task task{prefix, replacements, false};
  dl_iterate_phdr(RelinkOne, &task);
  return task.is_done;
}

}  // namespace cardinal
#endif
