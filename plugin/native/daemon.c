#include "native/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int ready_fd = -1; /* to the waiting parent */

static void wait_for_child(int fd) {
    char byte;
    ssize_t got;
    do
        got = read(fd, &byte, 1);
    while (got < 0 && errno == EINTR);
    _exit(got == 1 ? 0 : 1);
}

bool daemon_start(struct complaint *complaint) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return complain(complaint, "cannot go to the background: %s", strerror(errno));
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        return complain(complaint, "cannot go to the background: %s", strerror(errno));
    if (child > 0) {
        close(ends[1]);
        wait_for_child(ends[0]);
    }
    close(ends[0]);
    ready_fd = ends[1];
    (void)setsid();
    return true;
}

void daemon_is_ready(void) {
    if (ready_fd < 0)
        return;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
        for (int fd = 0; fd < 3; fd++)
            (void)dup2(null, fd);
        close(null);
    }
    (void)!write(ready_fd, "", 1);
    close(ready_fd);
    ready_fd = -1;
}

bool daemon_become(const char *user, struct complaint *complaint) {
    if (user == NULL)
        return true;
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (entry == NULL)
        return complain(complaint, "User: expected a user of this machine, got \"%s\"", user);
    if (entry->pw_uid == geteuid() && entry->pw_gid == getegid())
        return true;
    if (initgroups(user, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)
        return complain(complaint, "User: expected one that we may become, got \"%s\": %s", user,
                        strerror(errno));
    if (entry->pw_uid != 0 && setuid(0) == 0)
        return complain(complaint, "User: expected one that cannot become root again, got \"%s\"", user);
    return true;
}

bool daemon_write_pid(const char *path, struct complaint *complaint) {
    if (path == NULL)
        return true;
    FILE *file = fopen(path, "we");
    bool is_written = file != NULL && fprintf(file, "%ld\n", (long)getpid()) > 0;
    if (file != NULL)
        is_written &= fclose(file) == 0;
    return is_written || complain(complaint, "PidFile: expected a file that can be written, got \"%s\": %s",
                                  path, strerror(errno));
}
