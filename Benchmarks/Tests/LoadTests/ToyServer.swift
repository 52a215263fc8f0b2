import CLoad
import Foundation
import Glibc
import Load

/// A server in some lines, on a thread of its own: logs in memory, streams with cursors, jobs that have ended when they are created,
/// and faults on demand. Speaks what the dialects `peer` and `millstream` ask for. `@unchecked Sendable`: after `start` only its
/// thread touches it, but for the pipe that ends it.
final class ToyServer: @unchecked Sendable {
    enum Fault: Sendable { case none, skipsNumber, repeatsEvent, cutsJobStreams, refusesStreams }

    private struct Client {
        var input = ""
        var log: String?
        var sent = 0
    }

    let port: UInt16
    private let fault: Fault
    private let listener: Int32
    private var ends: [Int32] = [0, 0]
    private var clients: [Int32: Client] = [:]
    private var logs: [String: [String]] = [:]
    private var ended: Set<String> = []
    private var cutOnce: Set<String> = []
    private var jobs = 0
    private var thread = pthread_t()

    init(fault: Fault = .none) throws {
        self.fault = fault
        var port: UInt16 = 0
        listener = cload_listen(0x7F00_0001, &port, 128)
        self.port = port
        guard listener >= 0, pipe(&ends) == 0 else { throw CocoaError(.fileReadUnknown) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pthread_create(
            &thread, nil,
            { argument in
                if let argument { Unmanaged<ToyServer>.fromOpaque(argument).takeRetainedValue().serve() }
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
    }

    /// Waits until the thread has gone.
    func stop() {
        close(ends[1])
        pthread_join(thread, nil)
        close(ends[0])
        close(listener)
    }

    private func serve() {
        while true {
            var watched = [ends[0], listener] + clients.keys
            var descriptors = watched.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&descriptors, nfds_t(descriptors.count), -1)
            if descriptors[0].revents != 0 { break }
            if descriptors[1].revents != 0 { clients[cload_accept(listener)] = Client() }
            watched.removeFirst(2)
            for descriptor in descriptors.dropFirst(2) where descriptor.revents != 0 { read(descriptor.fd) }
        }
        for client in clients.keys { close(client) }
    }

    private func read(_ fd: Int32) {
        var buffer = [UInt8](repeating: 0, count: 8192)
        let count = cload_receive(fd, &buffer, buffer.count)
        guard count > 0 else {
            if count < 0, errno == EAGAIN { return }
            return drop(fd)
        }
        clients[fd]?.input += String(decoding: buffer.prefix(count), as: UTF8.self)
        guard let input = clients[fd]?.input, let end = input.range(of: "\r\n\r\n") else { return }
        let lines = input[..<end.lowerBound].components(separatedBy: "\r\n")
        let body = String(input[end.upperBound...])
        let length = field("Content-Length", lines).flatMap { Int($0) } ?? 0
        guard body.utf8.count >= length else { return }
        clients[fd]?.input = ""
        answer(fd, lines[0].components(separatedBy: " "), lines, body)
    }

    private func field(_ name: String, _ lines: [String]) -> String? {
        lines.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    private func answer(_ fd: Int32, _ words: [String], _ lines: [String], _ body: String) {
        let path = words[1]
        if words[0] == "GET" {
            let log =
                path.hasPrefix("/v1/jobs/")
                ? "job:" + path.dropFirst(9).dropLast(7)
                : path.hasPrefix("/events/") ? String(path.dropFirst(8)) : path.components(separatedBy: "channel=")[1]
            return begin(fd, log, after: field("Last-Event-ID", lines))
        }
        if path.hasPrefix("/pub/") {
            send(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            logs[String(path.dropFirst(5)), default: []].append("id: 1763:0\ndata: \(body)\n\n")
            flush()
        } else if path.hasPrefix("/publish") {
            send(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
            let query = URLComponents(string: path)?.queryItems ?? []
            func number(_ name: String) -> Int {
                query.first { $0.name == name }?.value.flatMap { Int(Double($0) ?? 0) } ?? 1
            }
            publish((0..<number("topics")).map { "\($0)" }, count: number("count"))
        } else {
            create(fd, body)
        }
    }

    private func create(_ fd: Int32, _ body: String) {
        let object = (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
        let input = object["input"] as? [String: Any] ?? [:]
        jobs += 1
        let id = "j\(jobs)"
        let reply = #"{"id":"\#(id)","kind":"\#(object["kind"] ?? "")"}"#
        send(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: \(reply.utf8.count)\r\n\r\n\(reply)")
        if let channel = input["channel"] as? String {
            let channels = input["channels"] as? Int ?? 1
            publish(
                channels == 1 ? [channel] : (0..<channels).map { "\(channel)-\($0)" },
                count: input["count"] as? Int ?? 0)
        }
        for _ in 0..<(input["steps"] as? Int ?? 0) { append("job:\(id)", "progress") }
        append("job:\(id)", "completed")
        ended.insert("job:\(id)")
    }

    private func publish(_ channels: [String], count: Int) {
        for number in 0..<count {
            append(channels[number % channels.count], "message")
            flush()
        }
    }

    private func append(_ log: String, _ name: String) {
        let number = logs[log, default: []].count + 1
        let shown = fault == .skipsNumber && number >= 3 ? number + 1 : number
        let event = "id: e1-\(shown)\nevent: \(name)\ndata: {\"t\":\(cload_now_ns())}\n\n"
        logs[log, default: []].append(fault == .repeatsEvent && number == 3 ? event + event : event)
    }

    private func begin(_ fd: Int32, _ log: String, after cursor: String?) {
        guard fault != .refusesStreams else {
            send(fd, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            return drop(fd)
        }
        send(fd, String(decoding: EventFrames.head, as: UTF8.self))
        send(fd, chunk("event: status\ndata: {}\n\n"))
        clients[fd]?.log = log
        clients[fd]?.sent = cursor.flatMap { Int($0.components(separatedBy: "-").last ?? "") } ?? 0
        if fault == .cutsJobStreams, log.hasPrefix("job:"), cutOnce.insert(log).inserted {
            if let first = logs[log]?.first { send(fd, chunk(first)) }
            return drop(fd)
        }
        flush(fd)
    }

    private func flush() { for fd in clients.keys { flush(fd) } }

    private func flush(_ fd: Int32) {
        guard let client = clients[fd], let log = client.log, let events = logs[log] else { return }
        for event in events.dropFirst(client.sent) { send(fd, chunk(event)) }
        clients[fd]?.sent = events.count
        guard ended.contains(log) else { return }
        send(fd, "0\r\n\r\n")
        drop(fd)
    }

    private func chunk(_ text: String) -> String {
        String(decoding: EventFrames.chunk(Array(text.utf8)), as: UTF8.self)
    }

    /// The amounts of a test fit into the kernel's buffers.
    private func send(_ fd: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        _ = cload_send(fd, bytes, bytes.count)
    }

    private func drop(_ fd: Int32) {
        close(fd)
        clients[fd] = nil
    }
}
