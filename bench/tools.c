/* The C side of the benchmarks: a generator, an echo, and the floor that our worker is held
 * against. Loopback only; every mode ends by itself (generator) or on SIGTERM (echo, relay).
 *
 *   tools echo                               prints its port, then counts until SIGTERM
 *   tools relay CALLS MEDIA GEN ECHO         CALLS pairs of connected sockets, as the worker has
 *   tools gen CALLS GEN MEDIA SECONDS        20 ms packets of 172 bytes on every call
 *
 * MEDIA and GEN are the first of CALLS ports in a row.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PACKET = 172, BUFFER = 2048, RECORD = 48, RING = 1 << 17, EVENTS = 256, DWELLS = 1 << 17 };

static volatile sig_atomic_t stopping;
static void stop(int number) { (void)number; stopping = 1; }

static int64_t now_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct sockaddr_in local(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static int open_udp(int port, int peer) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1, size = 2 << 20;
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
    setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    struct sockaddr_in a = local(port);
    if (bind(fd, (struct sockaddr *)&a, sizeof a)) { perror("bind"); exit(3); }
    if (peer) {
        struct sockaddr_in p = local(peer);
        if (connect(fd, (struct sockaddr *)&p, sizeof p)) { perror("connect"); exit(3); }
    }
    return fd;
}

static int run_echo(void) {
    int fd = open_udp(0, 0);
    struct sockaddr_in a;
    socklen_t n = sizeof a;
    getsockname(fd, (struct sockaddr *)&a, &n);
    printf("%d\n", ntohs(a.sin_port));
    fflush(stdout);
    int ep = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
    char data[BUFFER];
    while (!stopping) {
        if (epoll_wait(ep, &e, 1, 200) < 1) continue;
        for (;;) {
            n = sizeof a;
            ssize_t got = recvfrom(fd, data, sizeof data, 0, (struct sockaddr *)&a, &n);
            if (got < 0) break;
            sendto(fd, data, (size_t)got, 0, (struct sockaddr *)&a, n);
        }
    }
    return 0;
}

static int64_t stamp_of(struct msghdr *m) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
        }
    return 0;
}

static int by_size(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The same shape as the worker: level-triggered epoll, one recvmsg with its stamp a ready
 * descriptor, stamp, send, stamp, a 48-byte record into a ring. */
static int run_relay(int calls, int media, int gen, int echo) {
    int ep = epoll_create1(0), *fds = calloc((size_t)calls * 2, sizeof *fds);
    for (int i = 0; i < calls; i++) {
        fds[2 * i] = open_udp(media + i, gen + i);
        fds[2 * i + 1] = open_udp(0, echo);
        for (int leg = 0; leg < 2; leg++) {
            struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)(2 * i + leg)};
            epoll_ctl(ep, EPOLL_CTL_ADD, fds[2 * i + leg], &e);
        }
    }
    unsigned char *ring = calloc(RING, RECORD);
    int64_t *dwell = calloc(DWELLS, sizeof *dwell);
    uint64_t head = 0;
    struct epoll_event ready[EVENTS];
    char data[BUFFER], control[128];
    struct sockaddr_in from;
    printf("ready\n");
    fflush(stdout);
    while (!stopping) {
        int n = epoll_wait(ep, ready, EVENTS, 20);
        for (int k = 0; k < n; k++) {
            uint32_t index = ready[k].data.u32;
            struct iovec v = {data, sizeof data};
            struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &v,
                               .msg_iovlen = 1, .msg_control = control,
                               .msg_controllen = sizeof control};
            ssize_t got = recvmsg(fds[index], &m, 0);
            if (got < 12) continue;
            int64_t rx = stamp_of(&m), before = now_ns(CLOCK_REALTIME);
            send(fds[index ^ 1], data, (size_t)got, 0);
            int64_t after = now_ns(CLOCK_REALTIME);
            unsigned char *r = ring + (head++ % RING) * RECORD;
            uint32_t bracket = (uint32_t)(after - before);
            memcpy(r, &rx, 8);
            memcpy(r + 8, &before, 8);
            memcpy(r + 16, &bracket, 4);
            memcpy(r + 20, data + 4, 8);
            memcpy(r + 28, &index, 4);
            memcpy(r + 32, data + 2, 2);
            dwell[(head - 1) % DWELLS] = before - rx;
        }
    }
    size_t kept = head < DWELLS ? head : DWELLS;
    qsort(dwell, kept, sizeof *dwell, by_size);
    if (kept) printf("%.1f %.1f\n", dwell[kept / 2] / 1e3, dwell[kept * 99 / 100] / 1e3);
    return 0;
}

static long drain(int *fds, int calls) {
    char data[BUFFER];
    long got = 0;
    for (int i = 0; i < calls; i++)
        while (recv(fds[i], data, sizeof data, 0) > 0) got++;
    return got;
}

/* Prints: packets sent, packets back, the median and 99th percentile of its own lag in us. */
static int run_gen(int calls, int port, int media, int seconds) {
    int *fds = calloc((size_t)calls, sizeof *fds);
    for (int i = 0; i < calls; i++) fds[i] = open_udp(port + i, media + i);
    const int64_t period = 20000000, start = now_ns(CLOCK_MONOTONIC) + period;
    const long total = (long)calls * 50 * seconds;
    int64_t *lag = calloc((size_t)total, sizeof *lag);
    unsigned char packet[PACKET] = {0x80};
    long back = 0;
    for (long n = 0; n < total; n++) {
        long tick = n / calls, i = n % calls;
        int64_t due = start + tick * period + i * (period / calls);
        while (now_ns(CLOCK_MONOTONIC) < due) {
            struct timespec t = {due / 1000000000, due % 1000000000};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
        }
        lag[n] = now_ns(CLOCK_MONOTONIC) - due;
        uint16_t sequence = htons((uint16_t)tick);
        uint32_t timestamp = htonl((uint32_t)(tick * 160)), ssrc = htonl((uint32_t)(i + 1));
        memcpy(packet + 2, &sequence, 2);
        memcpy(packet + 4, &timestamp, 4);
        memcpy(packet + 8, &ssrc, 4);
        send(fds[i], packet, sizeof packet, 0);
        if (i == calls - 1) back += drain(fds, calls);
    }
    for (int wait = 0; wait < 50 && back < total; wait++) {
        usleep(20000);
        back += drain(fds, calls);
    }
    qsort(lag, (size_t)total, sizeof *lag, by_size);
    printf("%ld %ld %.1f %.1f\n", total, back, lag[total / 2] / 1e3, lag[total * 99 / 100] / 1e3);
    return 0;
}

int main(int argc, char **argv) {
    signal(SIGTERM, stop);
    int a[4] = {0};
    for (int i = 2; i < argc && i < 6; i++) a[i - 2] = atoi(argv[i]);
    if (argc == 2 && !strcmp(argv[1], "echo")) return run_echo();
    if (argc == 6 && !strcmp(argv[1], "relay")) return run_relay(a[0], a[1], a[2], a[3]);
    if (argc == 6 && !strcmp(argv[1], "gen")) return run_gen(a[0], a[1], a[2], a[3]);
    fprintf(stderr, "usage: tools echo | relay CALLS MEDIA GEN ECHO | gen CALLS GEN MEDIA SECONDS\n");
    return 2;
}
