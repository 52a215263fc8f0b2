// Writes batches of events until it is killed, and says the number of each one on standard output once it is stored. For
// CrashTests: arguments are the journal's path and the number of the `synchronous` setting.

import Glibc
import MillstreamJSON
import MillstreamJournal
import MillstreamJournalSQLite

func write(_ store: SQLiteStore) throws -> Never {
    let time = Timestamp(milliseconds: 0)
    let epoch = Epoch("first")!
    var job =
        try store.job(JobID("crash")!)
        ?? JobRecord(
            ref: LogRef(1), id: JobID("crash")!, kind: "crash", input: StoredValue(.null), epoch: epoch, createdAt: time
        )
    var log = try store.channel("log") ?? ChannelRecord(ref: LogRef(2), name: "log", epoch: epoch, createdAt: time)
    while true {
        job.revision += 1
        let count = 1 + Int(job.revision) % 50
        var batch: [JournalMutation] = [job.revision == 1 ? .insertJob(job) : .updateJob(job)]
        for index in 0..<count {
            let data = JSONText.object { object in
                object.member("batch", job.revision)
                object.member("index", index)
                object.member("of", count)
            }
            log.lastSequence += 1
            log.logBytes += Int64(data.bytes.count)
            batch.append(
                .append(log.ref, EventRecord(sequence: log.lastSequence, name: "message", data: data, time: time), nil))
        }
        try store.commit(batch + [.putChannel(log)])
        let line = Array("\(job.revision)\n".utf8)
        guard Glibc.write(1, line, line.count) == line.count else { exit(1) }
        _ = try store.maintain()
    }
}

guard CommandLine.arguments.count == 3, let number = Int64(CommandLine.arguments[2]),
    let synchronous = Synchronous(rawValue: number)
else { exit(64) }
try write(SQLiteStore(path: CommandLine.arguments[1], synchronous: synchronous))
