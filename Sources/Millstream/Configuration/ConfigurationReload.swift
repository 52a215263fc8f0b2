// What SIGHUP does to the configuration: read everything again, take what a running server may take, say what waits for
// a restart. Blocks on files, so never on the loop; one reload at a time.

import Logging
import MillstreamLoop

/// The configuration of a running server, and how it is read again.
public final class ConfigurationReload: Sendable {
    private let loader: ConfigurationLoader
    private let current: Locked<ServerConfiguration>
    private let output: ServerLog
    private let log: Logger

    /// - Parameters:
    ///   - loader: with the same file, environment and flags as at the start.
    ///   - current: what the server runs with.
    ///   - output: opened again by each reload, with its new settings.
    public init(loader: ConfigurationLoader, current: ServerConfiguration, output: ServerLog) {
        self.loader = loader
        self.current = Locked(current)
        self.output = output
        log = output.logger()
    }

    /// The configuration to run with from now on; nil when the files are faulty, and everything stays as it is. The log
    /// is opened again in any case: a rotation must not depend on an edit that is half done.
    public func next() -> ServerConfiguration? {
        do throws(ConfigurationFailure) {
            let loaded = try loader.load()
            for warning in loaded.warnings { log.warning("\(warning)") }
            return take(loaded.configuration)
        } catch {
            output.reconfigure(current.withLock { $0.log })
            for problem in error.problems { log.error("the configuration stays as it is: \(problem)") }
            return nil
        }
    }

    private func take(_ new: ServerConfiguration) -> ServerConfiguration {
        let (changes, adopted) = current.withLock { current in
            let changes = ConfigurationChanges(from: current, to: new)
            current = current.adoptingReloadable(of: new)
            return (changes, current)
        }
        output.reconfigure(adopted.log)
        for change in changes.reloadable { log.notice("changed \(change)") }
        for change in changes.needingRestart { log.warning("needs a restart: \(change)") }
        log.notice("reloaded")
        return adopted
    }
}
