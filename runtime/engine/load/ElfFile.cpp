#include "load/ElfFile.h"
#include "program/Program.h"
#include <stddef.h>

namespace dlc::rt {
namespace {

constexpr uint32_t maxHeaders = 64;
constexpr uint64_t maxNoteSegment = 1 << 16, maxDynamic = 1 << 16;
constexpr uint64_t maxAlignment = 2 << 20;
/// Addresses may be this much sparser than the file.
constexpr uint64_t addressSlack = 64 << 20;

class Checker {
public:
  Checker(const Source &source, ElfFile &file, Error &error) : source(source), file(file), error(error) {}

  bool run() {
    Elf64_Ehdr h;
    if (!header(h)) {
      return false;
    }
    for (uint32_t i = 0; i < h.e_phnum; ++i) {
      Elf64_Phdr ph;
      if (!source.read(h.e_phoff + uint64_t(i) * sizeof ph, &ph, sizeof ph)) {
        return bad("its program headers exceed the file");
      }
      if (!segment(ph)) {
        return false;
      }
    }
    if (!haveNote) {
      return bad("there is no dlc note: this is not a dlc artifact");
    }
    return range();
  }

private:
  bool bad(const char *what) {
    fail(error, DLC_INVALID_MODEL, "not a valid artifact: %s", what);
    return false;
  }

  bool header(Elf64_Ehdr &h) {
    if (!source.read(0, &h, sizeof h) || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0) {
      return bad("expected an elf file");
    }
    if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != ELFDATA2LSB || h.e_type != ET_DYN ||
        h.e_machine != EM_X86_64) {
      return bad("expected a 64-bit little-endian x86-64 shared object");
    }
    if (h.e_phentsize != sizeof(Elf64_Phdr) || h.e_phnum == 0 || h.e_phnum > maxHeaders ||
        !within(h.e_phoff, uint64_t(h.e_phnum) * sizeof(Elf64_Phdr), source.size)) {
      return bad("its program headers exceed the file");
    }
    return true;
  }

  bool segment(const Elf64_Phdr &ph) {
    switch (ph.p_type) {
    case PT_LOAD:
      return load(ph);
    case PT_NOTE:
      return notes(ph);
    case PT_DYNAMIC:
      return dynamic(ph);
    case PT_INTERP:
      return bad("it asks for an interpreter");
    case PT_TLS:
      return bad("it has thread-local storage");
    default:
      return true;
    }
  }

  bool load(const Elf64_Phdr &ph) {
    if (ph.p_memsz == 0) {
      return true;
    }
    if (!within(ph.p_offset, ph.p_filesz, source.size) || ph.p_filesz > ph.p_memsz) {
      return bad("a segment exceeds the file");
    }
    if (ph.p_memsz - ph.p_filesz > addressSlack || ph.p_vaddr > (1ull << 46) || ph.p_memsz > (1ull << 46)) {
      return bad("a segment is larger than the file allows");
    }
    if ((ph.p_flags & PF_W) && (ph.p_flags & PF_X)) {
      return bad("a segment is writable and executable");
    }
    if (ph.p_align > maxAlignment || (ph.p_align & (ph.p_align - 1)) ||
        ph.p_vaddr % pageSize != ph.p_offset % pageSize) {
      return bad("a segment is not aligned to pages");
    }
    if (!file.loads.empty()) {
      const Elf64_Phdr &last = file.loads.back();
      if (pageDown(ph.p_vaddr) < pageUp(last.p_vaddr + last.p_memsz)) {
        return bad("segments overlap or are out of order");
      }
    }
    file.alignment = ph.p_align > file.alignment ? ph.p_align : file.alignment;
    return file.loads.push(ph) || (fail(error, DLC_OUT_OF_MEMORY, "no memory for segments"), false);
  }

  bool range() {
    if (file.loads.empty()) {
      return bad("it has no segments");
    }
    const Elf64_Phdr &last = file.loads.back();
    file.low = pageDown(file.loads[0].p_vaddr);
    file.high = pageUp(last.p_vaddr + last.p_memsz);
    if (file.high - file.low > source.size + addressSlack) {
      return bad("its segments are spread further than the file's size allows");
    }
    return true;
  }

  /// Notes are {namesz, descsz, type, name, description}, each padded to 4 bytes.
  bool notes(const Elf64_Phdr &ph) {
    if (!within(ph.p_offset, ph.p_filesz, source.size) || ph.p_filesz > maxNoteSegment) {
      return bad("its notes exceed the file");
    }
    uint64_t at = ph.p_offset, end = ph.p_offset + ph.p_filesz;
    while (end - at >= sizeof(Elf64_Nhdr)) {
      Elf64_Nhdr n;
      char name[4] = {};
      source.read(at, &n, sizeof n);
      uint64_t nameAt = at + sizeof n, descAt = nameAt + ((uint64_t(n.n_namesz) + 3) & ~3ull);
      uint64_t next = descAt + ((uint64_t(n.n_descsz) + 3) & ~3ull);
      if (next > end) {
        return bad("its notes exceed the file");
      }
      if (n.n_namesz == 4 && source.read(nameAt, name, 4) && memcmp(name, "dlc", 4) == 0 && n.n_type == DLC_NOTE_TYPE &&
          !note(descAt, n.n_descsz)) {
        return false;
      }
      at = next;
    }
    return true;
  }

  bool note(uint64_t at, uint64_t size) {
    dlc_abi_note &n = file.note;
    if (haveNote || size < sizeof n || !source.read(at, &n, sizeof n) || n.struct_size < sizeof n) {
      return bad("its dlc note is malformed");
    }
    if (n.abi_version != DLC_ABI_VERSION) {
      fail(error, DLC_UNSUPPORTED, "the artifact has abi version %u, this engine reads version %u: %s", n.abi_version,
           DLC_ABI_VERSION, n.abi_version > DLC_ABI_VERSION ? "update the engine" : "compile the model again");
      return false;
    }
    if (n.file_size != source.size) {
      fail(error, DLC_INVALID_MODEL,
           "the artifact has %llu bytes, expected %llu: it is truncated or has bytes appended",
           (unsigned long long)source.size, (unsigned long long)n.file_size);
      return false;
    }
    if (!within(n.weights_offset, n.weights_size, source.size)) {
      return bad("its weights exceed the file");
    }
    file.noteOffset = at;
    haveNote = true;
    return true;
  }

  bool dynamic(const Elf64_Phdr &ph) {
    if (!within(ph.p_offset, ph.p_filesz, source.size) || ph.p_filesz > maxDynamic) {
      return bad("its dynamic section exceeds the file");
    }
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= ph.p_filesz; at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn d;
      source.read(ph.p_offset + at, &d, sizeof d);
      switch (d.d_tag) {
      case DT_NULL:
        return true;
      case DT_NEEDED:
        return bad("it needs libraries");
      case DT_INIT:
      case DT_FINI:
      case DT_INIT_ARRAY:
      case DT_FINI_ARRAY:
      case DT_PREINIT_ARRAY:
        return bad("it has constructors or destructors");
      case DT_TEXTREL:
        return bad("it has relocations in its code");
      case DT_RELASZ:
      case DT_RELSZ:
      case DT_PLTRELSZ:
      case DT_RELRSZ:
        if (d.d_un.d_val != 0) {
          return bad("it has dynamic relocations");
        }
        break;
      default:
        break;
      }
    }
    return true;
  }

  const Source &source;
  ElfFile &file;
  Error &error;
  bool haveNote = false;
};

bool hashRange(const Source &source, uint64_t from, uint64_t to, uint64_t &hash) {
  if (source.memory) {
    hash = fnv(hash, source.memory + from, to - from);
    return true;
  }
  char buffer[16384];
  while (from < to) {
    uint64_t part = to - from < sizeof buffer ? to - from : sizeof buffer;
    if (!source.read(from, buffer, part)) {
      return false;
    }
    hash = fnv(hash, buffer, part);
    from += part;
  }
  return true;
}
} // namespace

bool readElf(const Source &source, ElfFile &out, Error &error) { return Checker(source, out, error).run(); }

bool elfChecksum(const Source &source, const ElfFile &file, uint64_t &hash) {
  struct Hole {
    uint64_t from, to;
  };
  const dlc_abi_note &n = file.note;
  uint64_t at = file.noteOffset + offsetof(dlc_abi_note, checksum);
  Hole holes[2] = {{at, at + 8}, {n.weights_offset, n.weights_offset + n.weights_size}};
  if (holes[0].from > holes[1].from) {
    Hole first = holes[1];
    holes[1] = holes[0];
    holes[0] = first;
  }
  hash = fnvStart;
  uint64_t done = 0;
  for (const Hole &hole : holes) {
    if (hole.from > done && !hashRange(source, done, hole.from, hash)) {
      return false;
    }
    done = hole.to > done ? hole.to : done;
  }
  return hashRange(source, done, source.size, hash);
}

} // namespace dlc::rt
