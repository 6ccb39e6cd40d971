/* version - the one place that says which Loom this is.
 */
#ifndef LOOM_NATIVE_VERSION_H
#define LOOM_NATIVE_VERSION_H

#define LOOM_VERSION  "0.1.0"
#define LOOM_PLATFORM "Loom " LOOM_VERSION " on Linux"

#endif
