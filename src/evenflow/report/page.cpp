#include "evenflow/report/page.h"

#include <cstddef>

// The assembler puts the file's bytes between two symbols (GNU as, LLVM).
asm(".section .rodata\n"
    "evenflow_page_begin:\n"
    ".incbin \"" EVENFLOW_PAGE
    "\"\n"
    "evenflow_page_end:\n"
    ".byte 0\n"
    ".text\n");

extern "C" {
extern const char evenflow_page_begin[];  // NOLINT(modernize-avoid-c-arrays)
extern const char evenflow_page_end[];    // NOLINT(modernize-avoid-c-arrays)
}

namespace evenflow {

std::string_view report_page() {
  return {evenflow_page_begin, static_cast<std::size_t>(evenflow_page_end - evenflow_page_begin)};
}

}  // namespace evenflow
