#include "CLossyFiles.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

// Part of what a disk writes at once: a write of several sectors may end between them.
enum { SECTOR = 512 };

// One step that has not been synced: a write, or with `length` below zero a truncation.
typedef struct step {
    sqlite3_int64 offset;
    int length;
    unsigned char *bytes;
} step;

typedef struct lossy_file {
    sqlite3_file head;
    sqlite3_file *real;
    // What whoever reads sees: synced or not.
    unsigned char *now;
    sqlite3_int64 size, room;
    step *steps;
    int count, capacity;
    struct lossy_file *next;
} lossy_file;

static lossy_file *open_files;
static uint64_t state;
static int64_t steps_done, crash_at = -1, fail_at = -1;
static int fail_code;
static bool is_crashed;

static uint64_t chance(uint64_t below) {
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

static int do_step(lossy_file *file, const step *what, int length) {
    if (what->length < 0) return file->real->pMethods->xTruncate(file->real, what->offset);
    return file->real->pMethods->xWrite(file->real, what->bytes, length, what->offset);
}

static void forget_steps(lossy_file *file) {
    for (int i = 0; i < file->count; i++) free(file->steps[i].bytes);
    file->count = 0;
}

// What reaches the disk of a file's steps: nothing, a beginning, or any of them; and of a write
// perhaps only some sectors.
static void lose(lossy_file *file) {
    uint64_t way = chance(4);
    int end = way == 0 ? 0 : way == 1 ? (int)chance((uint64_t)file->count + 1) : file->count;
    for (int i = 0; i < end; i++) {
        if (way == 2 && chance(2)) continue;
        int length = file->steps[i].length;
        if (way == 3 && chance(4) == 0 && length > SECTOR)
            length = SECTOR * (int)chance((uint64_t)length / SECTOR);
        if (length) do_step(file, &file->steps[i], length);
    }
    forget_steps(file);
}

void fc_lossy_crash(void) {
    if (is_crashed) return;
    is_crashed = true;
    for (lossy_file *file = open_files; file; file = file->next) lose(file);
}

bool fc_lossy_crashed(void) { return is_crashed; }
int64_t fc_lossy_steps(void) { return steps_done; }

void fc_lossy_begin(uint64_t seed, int64_t steps) {
    state = seed;
    steps_done = 0;
    crash_at = steps;
    fail_at = -1;
    is_crashed = false;
}

void fc_lossy_fail(int64_t steps, int32_t code) {
    fail_at = steps_done + steps;
    fail_code = code;
}

// Before each step: 0 to go on.
static int step_begins(void) {
    if (is_crashed) return SQLITE_IOERR;
    steps_done++;
    if (steps_done == crash_at) {
        fc_lossy_crash();
        return SQLITE_IOERR;
    }
    if (steps_done == fail_at) return fail_code;
    return SQLITE_OK;
}

static int resize(lossy_file *file, sqlite3_int64 size) {
    if (size > file->room) {
        sqlite3_int64 room = size * 2;
        unsigned char *now = realloc(file->now, (size_t)room);
        if (!now) return SQLITE_NOMEM;
        file->now = now;
        file->room = room;
    }
    if (size > file->size) memset(file->now + file->size, 0, (size_t)(size - file->size));
    file->size = size;
    return SQLITE_OK;
}

static step *new_step(lossy_file *file) {
    if (file->count == file->capacity) {
        int capacity = file->capacity ? file->capacity * 2 : 64;
        step *steps = realloc(file->steps, (size_t)capacity * sizeof *steps);
        if (!steps) return NULL;
        file->steps = steps;
        file->capacity = capacity;
    }
    return &file->steps[file->count++];
}

// MARK: methods

static int lossy_close(sqlite3_file *head) {
    lossy_file *file = (lossy_file *)head;
    // What was not synced when it is closed may still be lost, but nothing in a test looks for it.
    if (!is_crashed)
        for (int i = 0; i < file->count; i++)
            do_step(file, &file->steps[i], file->steps[i].length);
    forget_steps(file);
    for (lossy_file **at = &open_files; *at; at = &(*at)->next)
        if (*at == file) {
            *at = file->next;
            break;
        }
    free(file->steps);
    free(file->now);
    return file->real->pMethods->xClose(file->real);
}

static int lossy_read(sqlite3_file *head, void *bytes, int length, sqlite3_int64 offset) {
    lossy_file *file = (lossy_file *)head;
    if (is_crashed) return SQLITE_IOERR_READ;
    sqlite3_int64 there = file->size - offset;
    if (there > length) there = length;
    if (there < 0) there = 0;
    memcpy(bytes, file->now + offset, (size_t)there);
    if (there == length) return SQLITE_OK;
    memset((unsigned char *)bytes + there, 0, (size_t)(length - there));
    return SQLITE_IOERR_SHORT_READ;
}

static int lossy_write(sqlite3_file *head, const void *bytes, int length, sqlite3_int64 offset) {
    lossy_file *file = (lossy_file *)head;
    int code = step_begins();
    if (code) return code;
    if (offset + length > file->size && (code = resize(file, offset + length))) return code;
    memcpy(file->now + offset, bytes, (size_t)length);
    step *new = new_step(file);
    unsigned char *copy = malloc((size_t)length);
    if (!new || !copy) return SQLITE_NOMEM;
    memcpy(copy, bytes, (size_t)length);
    *new = (step){offset, length, copy};
    return SQLITE_OK;
}

static int lossy_truncate(sqlite3_file *head, sqlite3_int64 size) {
    lossy_file *file = (lossy_file *)head;
    int code = step_begins();
    if (code || (code = resize(file, size))) return code;
    step *new = new_step(file);
    if (!new) return SQLITE_NOMEM;
    *new = (step){size, -1, NULL};
    return SQLITE_OK;
}

static int lossy_sync(sqlite3_file *head, int flags) {
    lossy_file *file = (lossy_file *)head;
    (void)flags;
    int code = step_begins();
    if (code) return code;
    for (int i = 0; i < file->count; i++)
        if ((code = do_step(file, &file->steps[i], file->steps[i].length))) return code;
    forget_steps(file);
    return SQLITE_OK;
}

static int lossy_size(sqlite3_file *head, sqlite3_int64 *size) {
    *size = ((lossy_file *)head)->size;
    return SQLITE_OK;
}

#define REAL(head) ((lossy_file *)(head))->real
static int lossy_lock(sqlite3_file *f, int kind) {
    return REAL(f)->pMethods->xLock(REAL(f), kind);
}
static int lossy_unlock(sqlite3_file *f, int kind) {
    return REAL(f)->pMethods->xUnlock(REAL(f), kind);
}
static int lossy_check(sqlite3_file *f, int *held) {
    return REAL(f)->pMethods->xCheckReservedLock(REAL(f), held);
}
// Hints about sizes would reach the real file at once.
static int lossy_control(sqlite3_file *f, int verb, void *what) {
    (void)f;
    (void)verb;
    (void)what;
    return SQLITE_NOTFOUND;
}
static int lossy_sector(sqlite3_file *f) { return REAL(f)->pMethods->xSectorSize(REAL(f)); }
static int lossy_traits(sqlite3_file *f) {
    return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}
static int lossy_map(sqlite3_file *f, int page, int size, int extend, void volatile **to) {
    return REAL(f)->pMethods->xShmMap(REAL(f), page, size, extend, to);
}
static int lossy_shm_lock(sqlite3_file *f, int offset, int n, int flags) {
    return REAL(f)->pMethods->xShmLock(REAL(f), offset, n, flags);
}
static void lossy_barrier(sqlite3_file *f) { REAL(f)->pMethods->xShmBarrier(REAL(f)); }
static int lossy_unmap(sqlite3_file *f, int delete) {
    return REAL(f)->pMethods->xShmUnmap(REAL(f), delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = lossy_close,
    .xRead = lossy_read,
    .xWrite = lossy_write,
    .xTruncate = lossy_truncate,
    .xSync = lossy_sync,
    .xFileSize = lossy_size,
    .xLock = lossy_lock,
    .xUnlock = lossy_unlock,
    .xCheckReservedLock = lossy_check,
    .xFileControl = lossy_control,
    .xSectorSize = lossy_sector,
    .xDeviceCharacteristics = lossy_traits,
    .xShmMap = lossy_map,
    .xShmLock = lossy_shm_lock,
    .xShmBarrier = lossy_barrier,
    .xShmUnmap = lossy_unmap,
};

// MARK: the VFS

static sqlite3_vfs *below;

static int lossy_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *head, int flags,
                      int *given) {
    (void)vfs;
    lossy_file *file = (lossy_file *)head;
    memset(file, 0, sizeof *file);
    if (is_crashed) return SQLITE_CANTOPEN;
    file->real = (sqlite3_file *)(file + 1);
    int code = below->xOpen(below, name, file->real, flags, given);
    if (code) return code;
    sqlite3_int64 size = 0;
    code = file->real->pMethods->xFileSize(file->real, &size);
    if (!code) code = resize(file, size);
    if (!code && size) code = file->real->pMethods->xRead(file->real, file->now, (int)size, 0);
    if (code) {
        file->real->pMethods->xClose(file->real);
        return code;
    }
    file->next = open_files;
    open_files = file;
    file->head.pMethods = &methods;
    return SQLITE_OK;
}

static int lossy_delete(sqlite3_vfs *vfs, const char *name, int sync) {
    (void)vfs;
    return is_crashed ? SQLITE_IOERR_DELETE : below->xDelete(below, name, sync);
}

int32_t fc_lossy_register(void) {
    static sqlite3_vfs vfs;
    if (below) return SQLITE_OK;
    below = sqlite3_vfs_find("unix");
    if (!below) return SQLITE_ERROR;
    vfs = *below;
    vfs.zName = "lossy";
    vfs.szOsFile = (int)sizeof(lossy_file) + below->szOsFile;
    vfs.xOpen = lossy_open;
    vfs.xDelete = lossy_delete;
    return sqlite3_vfs_register(&vfs, 0);
}
