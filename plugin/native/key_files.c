#include "native/key_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define FILE_BYTES 16384

static bool make_path(char out[static PATH_BYTES], const char *folder, const char *name, const char *ending,
                      struct complaint *complaint) {
    int n = snprintf(out, PATH_BYTES, "%s/%s%s", folder, name, ending);
    return (n > 0 && n < PATH_BYTES) || complain(complaint, "%.100s...: expected a shorter path", folder);
}

/* Read until the end or until room is full; -1 with errno. */
static ssize_t read_all(int fd, uint8_t *out, size_t room) {
    size_t length = 0;
    while (length < room) {
        ssize_t n = read(fd, out + length, room - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        length += (size_t)n;
    }
    return (ssize_t)length;
}

enum key_file key_file_read(const char *folder, const char *name, uint8_t *out, size_t room,
                            size_t *length_out, struct complaint *complaint) {
    char path[PATH_BYTES];
    uint8_t beyond;
    if (!make_path(path, folder, name, "", complaint))
        return KEY_FILE_BAD;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return KEY_FILE_MISSING;
    ssize_t n = fd < 0 ? -1 : read_all(fd, out, room);
    ssize_t more = n < 0 ? -1 : read_all(fd, &beyond, 1);
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (n < 0 || more < 0) {
        complain(complaint, "%s: expected a file that can be read: %s", path, strerror(reason));
        return KEY_FILE_BAD;
    }
    if (more > 0) {
        complain(complaint, "%s: expected at most %zu bytes", path, room);
        return KEY_FILE_BAD;
    }
    *length_out = (size_t)n;
    return KEY_FILE_READ;
}

enum key_file key_file_read_tagged_any(const char *folder, const char *name, const char *tag, uint8_t *out,
                                       size_t room, size_t *length_out, struct complaint *complaint) {
    uint8_t content[FILE_BYTES];
    uint8_t head[KEY_TAG_LEN] = {0};
    size_t length = 0;
    enum key_file result = key_file_read(folder, name, content, sizeof(content), &length, complaint);
    if (result != KEY_FILE_READ)
        return result;
    memcpy(head, tag, strlen(tag));
    if (length <= KEY_TAG_LEN || memcmp(content, head, KEY_TAG_LEN) != 0 || length - KEY_TAG_LEN > room) {
        complain(
            complaint,
            "%s/%s: expected \"%s\" and at most %zu bytes behind it, got a file of %zu bytes that is not so",
            folder, name, tag, room, length);
        result = KEY_FILE_BAD;
    } else {
        *length_out = length - KEY_TAG_LEN;
        memcpy(out, content + KEY_TAG_LEN, *length_out);
    }
    OPENSSL_cleanse(content, sizeof(content));
    return result;
}

enum key_file key_file_read_tagged(const char *folder, const char *name, const char *tag, uint8_t *out,
                                   size_t length, struct complaint *complaint) {
    size_t got = 0;
    enum key_file result = key_file_read_tagged_any(folder, name, tag, out, length, &got, complaint);
    if (result == KEY_FILE_READ && got != length) {
        complain(complaint, "%s/%s: expected \"%s\" and %zu bytes behind it, got %zu", folder, name, tag,
                 length, got);
        return KEY_FILE_BAD;
    }
    return result;
}

static bool write_all(int fd, struct span content) {
    size_t done = 0;
    while (done < content.length) {
        ssize_t n = write(fd, content.data + done, content.length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool sync_folder(const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static bool write_pieces(int fd, struct span (*next)(void *context), void *context) {
    for (struct span piece = next(context); piece.length > 0; piece = next(context))
        if (!write_all(fd, piece))
            return false;
    return true;
}

bool key_file_write_pieces(const char *folder, const char *name, struct span (*next)(void *context),
                           void *context, struct complaint *complaint) {
    char path[PATH_BYTES];
    char temporary[PATH_BYTES];
    if (!make_path(path, folder, name, "", complaint) ||
        !make_path(temporary, folder, name, ".tmp", complaint))
        return false;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return complain(complaint, "%s: expected a file that can be written: %s", temporary, strerror(errno));
    bool good = write_pieces(fd, next, context) && fsync(fd) == 0;
    int reason = errno;
    if (close(fd) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (good && (rename(temporary, path) != 0 || !sync_folder(folder))) {
        good = false;
        reason = errno;
    }
    if (!good)
        unlink(temporary);
    return good || complain(complaint, "%s: expected a file that can be written: %s", path, strerror(reason));
}

static struct span take_once(void *context) {
    struct span *content = context, all = *content;
    content->length = 0;
    return all;
}

bool key_file_write(const char *folder, const char *name, struct span content, struct complaint *complaint) {
    return key_file_write_pieces(folder, name, take_once, &content, complaint);
}

bool key_file_write_tagged(const char *folder, const char *name, const char *tag, struct span content,
                           struct complaint *complaint) {
    uint8_t whole[FILE_BYTES] = {0};
    memcpy(whole, tag, strlen(tag));
    if (content.length > sizeof(whole) - KEY_TAG_LEN)
        return complain(complaint, "%s/%s: expected less to write", folder, name);
    memcpy(whole + KEY_TAG_LEN, content.data, content.length);
    bool good = key_file_write(folder, name, (struct span){whole, KEY_TAG_LEN + content.length}, complaint);
    OPENSSL_cleanse(whole, sizeof(whole));
    return good;
}

uint64_t key_file_written_s(const char *folder, const char *name) {
    char path[PATH_BYTES];
    struct stat st;
    struct complaint nobody;
    if (!make_path(path, folder, name, "", &nobody) || stat(path, &st) != 0 || st.st_mtime < 0)
        return 0;
    return (uint64_t)st.st_mtime;
}

bool key_file_is_there(const char *folder, const char *name) {
    char path[PATH_BYTES];
    struct stat st;
    struct complaint nobody;
    return make_path(path, folder, name, "", &nobody) && (lstat(path, &st) == 0 || errno != ENOENT);
}

/* Where it stands in the folder above. That may be one that we may only pass through: then it is not synced. */
static void sync_place_of(const char *folder) {
    char path[PATH_BYTES];
    struct complaint nobody;
    if (make_path(path, folder, "..", "", &nobody))
        (void)sync_folder(path);
}

bool key_folder_make(const char *folder, struct complaint *complaint) {
    struct stat st;
    if (mkdir(folder, 0700) == 0)
        sync_place_of(folder);
    else if (errno != EEXIST)
        return complain(complaint, "%s: expected a folder that can be made: %s", folder, strerror(errno));
    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
        return complain(complaint, "%s: expected a folder", folder);
    return true;
}

int key_folder_lock(const char *folder, struct complaint *complaint) {
    char path[PATH_BYTES];
    if (!make_path(path, folder, "lock", "", complaint))
        return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (reason == EWOULDBLOCK)
        complain(complaint, "%s: expected no other relay, but one runs with this data directory", path);
    else
        complain(complaint, "%s: expected a file that can be locked: %s", path, strerror(reason));
    return -1;
}
