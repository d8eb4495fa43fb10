#define _GNU_SOURCE
#include "CUring.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>

struct fc_uring {
    struct io_uring ring;
    struct io_uring_buf_ring *buffers;
    uint8_t *memory;
    size_t buffers_bytes, memory_bytes;
    int32_t count, bytes;
};

static bool supports(struct io_uring *ring) {
    struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
    if (!probe) return false;
    bool all = io_uring_opcode_supported(probe, IORING_OP_ACCEPT) &&
               io_uring_opcode_supported(probe, IORING_OP_RECV) &&
               io_uring_opcode_supported(probe, IORING_OP_SEND) &&
               io_uring_opcode_supported(probe, IORING_OP_POLL_ADD) &&
               io_uring_opcode_supported(probe, IORING_OP_ASYNC_CANCEL) &&
               // Came with multishot receive, which cannot be asked for by itself.
               io_uring_opcode_supported(probe, IORING_OP_SEND_ZC);
    io_uring_free_probe(probe);
    return all && (ring->features & IORING_FEAT_EXT_ARG) && (ring->features & IORING_FEAT_CQE_SKIP);
}

fc_uring *fc_uring_new(int32_t entries, int32_t buffers, int32_t buffer_bytes, int32_t *error) {
    fc_uring *u = calloc(1, sizeof *u);
    *error = ENOMEM;
    if (!u) return NULL;
    struct io_uring_params p = {0};
    p.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
              IORING_SETUP_CLAMP;
    p.cq_entries = (uint32_t)entries * 4;
    int r = io_uring_queue_init_params((unsigned)entries, &u->ring, &p);
    if (r < 0) {
        free(u);
        *error = -r;
        return NULL;
    }
    if (!supports(&u->ring)) {
        io_uring_queue_exit(&u->ring);
        free(u);
        *error = ENOSYS;
        return NULL;
    }
    u->count = buffers;
    u->bytes = buffer_bytes;
    u->buffers_bytes = (size_t)buffers * sizeof(struct io_uring_buf);
    u->memory_bytes = (size_t)buffers * (size_t)buffer_bytes;
    void *ring_memory =
        mmap(NULL, u->buffers_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // All of it now: the kernel goes round the buffers, so all are touched soon, and memory that
    // grows later looks like a leak.
    void *memory = mmap(NULL, u->memory_bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    struct io_uring_buf_reg registration = {
        .ring_addr = (uint64_t)(uintptr_t)ring_memory,
        .ring_entries = (uint32_t)buffers,
        .bgid = 0};
    r = ring_memory == MAP_FAILED || memory == MAP_FAILED
            ? -ENOMEM
            : io_uring_register_buf_ring(&u->ring, &registration, 0);
    if (r < 0) {
        if (ring_memory != MAP_FAILED) munmap(ring_memory, u->buffers_bytes);
        if (memory != MAP_FAILED) munmap(memory, u->memory_bytes);
        io_uring_queue_exit(&u->ring);
        free(u);
        *error = -r;
        return NULL;
    }
    u->buffers = ring_memory;
    u->memory = memory;
    io_uring_buf_ring_init(u->buffers);
    for (int32_t i = 0; i < buffers; i++)
        io_uring_buf_ring_add(u->buffers, u->memory + (size_t)i * (size_t)buffer_bytes,
                              (unsigned)buffer_bytes, (unsigned short)i,
                              io_uring_buf_ring_mask((unsigned)buffers), i);
    io_uring_buf_ring_advance(u->buffers, buffers);
    *error = 0;
    return u;
}

void fc_uring_free(fc_uring *u) {
    io_uring_queue_exit(&u->ring);
    munmap(u->buffers, u->buffers_bytes);
    munmap(u->memory, u->memory_bytes);
    free(u);
}

// A place in the submission ring; a full one is submitted first, which empties it.
static struct io_uring_sqe *place(fc_uring *u, uint64_t name) {
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
    while (!sqe) {
        io_uring_submit(&u->ring);
        sqe = io_uring_get_sqe(&u->ring);
    }
    (void)name;
    return sqe;
}

void fc_uring_accept(fc_uring *u, int32_t listener, uint64_t name) {
    struct io_uring_sqe *sqe = place(u, name);
    io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    io_uring_sqe_set_data64(sqe, name);
}

void fc_uring_receive(fc_uring *u, int32_t socket, uint64_t name) {
    struct io_uring_sqe *sqe = place(u, name);
    io_uring_prep_recv_multishot(sqe, socket, NULL, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = 0;
    io_uring_sqe_set_data64(sqe, name);
}

void fc_uring_poll_readable(fc_uring *u, int32_t descriptor, uint64_t name) {
    struct io_uring_sqe *sqe = place(u, name);
    io_uring_prep_poll_multishot(sqe, descriptor, POLLIN);
    io_uring_sqe_set_data64(sqe, name);
}

void fc_uring_poll_writable(fc_uring *u, int32_t socket, uint64_t name) {
    struct io_uring_sqe *sqe = place(u, name);
    io_uring_prep_poll_add(sqe, socket, POLLOUT);
    io_uring_sqe_set_data64(sqe, name);
}

void fc_uring_poll_broken(fc_uring *u, int32_t socket, uint64_t name) {
    struct io_uring_sqe *sqe = place(u, name);
    // Errors and hang-ups are told whether asked for or not.
    io_uring_prep_poll_add(sqe, socket, 0);
    io_uring_sqe_set_data64(sqe, name);
}

void fc_uring_cancel(fc_uring *u, uint64_t name) {
    struct io_uring_sqe *sqe = place(u, name);
    io_uring_prep_cancel64(sqe, name, 0);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    // Named so that the failure (nothing there any more) is not mistaken for another's.
    io_uring_sqe_set_data64(sqe, UINT64_MAX);
}

void fc_uring_send(fc_uring *u, int32_t socket, const uint8_t *bytes, int64_t count,
                   uint64_t name) {
    struct io_uring_sqe *sqe = place(u, name);
    // Wait-all makes a short send a failure, so that only successes are silent; don't-wait makes it
    // complete within the submission, so that the bytes need not outlive that.
    io_uring_prep_send(sqe, socket, bytes, (size_t)count,
                       MSG_DONTWAIT | MSG_NOSIGNAL | MSG_WAITALL);
    sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    io_uring_sqe_set_data64(sqe, name);
}

int32_t fc_uring_submit(fc_uring *u) {
    int r = 0;
    while (io_uring_sq_ready(&u->ring) > 0) {
        r = io_uring_submit(&u->ring);
        if (r < 0 && r != -EINTR && r != -EAGAIN && r != -EBUSY) return r;
        if (r == -EBUSY) return r; // completions must be taken first
    }
    return r < 0 ? r : 0;
}

int32_t fc_uring_wait(fc_uring *u, int64_t nanoseconds) {
    struct io_uring_cqe *cqe;
    struct __kernel_timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int r = io_uring_submit_and_wait_timeout(&u->ring, &cqe, 1,
                                             nanoseconds < 0 ? NULL : &time, NULL);
    return r == -ETIME || r == -EINTR || r >= 0 ? 0 : r;
}

bool fc_uring_next(fc_uring *u, fc_completion *c) {
    struct io_uring_cqe *cqe;
    unsigned head;
    io_uring_for_each_cqe(&u->ring, head, cqe) {
        c->name = cqe->user_data;
        c->result = cqe->res;
        c->buffer = cqe->flags & IORING_CQE_F_BUFFER
                        ? (int32_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT)
                        : -1;
        c->more = cqe->flags & IORING_CQE_F_MORE;
        io_uring_cqe_seen(&u->ring, cqe);
        return true;
    }
    return false;
}

void fc_uring_work(fc_uring *u) { io_uring_get_events(&u->ring); }

bool fc_uring_recover(fc_uring *u) {
    if (!io_uring_cq_has_overflow(&u->ring)) return false;
    io_uring_get_events(&u->ring);
    return io_uring_cq_ready(&u->ring) > 0;
}

uint8_t *fc_uring_buffer(fc_uring *u, int32_t buffer) {
    return u->memory + (size_t)buffer * (size_t)u->bytes;
}

void fc_uring_give_back(fc_uring *u, int32_t buffer) {
    io_uring_buf_ring_add(u->buffers, fc_uring_buffer(u, buffer), (unsigned)u->bytes,
                          (unsigned short)buffer, io_uring_buf_ring_mask((unsigned)u->count), 0);
    io_uring_buf_ring_advance(u->buffers, 1);
}
