"""The native executor: whole steps compiled in-process by LLVM."""
