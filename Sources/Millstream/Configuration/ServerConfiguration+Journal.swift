// Where jobs and events are kept, how safely and for how long. Plain values.

extension ServerConfiguration {
    /// The store.
    public struct Journal: Sendable, Hashable {
        public enum Store: String, Sendable, CaseIterable {
            /// A file in the data directory.
            case sqlite
            /// Nothing is kept over a restart.
            case memory
        }

        /// What a commit waits for.
        public enum Synchronous: String, Sendable, CaseIterable {
            /// The disk: an acknowledged job survives power loss.
            case full
            /// The operating system: an acknowledged job survives the server's death, not always the machine's.
            case normal
            case off
        }

        public var store = Store.sqlite
        public var synchronous = Synchronous.full
        /// Threads that read beside the writer, each with a connection of its own.
        public var readers = 2
        /// Of the file's pages, what the writer and each reader keeps in memory.
        public var cacheBytes = 4 << 20
        /// What the memory store holds, with the structures around it.
        public var memoryBytes = 1 << 30

        public init() {}
    }

    /// What is removed, and when. Nil: never for that reason.
    public struct Retention: Sendable, Hashable {
        public var eventsPerLog = 100_000
        public var bytesPerLog = 64 << 20
        public var eventAgeMs: Int?
        /// From a job's end to its removal.
        public var endedJobAgeMs: Int? = 7 * 86_400_000
        /// Ended jobs that are kept, the newest first.
        public var endedJobs: Int?
        /// From a channel's last event to its removal.
        public var channelIdleMs: Int? = 86_400_000

        public init() {}
    }
}
