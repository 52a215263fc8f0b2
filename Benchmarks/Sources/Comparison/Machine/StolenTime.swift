import Foundation

/// What the host of a virtual machine took away: time in which a core of ours had work and did not run (proc(5), `steal`).
/// Latencies cannot be read without it.
package struct StolenTime: Sendable, Equatable {
    private let demanded: UInt64
    private let stolen: UInt64

    /// Of these cores since the machine began. Nil where the kernel does not tell.
    package init?(of cores: CoreSet, in statistics: String? = ProcessTable.text("/proc/stat")) {
        var demanded: UInt64 = 0
        var stolen: UInt64 = 0
        var found = 0
        for line in statistics?.split(separator: "\n") ?? [] {
            let fields = line.split(separator: " ")
            // cpuN user nice system idle iowait irq softirq steal …
            guard fields.count > 8, fields[0].hasPrefix("cpu"), let core = Int(fields[0].dropFirst(3)),
                cores.cores.contains(core)
            else { continue }
            let ticks = fields[1...8].map { UInt64($0) ?? 0 }
            found += 1
            stolen += ticks[7]
            demanded += ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7]
        }
        guard found == cores.cores.count else { return nil }
        self.demanded = demanded
        self.stolen = stolen
    }

    /// From 0 to 1, of the time that was asked for since `earlier`; nil when none was.
    package func share(since earlier: StolenTime) -> Double? {
        guard demanded > earlier.demanded, stolen >= earlier.stolen else { return nil }
        return Double(stolen - earlier.stolen) / Double(demanded - earlier.demanded)
    }
}
