import CLibevent
import MillstreamLoop

// Keeps libevent from reading our connections: the guard reads them itself. evhttp switches reading on and off with every
// request, which are two epoll_ctl(2) each time for input that it is not shown anyway. A bufferevent in a rate-limit group
// that has nothing left to give is suspended for reading whatever evhttp asks for; the group's debt is never paid back.
// Writing goes on as ever. Loop thread only.

final class SilencedReading {
    private let group: OpaquePointer
    /// The group's timer lives on its base.
    private let loop: EventLoop

    init(loop: EventLoop) throws(HTTPServerError) {
        // libevent refills a group at each tick of its own; one a day keeps its timer out of the way.
        var tick = timeval(tv_sec: 86_400, tv_usec: 0)
        // EV_RATE_LIMIT_MAX, a macro that Swift cannot import.
        let unlimited = Int.max
        guard let rates = ev_token_bucket_cfg_new(1, 1, unlimited, unlimited, &tick) else { throw .outOfResources }
        defer { ev_token_bucket_cfg_free(rates) }
        guard let group = bufferevent_rate_limit_group_new(loop.base, rates) else { throw .outOfResources }
        bufferevent_rate_limit_group_decrement_read(group, Int.max)
        self.group = group
        self.loop = loop
    }

    /// All members hold a reference to this object: there are none left.
    deinit {
        bufferevent_rate_limit_group_free(group)
    }

    func add(_ bufferevent: OpaquePointer) -> Bool {
        bufferevent_add_to_rate_limit_group(bufferevent, group) == 0
    }

    /// Before the member goes, which libevent does later than we do.
    func remove(_ bufferevent: OpaquePointer) {
        // Otherwise it would be registered for what it is enabled for.
        bufferevent_disable(bufferevent, Int16(EV_READ | EV_WRITE))
        bufferevent_remove_from_rate_limit_group(bufferevent)
    }
}
