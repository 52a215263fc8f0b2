import CLoad
import Glibc

/// Hears what a lane's requests were answered.
protocol LaneOwner: AnyObject {
    /// - Parameters:
    ///   - status: of the reply; 0 when the connection was lost before it was whole.
    ///   - body: valid during the call.
    func laneDidAnswer(_ tag: Int, planned: UInt64, status: Int, body: UnsafeBufferPointer<UInt8>, now: UInt64)
}

/// Keep-alive connections with one request under way on each. Engine's thread only. A connection that the server closes is opened
/// again at once; connecting waits, which on one machine takes microseconds.
final class RequestLane {
    private struct Connection {
        var fd: Int32 = -1
        var isBusy = false
        var tag = 0
        var planned: UInt64 = 0
        /// Bytes of the answer so far.
        var length = 0
        var answer: UnsafeMutablePointer<UInt8>
    }

    private static let maxAnswerBytes = 65_536
    private let target: ServerTarget
    private weak var owner: (any LaneOwner)?
    private let connections: UnsafeMutablePointer<Connection>
    private let count: Int
    private var idle: [Int] = []
    private let register: (Int32, Int) -> Int32
    private(set) var underWay = 0

    init(
        connections count: Int, target: ServerTarget, owner: any LaneOwner,
        register: @escaping (Int32, Int) -> Int32
    ) throws(LoadError) {
        self.target = target
        self.owner = owner
        self.count = count
        self.register = register
        connections = .allocate(capacity: count)
        for number in 0..<count {
            (connections + number).initialize(to: Connection(answer: .allocate(capacity: Self.maxAnswerBytes)))
        }
        for number in 0..<count {
            let error = connect(number)
            guard error == 0 else { throw .noServer("\(target.host):\(target.port)", error) }
        }
    }

    deinit {
        closeAll()
        for number in 0..<count { connections[number].answer.deallocate() }
        connections.deallocate()
    }

    func closeAll() {
        for number in 0..<count where connections[number].fd >= 0 {
            close(connections[number].fd)
            connections[number].fd = -1
        }
        idle.removeAll()
    }

    var hasIdle: Bool { !idle.isEmpty }

    /// Sends on an idle connection; there must be one.
    func send(_ bytes: Bytes, _ length: Int, tag: Int, planned: UInt64) {
        guard let number = idle.popLast() else { preconditionFailure("no idle connection") }
        let connection = connections + number
        connection.pointee.isBusy = true
        connection.pointee.tag = tag
        connection.pointee.planned = planned
        connection.pointee.length = 0
        underWay += 1
        var sent = 0
        while sent < length {
            let count = cload_send(connection.pointee.fd, bytes + sent, length - sent)
            if count > 0 {
                sent += count
            } else if count < 0, errno == EAGAIN {
                waitUntil(connection.pointee.fd, Int16(POLLOUT))
            } else {
                return lost(number)
            }
        }
    }

    func send(_ bytes: [UInt8], tag: Int, planned: UInt64) {
        bytes.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return }
            send(start, buffer.count, tag: tag, planned: planned)
        }
    }

    func isReady(_ number: Int, _ buffer: UnsafeMutablePointer<UInt8>, _ capacity: Int) {
        guard number < count, connections[number].fd >= 0 else { return }
        let connection = connections + number
        let room = Self.maxAnswerBytes - connection.pointee.length
        let received = cload_receive(connection.pointee.fd, connection.pointee.answer + connection.pointee.length, room)
        guard received > 0 else {
            if received < 0, errno == EAGAIN || errno == EINTR { return }
            return lost(number)
        }
        guard connection.pointee.isBusy else { return }
        connection.pointee.length += received
        let answer = Bytes(connection.pointee.answer)
        guard let head = ReplyHead(answer, connection.pointee.length),
            let body = wholeBody(head, answer, connection.pointee.length)
        else {
            if connection.pointee.length == Self.maxAnswerBytes { lost(number) }
            return
        }
        if head.closes { reconnect(number) } else { free(number) }
        owner?.laneDidAnswer(
            connection.pointee.tag, planned: connection.pointee.planned, status: head.status, body: body,
            now: cload_now_ns())
    }

    /// Nil while bytes are missing. A chunked body is given with its framing: nobody looks into one.
    private func wholeBody(_ head: ReplyHead, _ answer: Bytes, _ length: Int) -> UnsafeBufferPointer<UInt8>? {
        let start = answer + head.length
        let there = length - head.length
        if head.isChunked {
            return cload_find(start, there, "0\r\n\r\n", 5) == nil ? nil : .init(start: start, count: there)
        }
        let wanted = head.contentLength ?? 0
        return there < wanted ? nil : .init(start: start, count: wanted)
    }

    private func free(_ number: Int) {
        connections[number].isBusy = false
        underWay -= 1
        idle.append(number)
    }

    private func lost(_ number: Int) {
        let connection = connections[number]
        reconnect(number)
        guard connection.isBusy else { return }
        owner?.laneDidAnswer(
            connection.tag, planned: connection.planned, status: 0, body: .init(start: nil, count: 0),
            now: cload_now_ns())
    }

    private func reconnect(_ number: Int) {
        let connection = connections + number
        if connection.pointee.isBusy { underWay -= 1 } else { idle.removeAll { $0 == number } }
        connection.pointee.isBusy = false
        close(connection.pointee.fd)
        connection.pointee.fd = -1
        _ = connect(number)
    }

    /// 0, or the `errno`: the connection is then out of use.
    private func connect(_ number: Int) -> Int32 {
        let fd = cload_socket()
        guard fd >= 0 else { return errno }
        _ = cload_reset_on_close(fd)
        _ = cload_no_delay(fd)
        if cload_connect(fd, target.ip, target.port) < 0 {
            guard errno == EINPROGRESS else {
                let error = errno
                close(fd)
                return error
            }
            waitUntil(fd, Int16(POLLOUT))
        }
        let error = cload_socket_error(fd)
        guard error == 0, register(fd, number) == 0 else {
            close(fd)
            return error == 0 ? errno : error
        }
        connections[number].fd = fd
        idle.append(number)
        return 0
    }

    private func waitUntil(_ fd: Int32, _ events: Int16) {
        var descriptor = pollfd(fd: fd, events: events, revents: 0)
        poll(&descriptor, 1, 5000)
    }
}
