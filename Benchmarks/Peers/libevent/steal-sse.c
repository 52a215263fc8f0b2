/* The same library as Millstream's, in C and without a log: evhttp accepts and parses, then the socket is taken away from it and
 * one struct event is left per stream. What is due for a topic in one turn of the loop leaves in one send(); a reader that lags gets
 * an output buffer, and is cut off when that holds a mebibyte. The best that was found before Millstream (overload: five times a
 * send() per event), so what a log, cursors and Swift cost on top can be read off beside it.
 */
#include "../common/peer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COALESCED_MAX = 32, LAG_BYTES_MAX = 1 << 20 };

struct frame {
    int references;
    size_t length;
    char bytes[];
};

struct stream {
    struct evhttp_request *request; /* until the socket is taken over */
    struct evbuffer *lag;           /* only while the reader lags, with `writable` */
    struct event *readable;
    struct event *writable;
    int fd;
    int topic;
    int place;
};

struct topic {
    struct stream **streams;
    int count;
    int capacity;
    long seq;
};

static struct topic topics[TOPICS_MAX];
static struct publisher publisher;
static struct event_base *base;
static struct event *tick;
static int placeholder; /* an open file that takes the old descriptor number */

static void subscribe(struct stream *stream)
{
    struct topic *topic = &topics[stream->topic];
    if (topic->count == topic->capacity) {
        topic->capacity = topic->capacity ? topic->capacity * 2 : 1;
        topic->streams = realloc(topic->streams, sizeof *topic->streams * (size_t)topic->capacity);
        if (!topic->streams)
            abort();
    }
    stream->place = topic->count;
    topic->streams[topic->count++] = stream;
}

static void unsubscribe(struct stream *stream)
{
    struct topic *topic = &topics[stream->topic];
    struct stream *last = topic->streams[--topic->count];
    topic->streams[stream->place] = last;
    last->place = stream->place;
}

static void release(const void *bytes, size_t count, void *argument)
{
    struct frame *frame = argument;
    (void)bytes;
    (void)count;
    if (--frame->references == 0)
        free(frame);
}

static void drop(struct stream *stream)
{
    unsubscribe(stream);
    if (stream->writable)
        event_free(stream->writable);
    if (stream->lag)
        evbuffer_free(stream->lag);
    event_free(stream->readable);
    close(stream->fd);
    free(stream);
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    char ignored[512];
    (void)what;
    ssize_t count = recv(fd, ignored, sizeof ignored, MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        drop(argument);
}

static void on_writable(evutil_socket_t fd, short what, void *argument)
{
    struct stream *stream = argument;
    (void)what;
    if (evbuffer_write(stream->lag, fd) < 0 && errno != EAGAIN && errno != EINTR) {
        drop(stream);
    } else if (evbuffer_get_length(stream->lag) == 0) {
        event_free(stream->writable);
        evbuffer_free(stream->lag);
        stream->writable = NULL;
        stream->lag = NULL;
    }
}

/* evhttp_connection_free() shuts its descriptor down: the socket is dup'ed first and another file put over the old number. */
static void take_over(evutil_socket_t none, short what, void *argument)
{
    struct stream *stream = argument;
    (void)none;
    (void)what;
    if (!stream->request) {
        free(stream);
        return;
    }
    struct evhttp_connection *connection = evhttp_request_get_connection(stream->request);
    bufferevent_disable(evhttp_connection_get_bufferevent(connection), EV_READ | EV_WRITE);
    int taken = fcntl(stream->fd, F_DUPFD_CLOEXEC, 0);
    dup2(placeholder, stream->fd);
    evhttp_connection_set_closecb(connection, NULL, NULL);
    evhttp_connection_free(connection);
    stream->request = NULL;
    stream->fd = taken;
    stream->readable = event_new(base, taken, EV_READ | EV_PERSIST, on_readable, stream);
    event_add(stream->readable, NULL);
    subscribe(stream);
}

/* The peer left between its request and the take-over, which then finds nothing to take. */
static void on_gone_early(struct evhttp_connection *connection, void *argument)
{
    (void)connection;
    ((struct stream *)argument)->request = NULL;
}

static void open_stream(struct evhttp_request *request)
{
    static const struct timeval now;
    struct evhttp_connection *connection = evhttp_request_get_connection(request);
    struct stream *stream = calloc(1, sizeof *stream);
    int one = 1;
    if (!stream)
        abort();
    stream->request = request;
    stream->topic = (int)((unsigned)atoi(evhttp_request_get_uri(request) + 8) % TOPICS_MAX);
    stream->fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
    evhttp_connection_set_closecb(connection, on_gone_early, stream);
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    send(stream->fd, STREAM_HEAD, sizeof STREAM_HEAD - 1, MSG_NOSIGNAL);
    /* Not from inside evhttp's own callback, which still touches the connection. */
    event_base_once(base, -1, EV_TIMEOUT, take_over, stream, &now);
}

static void deliver(struct stream *stream, struct frame *frame)
{
    size_t queued = stream->lag ? evbuffer_get_length(stream->lag) : 0, offset = 0;
    if (queued == 0) {
        ssize_t sent = send(stream->fd, frame->bytes, frame->length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent == (ssize_t)frame->length)
            return;
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return; /* on_readable() sees the error, too */
        offset = sent > 0 ? (size_t)sent : 0;
    } else if (queued > LAG_BYTES_MAX) {
        drop(stream);
        return;
    }
    if (!stream->lag) {
        stream->lag = evbuffer_new();
        stream->writable = event_new(base, stream->fd, EV_WRITE | EV_PERSIST, on_writable, stream);
        event_add(stream->writable, NULL);
    }
    frame->references++;
    evbuffer_add_reference(stream->lag, frame->bytes + offset, frame->length - offset, release, frame);
}

static void publish(int number, int events)
{
    struct topic *topic = &topics[number];
    struct frame *frame = malloc(sizeof *frame + (size_t)events * FRAME_BYTES_MAX);
    if (!frame)
        abort();
    frame->references = 1;
    frame->length = 0;
    for (int i = 0; i < events; i++)
        frame->length += write_frame(frame->bytes + frame->length, FRAME_BYTES_MAX, ++topic->seq, number,
                                     publisher.data_bytes);
    for (int i = topic->count - 1; i >= 0; i--)
        deliver(topic->streams[i], frame);
    release(NULL, 0, frame);
}

static void on_tick(evutil_socket_t none, short what, void *argument)
{
    struct timeval pause = {0, publisher.rate > 0 ? 1000 : 0};
    (void)none;
    (void)what;
    (void)argument;
    for (long due = publisher_due(&publisher); due > 0;) {
        int events = publisher.topics > 1 ? 1 : due > COALESCED_MAX ? COALESCED_MAX : (int)due;
        publish((int)(publisher.sent % publisher.topics), events);
        publisher.sent += events;
        due -= events;
    }
    if (publisher.sent >= publisher.count)
        publisher.active = 0;
    else
        event_add(tick, &pause);
}

static void on_request(struct evhttp_request *request, void *argument)
{
    static const struct timeval soon = {0, 1000};
    const char *target = evhttp_request_get_uri(request);
    (void)argument;
    if (strncmp(target, "/events/", 8) == 0) {
        open_stream(request);
    } else if (strncmp(target, "/publish", 8) == 0) {
        publisher_start(&publisher, target);
        evhttp_send_reply(request, 202, "Accepted", NULL);
        event_add(tick, &soon);
    } else {
        evhttp_send_error(request, 404, NULL);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: steal-sse PORT\n");
        return 64;
    }
    raise_descriptor_limit();
    placeholder = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    struct evhttp *http = evhttp_new(base);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct evconnlistener *listener =
        evconnlistener_new_bind(base, NULL, NULL, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE, 4096,
                                (struct sockaddr *)&address, sizeof address);
    if (!listener || !evhttp_bind_listener(http, listener)) {
        perror("listen");
        return 1;
    }
    evhttp_set_gencb(http, on_request, NULL);
    tick = evtimer_new(base, on_tick, NULL);
    event_base_dispatch(base);
}
