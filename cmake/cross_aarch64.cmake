# A Raspberry Pi 3B+ with a 64-bit userland. Libraries are in the root that `tools/bench instructions` unpacks.
set(LOOM_CROSS_ARCH aarch64)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(LOOM_CROSS_TRIPLET aarch64-linux-gnu)
set(LOOM_CROSS_QEMU qemu-aarch64 -cpu cortex-a53)
set(LOOM_CROSS_FLAGS "-mcpu=cortex-a53")
include(${CMAKE_CURRENT_LIST_DIR}/cross.cmake)
