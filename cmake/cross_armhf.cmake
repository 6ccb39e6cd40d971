# A Raspberry Pi 3B+ with a 32-bit userland. Libraries are in the root that `tools/bench instructions` unpacks.
set(LOOM_CROSS_ARCH armhf)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
set(LOOM_CROSS_TRIPLET arm-linux-gnueabihf)
set(LOOM_CROSS_QEMU qemu-arm -cpu cortex-a7)
set(LOOM_CROSS_FLAGS "")
include(${CMAKE_CURRENT_LIST_DIR}/cross.cmake)
