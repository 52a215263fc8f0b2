// What a request costs before anybody answers it: its head, its route.

import Measuring
@_spi(Benchmarks) import MillstreamHTTP
@_spi(Benchmarks) import MillstreamServer

enum RequestBenchmarks {
    static let all = [head, route]

    /// A browser's head with 15 fields.
    private static let head = Benchmark("head-parse", per: "head", operations: 5_000) {
        let parser = RequestHeadParser(maxTargetBytes: 8_192, maxHeaderFields: 100)
        let text = RequestText.stream
        return { meter in
            try meter.count {
                for _ in 0..<5_000 {
                    let parsed = try parser.parse(text, remote: .ipv4(address: 0x7F00_0001, port: 4_711))
                    blackHole(parsed.head.headers.count)
                }
            }
        }
    }

    private static let route = Benchmark("route", per: "path", operations: 10_000) {
        let path = Array("/v1/jobs/0193f2c4-8a51-7c3e-9b2d-4f5e6a7b8c9d/events".utf8)[...]
        return { meter in
            meter.count {
                for _ in 0..<10_000 { blackHole(Route(path: path) == nil ? 0 : 1) }
            }
        }
    }
}
