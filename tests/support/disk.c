/* A disk between a process and its files, loaded with LD_PRELOAD. It keeps a shadow of each file
 * below DISK_ROOT with what a power cut would leave: what was synced, page by page. It can be full,
 * and a sync can fail.
 *
 * What must stay true: a page goes into the shadow only at a sync that did not fail, with what it
 * held then; so writing and syncing take the same lock. After a failed sync its pages are lost, as
 * on Linux: they count as clean and no later sync brings them back, unless they are written again;
 * each other descriptor of the file is told so once, by its next sync, whatever that one writes.
 * Names (unlink, rename) are durable at once. Files ending in -shm are memory. Built for glibc on
 * 64 bits, where these are the only calls that docket writes with. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES_MOST = 1 << 20, FILES_MOST = 64, DESCRIPTORS_MOST = 4096 };
enum page { CLEAN, DIRTY, LOST };
enum room { PLENTY, NO_NEW_BLOCKS, NO_WRITES };

/* Shared with the test, which reads and writes it as a file: see disk.rs. */
struct control {
    uint64_t room;      /* one of enum room */
    uint64_t fail_sync; /* the number of the sync that fails with EIO; 0 is none */
    uint64_t syncs;     /* so many were asked for */
    uint64_t no_log_sync; /* a commit's sync of the write-ahead log succeeds and does nothing */
    uint64_t refused;   /* so many writes found no room */
    char failed[104];   /* the file whose sync failed */
};

struct file {
    char name[PATH_MAX];
    int shadow;     /* -1 until the first sync */
    uint8_t *pages; /* an enum page each */
};

static char root[PATH_MAX], shadow[PATH_MAX];
static size_t root_length;
static struct control *control;
static struct file files[FILES_MOST];
static unsigned next_file;
static uint8_t owes_failure[DESCRIPTORS_MOST];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int open_raw(const char *path, int flags, mode_t mode) {
    return syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, mode);
}

static void *map(const char *path, size_t size) {
    int fd = open_raw(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || syscall(SYS_ftruncate, fd, size)) abort();
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) abort();
    close(fd);
    return mapped;
}

__attribute__((constructor)) static void start(void) {
    char path[PATH_MAX + 16];
    if (!getenv("DISK_ROOT") || !getenv("DISK_SHADOW")) return;
    snprintf(root, sizeof root, "%s", getenv("DISK_ROOT"));
    snprintf(shadow, sizeof shadow, "%s", getenv("DISK_SHADOW"));
    snprintf(path, sizeof path, "%s/control", shadow);
    control = map(path, sizeof *control);
    root_length = strlen(root);
}

/* Names ---------------------------------------------------------------------------------------- */

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), ending = strlen(end);
    return length >= ending && !strcmp(text + length - ending, end);
}

/* The path below the root, or NULL. */
static const char *below_root(const char *path) {
    if (!root_length || strncmp(path, root, root_length)) return NULL;
    const char *rest = path + root_length;
    return *rest == '/' ? rest + 1 : *rest ? NULL : rest;
}

/* The path below the root that a descriptor stands for, or NULL. */
static const char *name_of(int fd, char path[PATH_MAX]) {
    char link[32];
    int before = errno;
    if (!root_length) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    errno = before;
    if (length < 0) return NULL;
    path[length] = 0;
    const char *name = below_root(path);
    return name && !ends_with(name, " (deleted)") ? name : NULL;
}

/* Where a file's shadow or page states are: one flat folder each. */
static void place(char path[PATH_MAX + 64], const char *folder, const char *name) {
    int length = snprintf(path, PATH_MAX + 64, "%s/%s/", shadow, folder);
    for (; *name && length < PATH_MAX + 62; name++) path[length++] = *name == '/' ? '%' : *name;
    path[length] = 0;
}

static void forget(struct file *file) {
    if (!file->pages) return;
    munmap(file->pages, PAGES_MOST);
    if (file->shadow >= 0) close(file->shadow);
    file->pages = NULL;
}

static struct file *found(const char *name) {
    char path[PATH_MAX + 64];
    for (int i = 0; i < FILES_MOST; i++)
        if (files[i].pages && !strcmp(files[i].name, name)) return &files[i];
    struct file *file = &files[next_file++ % FILES_MOST];
    forget(file);
    snprintf(file->name, sizeof file->name, "%s", name);
    place(path, "pages", name);
    file->pages = map(path, PAGES_MOST);
    place(path, "files", name);
    file->shadow = open_raw(path, O_RDWR, 0);
    return file;
}

/* Pages ---------------------------------------------------------------------------------------- */

static void mark(struct file *file, off_t from, off_t to) {
    if (to > (off_t)PAGES_MOST * PAGE) abort();
    for (off_t page = from / PAGE; page * PAGE < to; page++) file->pages[page] = DIRTY;
}

/* All that a shorter file loses: should it grow again, there are zeros. */
static void mark_rest(struct file *file, off_t from) {
    struct stat told;
    if (file->shadow >= 0 && !fstat(file->shadow, &told)) mark(file, from, told.st_size);
}

/* The same file for reading. Not a second time where reading is possible: closing that would end
 * the locks of fcntl, which SQLite holds on its database. */
static int readable(int fd) {
    char path[32];
    if ((fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY) return fd;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open_raw(path, O_RDONLY, 0);
}

static void keep(struct file *file, int fd) {
    char path[PATH_MAX + 64], page[PAGE];
    int from = readable(fd);
    struct stat told;
    if (fstat(fd, &told)) abort();
    if (file->shadow < 0) {
        place(path, "files", file->name);
        file->shadow = open_raw(path, O_RDWR | O_CREAT, 0600);
    }
    if (syscall(SYS_ftruncate, file->shadow, told.st_size)) abort();
    uint8_t *end = file->pages + (told.st_size + PAGE - 1) / PAGE, *at = file->pages;
    while ((at = memchr(at, DIRTY, end - at))) {
        off_t offset = (at - file->pages) * PAGE;
        ssize_t length = syscall(SYS_pread64, from, page, PAGE, offset);
        if (length < 0) abort();
        if (syscall(SYS_pwrite64, file->shadow, page, length, offset) != length) abort();
        *at++ = CLEAN;
    }
    if (from != fd) close(from);
}

static void lose(struct file *file) {
    uint8_t *at = file->pages, *end = file->pages + PAGES_MOST;
    while ((at = memchr(at, DIRTY, end - at))) *at++ = LOST;
}

static int fails_now(const char *name) {
    uint64_t number = __atomic_add_fetch(&control->syncs, 1, __ATOMIC_SEQ_CST);
    if (number != control->fail_sync) return 0;
    snprintf(control->failed, sizeof control->failed, "%s", *name ? name : ".");
    return 1;
}

/* Every descriptor that was open then learns of it. */
static void owe_failure(int failed, const char *name) {
    char path[PATH_MAX];
    for (int fd = 0; fd < DESCRIPTORS_MOST; fd++) {
        const char *other = fd == failed ? NULL : name_of(fd, path);
        if (other && !strcmp(other, name)) owes_failure[fd] = 1;
    }
}

static int owed_failure(int fd) {
    if (fd >= DESCRIPTORS_MOST || !owes_failure[fd]) return 0;
    owes_failure[fd] = 0;
    return 1;
}

/* Whether there is no room for bytes up to `end`. */
static int is_full(int fd, off_t end) {
    struct stat told;
    if (control->room == PLENTY) return 0;
    if (control->room == NO_NEW_BLOCKS && !fstat(fd, &told) && end <= told.st_size) return 0;
    control->refused++;
    errno = ENOSPC;
    return 1;
}

/* Calls ---------------------------------------------------------------------------------------- */

static ssize_t write_at(int fd, const void *bytes, size_t count, off_t offset) {
    char path[PATH_MAX];
    const char *name = name_of(fd, path);
    if (!name) return syscall(SYS_pwrite64, fd, bytes, count, offset);
    if (is_full(fd, offset + count)) return -1;
    if (ends_with(name, "-shm")) return syscall(SYS_pwrite64, fd, bytes, count, offset);
    pthread_mutex_lock(&lock);
    mark(found(name), offset, offset + count);
    ssize_t written = syscall(SYS_pwrite64, fd, bytes, count, offset);
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    return write_at(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    return write_at(fd, bytes, count, offset);
}

/* Where the next write goes. */
static off_t position(int fd) {
    int appends = fcntl(fd, F_GETFL) & O_APPEND;
    return lseek(fd, 0, appends ? SEEK_END : SEEK_CUR);
}

static ssize_t write_next(int fd, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    size_t size = 0;
    const char *name = name_of(fd, path);
    if (!name) return syscall(SYS_writev, fd, parts, count);
    for (int i = 0; i < count; i++) size += parts[i].iov_len;
    pthread_mutex_lock(&lock);
    off_t from = position(fd);
    ssize_t written = -1;
    if (!is_full(fd, from + size)) {
        mark(found(name), from, from + size);
        written = syscall(SYS_writev, fd, parts, count);
    }
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    return write_next(fd, parts, count);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    struct iovec part = { (void *)bytes, count };
    return write_next(fd, &part, 1);
}

int ftruncate64(int fd, off64_t length) {
    char path[PATH_MAX];
    const char *name = name_of(fd, path);
    if (name && is_full(fd, length)) return -1;
    if (!name || ends_with(name, "-shm")) return syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    mark_rest(found(name), length);
    int result = syscall(SYS_ftruncate, fd, length);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t length) {
    return ftruncate64(fd, length);
}

/* Whoever else copies the log syncs it before, which is what synchronous=NORMAL still does. */
static int is_writer(void) {
    char thread[16];
    return !prctl(PR_GET_NAME, thread) && !strcmp(thread, "docket-writer");
}

int fsync(int fd) {
    char path[PATH_MAX];
    struct stat told;
    const char *name = name_of(fd, path);
    if (!name) return syscall(SYS_fsync, fd);
    if (control->no_log_sync && ends_with(name, "-wal") && is_writer()) return 0;
    pthread_mutex_lock(&lock);
    struct file *file = fstat(fd, &told) || !S_ISREG(told.st_mode) ? NULL : found(name);
    int result = 0;
    if (fails_now(name)) {
        if (file) lose(file);
        owe_failure(fd, name);
        result = -1;
    } else {
        if (file) keep(file, fd);
        if (owed_failure(fd)) result = -1;
    }
    pthread_mutex_unlock(&lock);
    if (result) errno = EIO;
    return result;
}

int fdatasync(int fd) {
    return fsync(fd);
}

static int open_any(const char *path, int flags, mode_t mode) {
    char resolved[PATH_MAX];
    int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= 0 && fd < DESCRIPTORS_MOST) owes_failure[fd] = 0;
    const char *name = fd >= 0 && flags & O_TRUNC ? name_of(fd, resolved) : NULL;
    if (name) {
        pthread_mutex_lock(&lock);
        mark_rest(found(name), 0);
        pthread_mutex_unlock(&lock);
    }
    return fd;
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_any(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_any(path, flags, mode);
}

static void remove_shadow(const char *name) {
    char path[PATH_MAX + 64];
    forget(found(name));
    place(path, "files", name);
    syscall(SYS_unlink, path);
    place(path, "pages", name);
    syscall(SYS_unlink, path);
}

int unlink(const char *path) {
    const char *name = below_root(path);
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_unlink, path);
    if (!result && name) remove_shadow(name);
    pthread_mutex_unlock(&lock);
    return result;
}

/* A file that was not synced before is there under its new name after a cut, and empty. */
static void rename_shadow(const char *from, const char *to) {
    char old[PATH_MAX + 64], new[PATH_MAX + 64];
    forget(found(from));
    remove_shadow(to);
    place(old, "pages", from);
    place(new, "pages", to);
    syscall(SYS_rename, old, new);
    place(old, "files", from);
    close(open_raw(old, O_WRONLY | O_CREAT, 0600));
    place(new, "files", to);
    syscall(SYS_rename, old, new);
}

int rename(const char *from, const char *to) {
    const char *old = below_root(from), *new = below_root(to);
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_rename, from, to);
    if (!result && old && new) rename_shadow(old, new);
    pthread_mutex_unlock(&lock);
    return result;
}
