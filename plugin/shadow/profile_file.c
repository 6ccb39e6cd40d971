#include "shadow/profile_file.h"

#include "cost/profile.h"
#include "files/file_text.h"

bool profile_file_read(const char *path, struct cost_profile *out, struct mistake *mistake) {
    struct file_text text;
    if (!file_text_read(path, PROFILE_FILE_BYTES_MAX, &text, mistake))
        return false;
    bool is_good = cost_profile_parse(path, text.bytes, text.length, out, mistake);
    file_text_fini(&text);
    return is_good;
}
