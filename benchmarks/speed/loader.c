// The clients of a measurement, in one thread: opens connections, reads what comes, and counts the events in it.
//
//   loader <port> <file with the request>
//
// "{n}" in the request stands for the number of the connection. What follows its blank line is sent when the first
// bytes of the answer have come. Each event has one MARK, and before it the time at which it was published. Commands
// come on the standard input, one a line; each is answered with one line of JSON:
//
//   connect <count>           opens connections; at most OPENING wait for their first byte at a time
//   stall <count>             the same, and reads nothing after the first bytes
//   collect <events> <quiet>  waits for events since the last answer, or until none has come for some milliseconds
//   close                     closes all connections
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MARK '~'
// Between the time of an event and its mark: `,"text":"`.
#define BEFORE_MARK 9
// Every so many connections is asked for delays.
#define SAMPLED 16
#define OPENING 128
#define MOST_CONNECTIONS 20000
#define MOST_DELAYS (1 << 20)
#define QUIET_CHECK 50

static struct { int fd; int isOpen; int isStalling; } connections[MOST_CONNECTIONS];
static char buffer[256 * 1024], request[16 * 1024];
static uint32_t delays[MOST_DELAYS];
static char *rest;
static size_t requestLength, headLength, delayCount, connectionCount, openCount, openingCount, wantedCount, lostCount;
static uint64_t marks, bytes, wantedMarks, lastEventAt;
static int port, poller, isStalling, quiet = -1;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000ull + time.tv_nsec / 1000;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void openConnection(void) {
  size_t id = connectionCount++;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  if (fd < 0) fail("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
  fcntl(fd, F_SETFL, O_NONBLOCK);
  static char text[17 * 1024];
  size_t length = 0;
  for (size_t at = 0; at < headLength;) {
    if (!strncmp(request + at, "{n}", 3)) length += sprintf(text + length, "%zu", id), at += 3;
    else text[length++] = request[at++];
  }
  if (write(fd, text, length) != (ssize_t)length) fail("write");
  connections[id].fd = fd;
  connections[id].isOpen = 0;
  connections[id].isStalling = isStalling;
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = id};
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  openingCount++;
}

static void openMore(void) {
  while (openingCount < OPENING && connectionCount < wantedCount) openConnection();
}

static void count(size_t id, const char *data, size_t size) {
  const char *end = data + size;
  for (const char *at = data; (at = memchr(at, MARK, end - at)); at++) {
    marks++;
    lastEventAt = now();
    if (id % SAMPLED || delayCount == MOST_DELAYS || at - data < BEFORE_MARK) continue;
    const char *digit = at - BEFORE_MARK;
    uint64_t published = 0, place = 1;
    while (digit > data && digit[-1] >= '0' && digit[-1] <= '9') published += place * (*--digit - '0'), place *= 10;
    delays[delayCount++] = now() - published;
  }
}

static void readConnection(size_t id) {
  ssize_t size = read(connections[id].fd, buffer, sizeof buffer);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0) {
    lostCount++;
    epoll_ctl(poller, EPOLL_CTL_DEL, connections[id].fd, NULL);
    return;
  }
  bytes += size;
  if (!connections[id].isOpen) {
    connections[id].isOpen = 1;
    openCount++;
    openingCount--;
    size_t length = requestLength - headLength;
    if (length && write(connections[id].fd, rest, length) != (ssize_t)length) fail("write");
  }
  if (connections[id].isStalling) epoll_ctl(poller, EPOLL_CTL_DEL, connections[id].fd, NULL);
  else count(id, buffer, size);
}

static int compare(const void *one, const void *other) {
  uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;
  return (a > b) - (a < b);
}

static void answer(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  qsort(delays, delayCount, sizeof *delays, compare);
  uint64_t cpu = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000ull;
  cpu += usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  printf("{\"open\":%zu,\"lost\":%zu,\"events\":%lu,\"bytes\":%lu,\"lastEventAt\":%lu,\"cpu\":%lu,"
         "\"p50\":%u,\"p99\":%u}\n",
         openCount, lostCount, marks, bytes, lastEventAt, cpu,
         delayCount ? delays[delayCount / 2] : 0, delayCount ? delays[delayCount * 99 / 100] : 0);
  fflush(stdout);
  marks = bytes = delayCount = 0;
}

static void closeAll(void) {
  for (size_t id = 0; id < connectionCount; id++) close(connections[id].fd);
  connectionCount = openCount = openingCount = wantedCount = 0;
}

// What the last command waits for; it is answered as soon as it is there.
static enum { NOTHING, CONNECTIONS, EVENTS } waiting = NOTHING;

static void command(char *line) {
  unsigned long number = 0;
  if (sscanf(line, "connect %lu", &number) == 1 || sscanf(line, "stall %lu", &number) == 1) {
    isStalling = line[0] == 's';
    wantedCount = connectionCount + number;
    if (wantedCount > MOST_CONNECTIONS) wantedCount = MOST_CONNECTIONS;
    waiting = CONNECTIONS;
    openMore();
  } else if (sscanf(line, "collect %lu %d", &wantedMarks, &quiet) == 2) {
    lastEventAt = now();
    waiting = EVENTS;
  } else {
    closeAll();
    answer();
  }
}

static int isDone(void) {
  switch (waiting) {
    case CONNECTIONS: return openCount + lostCount >= wantedCount;
    case EVENTS: return marks >= wantedMarks || now() - lastEventAt > quiet * 1000ull;
    default: return 0;
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  port = atoi(argv[1]);
  FILE *file = fopen(argv[2], "r");
  if (!file) fail(argv[2]);
  requestLength = fread(request, 1, sizeof request - 1, file);
  rest = strstr(request, "\r\n\r\n");
  if (!rest) return 2;
  rest += 4;
  headLength = rest - request;
  poller = epoll_create1(0);
  struct epoll_event input = {.events = EPOLLIN, .data.u64 = MOST_CONNECTIONS}, events[1024];
  epoll_ctl(poller, EPOLL_CTL_ADD, 0, &input);
  static char line[256];
  size_t lineLength = 0;
  for (;;) {
    int ready = epoll_wait(poller, events, 1024, waiting == EVENTS ? QUIET_CHECK : -1);
    for (int index = 0; index < ready; index++) {
      if (events[index].data.u64 != MOST_CONNECTIONS) {
        readConnection(events[index].data.u64);
        continue;
      }
      ssize_t size = read(0, line + lineLength, sizeof line - 1 - lineLength);
      if (size <= 0) return 0;
      line[lineLength += size] = 0;
      if (!strchr(line, '\n')) continue;
      lineLength = 0;
      command(line);
    }
    openMore();
    if (!isDone()) continue;
    waiting = NOTHING;
    answer();
  }
}
