// What all client commands share: which server, and how a failure ends the program.

import ArgumentParser
import Glibc

struct ServerOption: ParsableArguments {
    @Option(
        name: [.customShort("s"), .long],
        help: ArgumentHelp(
            "The server: http://HOST:PORT or unix:PATH.",
            discussion: "Default: MILLSTREAM_SERVER, or \(ServerAddress.fallback).", valueName: "url"))
    var server: String?

    /// Runs a command against the server: Ctrl-C ends its waits, a failure becomes a message and an exit status.
    func run(_ body: (MillstreamClient) throws(ClientFailure) -> Int32) throws {
        Interrupts.install()
        let status: Int32
        do throws(ClientFailure) {
            status = try body(MillstreamClient(address: address(), interrupt: Interrupts.descriptor))
        } catch {
            if error != .interrupted { Output.fail(error.description) }
            status = error.exitStatus
        }
        guard status == 0 else { throw ExitCode(status) }
    }

    private func address() throws(ClientFailure) -> ServerAddress {
        let text = server ?? getenv("MILLSTREAM_SERVER").map { String(cString: $0) } ?? ServerAddress.fallback
        guard let address = ServerAddress(text) else {
            throw .usage("'\(text)' is no server address: http://HOST:PORT (without TLS) or unix:PATH")
        }
        return address
    }
}
