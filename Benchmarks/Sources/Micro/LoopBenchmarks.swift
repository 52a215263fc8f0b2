// The way into the loop: mailbox and tick.

import Measuring
import MillstreamLoop

enum LoopBenchmarks {
    static let all = [burst, single]

    /// 256 messages wait when the loop looks: one wake-up for all of them.
    private static let burst = mailbox("mailbox-burst", ticks: 40, messages: 256)
    /// Each message finds the mailbox empty: the full price of a wake-up.
    private static let single = mailbox("mailbox-single", ticks: 2_000, messages: 1)

    private static func mailbox(_ name: String, ticks: Int, messages: Int) -> Benchmark {
        Benchmark(name, per: "message", operations: ticks * messages) {
            let loop = try EventLoop()
            let mailbox = try Mailbox<(Int, Int)>(capacity: 1_024)
            var sum = 0
            mailbox.attach(to: loop) { batch in
                for message in batch { sum &+= message.0 }
            }
            return { meter in
                sum = 0
                meter.count {
                    for _ in 0..<ticks {
                        for message in 0..<messages { mailbox.post((1, message)) }
                        loop.tick()
                    }
                }
                precondition(sum == ticks * messages, "every message arrives")
            }
        }
    }
}
