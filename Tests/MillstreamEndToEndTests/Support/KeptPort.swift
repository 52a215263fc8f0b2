// A port of 127.0.0.1 that nobody else is given: a program that a test kills and starts again finds it free.

import Foundation

/// Bound and never listening: a connection to it is refused, the system gives it to nobody who asks for any port, and a program that
/// sets SO_REUSEADDR, as servers do, can listen on it. Kept as long as this object.
final class KeptPort: Sendable {
    let number: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        number = UInt16(bigEndian: address.sin_port)
        guard result == 0 else { throw TestFailure("no free port: errno \(errno)") }
    }

    deinit {
        close(descriptor)
    }
}
