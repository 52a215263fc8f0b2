// Everything that is measured, in the order of the table.

import Measuring

enum AllBenchmarks {
    static let list: [Benchmark] =
        EncodingBenchmarks.all + RequestBenchmarks.all + LoopBenchmarks.all + HubBenchmarks.all + SocketBenchmarks.all
        + JournalBenchmarks.all + LedgerBenchmarks.all + RunningBenchmarks.all
}
