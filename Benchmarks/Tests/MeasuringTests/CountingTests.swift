import Glibc
import Measuring
import Testing

@Suite struct CountingTests {
    private func counts(_ body: () -> Void) -> Counts {
        let meter = Meter()
        meter.count(body)
        return meter.read()
    }

    @Test func anArrayIsOneAllocation() {
        let counts = counts { blackHole([UInt8](repeating: 7, count: 1_000)) }
        #expect(counts.allocations == 1)
        #expect(counts.allocatedBytes >= 1_000)
        #expect(counts.frees == 1)
        #expect(counts.calls.isEmpty)
    }

    @Test func aWriteIsOneCallAndItsBytes() {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (input, output) = (ends[0], ends[1])
        let bytes: StaticString = "abc"
        let counts = counts { _ = write(output, bytes.utf8Start, 3) }
        close(input)
        close(output)
        #expect(counts.calls == ["write": 1])
        #expect(counts.kernelBytes == 3)
        #expect(counts.allocations == 0)
    }

    @Test func nothingIsCountedOutside() {
        let meter = Meter()
        blackHole([UInt8](repeating: 7, count: 1_000))
        meter.count {}
        blackHole([UInt8](repeating: 7, count: 1_000))
        #expect(meter.read() == Counts())
    }

    @Test func anotherThreadIsNotCounted() {
        let meter = Meter()
        meter.count {
            var thread = pthread_t()
            pthread_create(&thread, nil, { _ in UnsafeMutableRawPointer(malloc(99_999)) }, nil)
            var memory: UnsafeMutableRawPointer?
            pthread_join(thread, &memory)
            free(memory)
        }
        #expect(meter.read().allocatedBytes < 99_999)
        #expect(meter.read().frees >= 1)
    }

    @Test func aRunTakesTheMiddleOfItsRounds() throws {
        let benchmark = Benchmark("arrays", per: "array", operations: 10) {
            var round = 0
            return { meter in
                round += 1
                // The last round has one more, as when a table grows.
                let count = round == Benchmark.warmUpRounds + Benchmark.countedRounds ? 11 : 10
                meter.count {
                    for _ in 0..<count { blackHole([UInt8](repeating: 7, count: 100)) }
                }
            }
        }
        let measurement = try benchmark.run()
        #expect(measurement.cost.allocations == 1)
        #expect(!measurement.isSteady)
    }
}
